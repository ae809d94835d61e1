//! What nothing uses, what never ends, what nobody explained.

use super::{
  checker::Checker,
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::WorkerId,
  syntax::ast::Name,
};

impl Checker<'_> {
  pub fn check_hygiene(&mut self) {
    self.untimed_workers();
    if !self.findings.refuses() && !self.loaded.diagnostics.refuses() {
      self.unused_imports();
      self.unused_declarations();
    }
    self.undocumented();
  }

  /// A worker needs a timeout of its own, of its defaults, or at each of its calls. One that nothing calls may have had
  /// its timeout in a call that did not parse.
  fn untimed_workers(&mut self) {
    for at in 0..self.symbols.workers.len() {
      let id = WorkerId(u32::try_from(at).unwrap_or(u32::MAX));
      let own = self.worker_policies[at].timeout.is_some();
      let call = self.untimed.get(&id).copied();
      let unread = self.symbols.workers[at].it.settings.iter().any(|setting| {
        matches!(
          setting.kind,
          crate::syntax::ast::SettingKind::Broken | crate::syntax::ast::SettingKind::Unknown(_)
        )
      });
      if unread
        || match call {
          None => own || self.loaded.diagnostics.refuses(),
          Some(untimed) => untimed.is_none(),
        }
      {
        continue;
      }
      let name = &self.symbols.workers[at].it.name;
      let mut finding = Diagnostic::new(
        &codes::NO_TIMEOUT,
        format!("the worker `{}` has no timeout", name.value),
      )
      .label(name.span, "could run for ever")
      .help("give it one (`timeout 30s`), or give one to all workers of the module: `defaults { timeout 30s }`");
      if let Some(call) = call.flatten() {
        finding = finding.label(call, "called without one here");
      }
      self.say(finding);
    }
  }

  fn unused_imports(&mut self) {
    for module in 0..self.loaded.modules.len() {
      let mut unused: Vec<(String, crate::source::Span)> = Vec::new();
      for (name, _, entry) in self.symbols.imported(module) {
        let used = |space: Space| self.used_names.contains(&(module, space, name.to_owned()));
        let any = [Space::Callable, Space::Value, Space::Type, Space::Limit]
          .into_iter()
          .any(used);
        if !any && !entry.targets.contains(&Target::Broken) && !unused.iter().any(|(own, _)| own == name) {
          unused.push((name.to_owned(), entry.span));
        }
      }
      for (name, span) in unused {
        let finding = Diagnostic::new(&codes::UNUSED, format!("nothing uses the import `{name}`"))
          .label(span, "not used")
          .help("take it away");
        self.say(finding);
      }
    }
  }

  /// Of the root module only, and only if it has something that could use them: other modules are there to be imported.
  fn unused_declarations(&mut self) {
    if !self.symbols.orchestrators.iter().any(|declared| declared.module == 0) {
      return;
    }
    let mut unused: Vec<(&'static str, Name)> = Vec::new();
    let mut look = |what, target: Target, module: usize, name: &Name, used: &std::collections::HashSet<Target>| {
      if module == 0 && !used.contains(&target) && !name.value.starts_with('_') {
        unused.push((what, name.clone()));
      }
    };
    for (at, declared) in self.symbols.workers.iter().enumerate() {
      let id = WorkerId(u32::try_from(at).unwrap_or(u32::MAX));
      look(
        "worker",
        Target::Worker(id),
        declared.module,
        &declared.it.name,
        &self.used,
      );
    }
    for (at, declared) in self.symbols.lets.iter().enumerate() {
      let what = if declared.it.params.is_some() {
        "function"
      } else {
        "constant"
      };
      look(what, Target::Let(at), declared.module, &declared.it.name, &self.used);
    }
    for (at, declared) in self.symbols.types.iter().enumerate() {
      look(
        "type",
        Target::Type(at),
        declared.module,
        self.symbols.type_names[at],
        &self.used,
      );
    }
    for (at, declared) in self.symbols.limits.iter().enumerate() {
      let id = crate::hir::LimitId(u32::try_from(at).unwrap_or(u32::MAX));
      look(
        "limit",
        Target::Limit(id),
        declared.module,
        self.symbols.limit_names[at],
        &self.used,
      );
    }
    for (what, name) in unused {
      let finding = Diagnostic::new(&codes::UNUSED, format!("nothing uses the {what} `{}`", name.value))
        .label(name.span, "not used")
        .help("take it away, or begin its name with `_`");
      self.say(finding);
    }
  }

  fn undocumented(&mut self) {
    let contracts = self
      .symbols
      .contracts
      .iter()
      .map(|declared| ("contract", declared.item, &declared.it.name));
    let orchestrators = self
      .symbols
      .orchestrators
      .iter()
      .map(|declared| ("orchestrator", declared.item, &declared.it.name));
    let bare: Vec<Diagnostic> = contracts
      .chain(orchestrators)
      .filter(|(_, item, _)| item.doc.is_none())
      .map(|(what, _, name)| {
        Diagnostic::new(
          &codes::NO_DOC,
          format!("the {what} `{}` has no doc comment", name.value),
        )
        .label(name.span, "what is it for?")
        .help("write a line `/// ...` above it")
      })
      .collect();
    bare.into_iter().for_each(|finding| self.say(finding));
  }
}
