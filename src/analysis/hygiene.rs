//! What nothing uses, what never ends, what nobody explained.

use super::{
  checker::Checker,
  mends,
  symbols::{Space, Target, number},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{LimitId, PoolId, WorkerId},
  syntax::ast::{Name, SettingKind},
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
      let id = WorkerId(number(at));
      let own = self.worker_policies[at].timeout.is_some();
      let call = self.untimed.get(&id).copied();
      let unread = self.symbols.workers[at]
        .it
        .settings
        .iter()
        .any(|setting| matches!(setting.kind, SettingKind::Broken | SettingKind::Unknown(_)));
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
        let any = Space::ALL.into_iter().any(used);
        if !any && !entry.targets.contains(&Target::Broken) && !unused.iter().any(|(own, _)| own == name) {
          unused.push((name.to_owned(), entry.span));
        }
      }
      for (name, span) in unused {
        let finding = Diagnostic::new(&codes::UNUSED, format!("nothing uses the import `{name}`"))
          .label(span, "not used")
          .help("take it away");
        let finding = match mends::no_import(self.loaded, module, span) {
          Some(fix) => finding.fix(fix),
          None => finding,
        };
        self.say(finding);
      }
    }
  }

  /// Of the root module only, and only if it has something that could use them: other modules are there to be imported.
  fn unused_declarations(&mut self) {
    if !self.symbols.orchestrators.iter().any(|declared| declared.module == 0) {
      return;
    }
    let unused = self
      .declarations()
      .filter(|(_, target, module, name)| *module == 0 && !self.used.contains(target) && !name.value.starts_with('_'));
    let unused: Vec<(&str, Name)> = unused.map(|(what, _, _, name)| (what, name.clone())).collect();
    for (what, name) in unused {
      let finding = Diagnostic::new(&codes::UNUSED, format!("nothing uses the {what} `{}`", name.value))
        .label(name.span, "not used")
        .help("take it away, or begin its name with `_`");
      self.say(finding);
    }
  }

  /// What something else could use, with its word, its module and its name.
  fn declarations(&self) -> impl Iterator<Item = (&'static str, Target, usize, &Name)> {
    let symbols = &self.symbols;
    let workers = symbols.workers.iter().enumerate().map(|(at, declared)| {
      let target = Target::Worker(WorkerId(number(at)));
      ("worker", target, declared.module, &declared.it.name)
    });
    let lets = symbols.lets.iter().enumerate().map(|(at, declared)| {
      let function = declared.it.params.is_some();
      let what = if function { "function" } else { "constant" };
      (what, Target::Let(at), declared.module, &declared.it.name)
    });
    let types = symbols.types.iter().zip(&symbols.type_names).enumerate();
    let types = types.map(|(at, (declared, name))| ("type", Target::Type(at), declared.module, *name));
    let limits = symbols.limits.iter().zip(&symbols.limit_names).enumerate();
    let limits = limits.map(|(at, (declared, name))| {
      let target = Target::Limit(LimitId(number(at)));
      ("limit", target, declared.module, *name)
    });
    let pools = symbols.pools.iter().zip(&symbols.pool_names).enumerate();
    let pools = pools.map(|(at, (declared, name))| {
      let target = Target::Pool(PoolId(number(at)));
      ("pool", target, declared.module, *name)
    });
    let groups = symbols.groups.iter().zip(&symbols.group_names).enumerate();
    let groups = groups.map(|(at, (declared, name))| ("group", Target::Group(at), declared.module, *name));
    let secrets = symbols.secrets.iter().zip(&symbols.secret_names).enumerate();
    let secrets = secrets.map(|(at, (declared, name))| ("secret", Target::Secret(at), declared.module, *name));
    let callable = workers.chain(lets).chain(types);
    callable.chain(limits).chain(pools).chain(groups).chain(secrets)
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
