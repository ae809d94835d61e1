//! Workers: who they are, what runs, and what holds for every call of them.

use super::{
  checker::Checker,
  habits, mends,
  names::Body,
  policies::{Spot, WorkerPolicies},
  signatures::Signed,
  symbols::number,
};
use crate::{
  diagnostics::{Diagnostic, codes, near},
  hir::{self, ModuleId, WorkerKind},
  source::Span,
  syntax::{
    POLICIES,
    ast::{self, Setting, SettingKind, Signature},
  },
  types,
};

/// The settings of the language beside policies, for suggestions.
pub const SETTINGS: &[&str] = &[
  "exec", "shell", "mock", "stdin", "cwd", "env", "expect", "output", "uses", "permit",
];

impl Checker<'_> {
  pub fn check_workers(&mut self) {
    let defaults: Vec<WorkerPolicies> = (0..self.loaded.modules.len())
      .map(|module| self.defaults_of(module))
      .collect();
    for at in 0..self.symbols.workers.len() {
      let module = self.symbols.workers[at].module;
      self.check_worker(at, &defaults[module]);
    }
  }

  fn defaults_of(&mut self, module: usize) -> WorkerPolicies {
    let mut policies = WorkerPolicies::default();
    let mut first: Option<Span> = None;
    for item in &self.loaded.modules[module].ast.items {
      if let ast::ItemKind::Defaults {
        keyword,
        name: None,
        policies: written,
      } = &item.kind
      {
        if let Some(first) = first {
          let finding = Diagnostic::new(&codes::DUPLICATE, "`defaults` is given twice")
            .label(*keyword, "again here")
            .label(first, "first here");
          self.say(finding);
          continue;
        }
        first = Some(*keyword);
        let mut body = Body::new(self, module);
        body.apply_policies(super::policies::written(written), Spot::Defaults, &mut policies);
      }
    }
    policies
  }

  fn check_worker(&mut self, at: usize, defaults: &WorkerPolicies) {
    let declared = self.symbols.workers[at];
    let name = &declared.it.name;
    let module = declared.module;
    let mut body = Body::new(self, module);
    let signed = body.sign(&declared.it.signature);
    let span = name.span;
    let call = body.bind_word("call", types::worker_call(), span);
    if !declared
      .it
      .settings
      .iter()
      .any(|setting| matches!(setting.kind, SettingKind::Mock(_)))
    {
      body.see_paths(&signed.params);
    }
    let kind = body.worker_kind(declared.it, &signed);
    let mut policies = defaults.clone();
    policies.retry_at = None;
    policies.hedge_at = None;
    if matches!(kind, Some(WorkerKind::Mock(_))) {
      policies.idempotent = true;
    }
    let written = declared.it.settings.iter().filter_map(|setting| match &setting.kind {
      SettingKind::Policy(kind) => Some((kind, setting.span)),
      _ => None,
    });
    body.apply_policies(written, Spot::Worker, &mut policies);
    if !policies.idempotent {
      match policies.retry_at {
        None => policies.retry = None,
        Some(retry) => body.retry_unsafe(&name.value, retry, span),
      }
      match policies.hedge_at {
        None => policies.hedge = None,
        Some(hedge) => body.hedge_unsafe(&name.value, hedge, span),
      }
    }
    body.never_in_time(&policies, hir::Place::Worker);
    let uses = body.uses(&declared.it.settings);
    if let (true, Signature::Own { params, .. }) = (Body::sends_named_params(declared.it), &declared.it.signature) {
      body.unused_params(params.iter(), &signed.params);
    }
    self.program.workers.push(hir::Worker {
      name: name.value.as_str().into(),
      module: ModuleId(number(module)),
      doc: declared.item.doc.clone(),
      span,
      contract: signed.contract,
      params: signed.params,
      input: signed.input,
      output: signed.output,
      kind: kind.unwrap_or(WorkerKind::Mock(Vec::new())),
      idempotent: policies.idempotent,
      concurrent: policies.concurrent.clone(),
      breaker: policies.breaker.clone(),
      heartbeat: policies.heartbeat.as_ref().map(|heartbeat| heartbeat.value.clone()),
      ceiling: policies.ceiling.clone(),
      uses,
      policies: policies.of_call(),
      deadline: policies.deadline.clone(),
      delay: policies.delay.clone(),
      call,
    });
    self.worker_policies.push(policies);
  }
}

impl Checker<'_> {
  /// Remembers that something calls a worker, and the first place where no timeout holds.
  pub fn called(&mut self, worker: hir::WorkerId, untimed: bool, span: Span) {
    let known = self.untimed.entry(worker).or_insert(None);
    if untimed && known.is_none() {
      *known = Some(span);
    }
  }
}

impl Body<'_, '_> {
  /// A process sees a file as the path of its private copy.
  fn see_paths(&mut self, params: &[hir::Param]) {
    for param in params.iter().filter(|param| param.ty.has_files()) {
      let seen = param.ty.with_paths();
      let ty = if param.optional { seen.optional() } else { seen };
      self.set_type(&param.name, &ty);
    }
  }

  pub fn retry_unsafe(&mut self, worker: &str, retry: Span, declared: Span) {
    let finding = Diagnostic::new(
      &codes::RETRY_UNSAFE,
      format!("`{worker}` is retried and is not `idempotent`"),
    )
    .label(retry, "could do its work twice")
    .label(declared, "declared here")
    .help("if doing it twice is harmless, say `idempotent` in the worker; else leave the retry out");
    self.say(finding);
  }

  /// An `exec` with a `stdin` of its own sends a parameter only where it names it; every other worker is sent all.
  fn sends_named_params(worker: &ast::Worker) -> bool {
    let own = |kind: fn(&SettingKind) -> bool| worker.settings.iter().any(|setting| kind(&setting.kind));
    own(|kind| matches!(kind, SettingKind::Exec(_)))
      && own(|kind| matches!(kind, SettingKind::Stdin(_)))
      && !own(|kind| matches!(kind, SettingKind::Broken | SettingKind::Unknown(_)))
  }

  fn worker_kind(&mut self, worker: &ast::Worker, signed: &Signed) -> Option<WorkerKind> {
    let kinds: Vec<&Setting> = worker
      .settings
      .iter()
      .filter(|setting| {
        matches!(
          setting.kind,
          SettingKind::Exec(_) | SettingKind::Shell(_) | SettingKind::Mock(_)
        )
      })
      .collect();
    self.duplicate_settings(&worker.settings);
    let unread = worker
      .settings
      .iter()
      .any(|setting| matches!(setting.kind, SettingKind::Broken | SettingKind::Unknown(_)));
    match kinds[..] {
      [one] => match &one.kind {
        SettingKind::Mock(rules) => {
          self.process_settings_of_mock(&worker.settings);
          Some(WorkerKind::Mock(self.mock(rules, &signed.input, &signed.output)))
        }
        _ => Some(WorkerKind::Process(self.process_kind(one, worker, signed))),
      },
      [] => {
        if !unread {
          let finding = Diagnostic::new(
            &codes::WORKER_KIND,
            format!("the worker `{}` does not say what runs", worker.name.value),
          )
          .label(worker.name.span, "no kind")
          .help("give it one of `exec [...]`, `shell \"\"\"...\"\"\"`, `mock ...`");
          self.say(finding);
        }
        None
      }
      [first, second, ..] => {
        let finding = Diagnostic::new(
          &codes::WORKER_KIND,
          format!("the worker `{}` has two kinds", worker.name.value),
        )
        .label(second.keyword, "a second one")
        .label(first.keyword, "the first")
        .help("one worker does one thing: make two of it");
        self.say(finding);
        None
      }
    }
  }

  fn duplicate_settings(&mut self, settings: &[Setting]) {
    let word = |setting: &Setting| match &setting.kind {
      SettingKind::Stdin(_) => Some("stdin"),
      SettingKind::Cwd(_) => Some("cwd"),
      SettingKind::Env(_) => Some("env"),
      SettingKind::Expect(_) => Some("expect"),
      SettingKind::Output(_) => Some("output"),
      SettingKind::Uses(_) => Some("uses"),
      SettingKind::Permit(_) => Some("permit"),
      _ => None,
    };
    let mut seen: Vec<(&str, Span)> = Vec::new();
    for setting in settings {
      if let SettingKind::Unknown(name) = &setting.kind {
        self.unknown_setting(name);
      }
      let Some(word) = word(setting) else { continue };
      if let Some((_, first)) = seen.iter().find(|(own, _)| *own == word) {
        let finding = Diagnostic::new(&codes::DUPLICATE, format!("`{word}` is given twice"))
          .label(setting.keyword, "again here")
          .label(*first, "first here");
        self.say(finding);
      }
      seen.push((word, setting.keyword));
    }
  }

  fn unknown_setting(&mut self, name: &ast::Name) {
    let finding = Diagnostic::new(&codes::UNKNOWN_SETTING, format!("there is no setting `{}`", name.value))
      .label(name.span, "not a setting");
    let known = || {
      SETTINGS
        .iter()
        .chain(POLICIES)
        .copied()
        .filter(|word| *word != "collect")
    };
    let finding = match near(&name.value, known()) {
      _ if let Some(habit) = habits::setting(&name.value) => habit.told(finding, name.span),
      _ if let Some(apart) = mends::apart(&name.value, known()) => mends::blank(finding, name.span, &apart),
      Some(near) => finding.meant(name.span, near),
      None => finding.help(format!(
        "there are {}",
        known().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
      )),
    };
    self.say(finding);
  }

  fn process_settings_of_mock(&mut self, settings: &[Setting]) {
    for setting in settings {
      let word = match &setting.kind {
        SettingKind::Stdin(_) => "stdin",
        SettingKind::Cwd(_) => "cwd",
        SettingKind::Env(_) => "env",
        SettingKind::Expect(_) => "expect",
        SettingKind::Output(_) => "output",
        SettingKind::Uses(_) => "uses",
        SettingKind::Permit(_) => "permit",
        _ => continue,
      };
      let finding = Diagnostic::new(
        &codes::BAD_SETTING,
        format!("`{word}` is a setting of `exec` and `shell`"),
      )
      .label(setting.keyword, "a mock has no process");
      self.say(finding);
    }
  }
}
