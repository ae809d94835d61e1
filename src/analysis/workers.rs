//! Workers: who they are, what runs, and what holds for every call of them.

use std::sync::Arc;

use super::{
  checker::Checker,
  habits,
  names::Body,
  policies::{POLICIES, Spot, WorkerPolicies},
};
use crate::{
  diagnostics::{Diagnostic, codes, nearest},
  hir::{
    self, Cwd, Expr, FieldPart, LocalId, MockAnswer, MockRule, MockWhen, ModuleId, Param, Process, ProcessProgram,
    Stdin, WorkerKind,
  },
  source::{Span, Spanned},
  syntax::ast::{self, RecordPart, Setting, SettingKind, Signature},
  types::{self, Field, RecordType, Type},
  value::FailureKind,
};

/// The settings of the language beside policies, for suggestions.
const SETTINGS: &[&str] = &["exec", "shell", "mock", "stdin", "cwd", "env", "expect", "output"];

/// Parameters that would change how a shell itself works.
const SHELL_NAMES: &[&str] = &["PATH", "HOME", "LANG", "IFS", "ENV"];

/// What a worker or orchestrator takes and gives.
pub struct Signed {
  pub contract: Option<Arc<str>>,
  pub params: Vec<Param>,
  pub input: Type,
  pub output: Type,
}

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
    let kind = body.worker_kind(declared.it, &signed);
    let mut policies = defaults.clone();
    policies.retry_at = None;
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
    }
    if let (true, Signature::Own { params, .. }) = (Body::sends_named_params(declared.it), &declared.it.signature) {
      body.unused_params(params.iter(), &signed.params);
    }
    self.program.workers.push(hir::Worker {
      name: name.value.as_str().into(),
      module: ModuleId(u32::try_from(module).unwrap_or(u32::MAX)),
      doc: declared.item.doc.clone(),
      span,
      contract: signed.contract,
      params: signed.params,
      input: signed.input,
      output: signed.output,
      kind: kind.unwrap_or(WorkerKind::Mock(Vec::new())),
      idempotent: policies.idempotent,
      concurrent: policies.concurrent.clone(),
      call,
    });
    self.worker_policies.push(policies);
  }
}

impl Body<'_, '_> {
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

  /// Binds the parameters of a signature.
  pub fn sign(&mut self, signature: &Signature) -> Signed {
    match signature {
      Signature::Own { params, output } => {
        let output = output
          .as_ref()
          .map_or(Type::Null, |ty| self.checker.type_of(self.module, ty));
        let params = self.params(params);
        let field = |param: &Param| {
          (
            param.name.clone(),
            Field {
              ty: param.ty.clone(),
              optional: false,
            },
          )
        };
        let fields = params.iter().map(field).collect();
        let input = Type::Record(Arc::new(RecordType { fields, open: false }));
        Signed {
          contract: None,
          params,
          input,
          output,
        }
      }
      Signature::Contract(reference) => match self.checker.contract(self.module, reference) {
        Some(sides) => {
          self.unsigned = sides.input == Type::Unknown;
          let params = self.contract_params(&sides.input, reference.span);
          Signed {
            contract: Some(sides.shown),
            params,
            input: sides.input,
            output: sides.output,
          }
        }
        None => {
          self.unsigned = true;
          Signed {
            contract: None,
            params: Vec::new(),
            input: Type::Unknown,
            output: Type::Unknown,
          }
        }
      },
    }
  }

  fn contract_params(&mut self, input: &Type, span: Span) -> Vec<Param> {
    let Some(record) = input.as_record().cloned() else {
      return Vec::new();
    };
    let mut params = Vec::new();
    for (name, field) in &record.fields {
      let local = self.bind(&Spanned::new(name.to_string(), span), field.read(), false);
      params.push(Param {
        name: name.clone(),
        local,
        ty: field.ty.clone(),
        optional: field.optional,
        default: None,
        span,
      });
    }
    params
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
          Some(WorkerKind::Mock(self.mock(rules, signed)))
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
    let finding = match nearest(&name.value, known()) {
      _ if let Some(help) = habits::setting(&name.value) => finding.help(help),
      Some(near) => finding.help(format!("there is `{near}`")),
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

  fn process_kind(&mut self, kind: &Setting, worker: &ast::Worker, signed: &Signed) -> Process {
    let program = match &kind.kind {
      SettingKind::Exec(argv) => ProcessProgram::Exec(self.argv(argv)),
      SettingKind::Shell(script) => {
        self.shell_params(&signed.params);
        ProcessProgram::Shell(script.value.as_str().into())
      }
      _ => ProcessProgram::Shell("".into()),
    };
    let mut made = Process {
      program,
      stdin: Stdin::Input,
      cwd: Cwd::Module,
      env: Vec::new(),
      expect: Arc::new([0..=0]),
      output: None,
      stdout: LocalId(u32::MAX),
      stderr: LocalId(u32::MAX),
      exit: LocalId(u32::MAX),
    };
    for setting in &worker.settings {
      match &setting.kind {
        SettingKind::Stdin(ast::Expr {
          kind: ast::ExprKind::Null,
          ..
        }) => made.stdin = Stdin::Nothing,
        SettingKind::Stdin(value) => made.stdin = Stdin::Expr(self.infer(value)),
        SettingKind::Cwd(value) => made.cwd = self.cwd(value),
        SettingKind::Env(parts) => made.env = self.env(parts),
        SettingKind::Expect(codes) => made.expect = self.expect_codes(codes),
        SettingKind::Output(value) => self.output(value, setting.keyword, signed, &mut made),
        _ => {}
      }
    }
    made
  }

  fn output(&mut self, value: &ast::Expr, keyword: Span, signed: &Signed, made: &mut Process) {
    let name = |word: &str| Spanned::new(word.to_owned(), keyword);
    let output = self.scoped(|inner| {
      made.stdout = inner.bind(&name("stdout"), Type::string(), false);
      made.stderr = inner.bind(&name("stderr"), Type::string(), false);
      made.exit = inner.bind(&name("exit"), Type::int_range(0, 255), false);
      inner.check_boundary(value, &signed.output, "the `output` of the worker")
    });
    made.output = Some(output);
  }

  fn cwd(&mut self, value: &ast::Expr) -> Cwd {
    match &value.kind {
      ast::ExprKind::Name(name) if name == "scratch" && self.find("scratch").is_none() => Cwd::Scratch,
      _ => Cwd::Expr(self.check(value, &Type::string(), "`cwd`")),
    }
  }

  /// The argument vector: scalars, and lists of them spliced in.
  fn argv(&mut self, value: &ast::Expr) -> Expr {
    let ast::ExprKind::List(parts) = &value.kind else {
      let list = self.infer(value);
      if matches!(value.kind, ast::ExprKind::String(_)) {
        self.say(
          Diagnostic::new(&codes::BAD_OPERAND, "`exec` takes a list")
            .label(value.span, format!("this is `{}`", list.ty))
            .help("write `exec [\"program\", \"argument\"]`; a whole command line is `shell \"\"\"...\"\"\"`"),
        );
        return super::expressions::broken(value.span);
      }
      let item = self.item_type(&list, "`exec` takes");
      self.scalars(&item, list.span);
      return list;
    };
    let mut lowered = Vec::new();
    for part in parts {
      match part {
        ast::ListPart::Item(value) => lowered.push(hir::ElementPart::Item(self.scalar(value, "an argument of `exec`"))),
        ast::ListPart::Spread(value) => {
          let list = self.infer(value);
          let item = self.item_type(&list, "`...` takes");
          self.scalars(&item, list.span);
          lowered.push(hir::ElementPart::Spread(list));
        }
      }
    }
    if lowered.is_empty() {
      self.say(Diagnostic::new(&codes::BAD_SETTING, "`exec` names no program").label(value.span, "empty"));
    }
    Expr {
      kind: hir::ExprKind::List(lowered),
      ty: Type::list(Type::string()),
      span: value.span,
    }
  }

  fn scalars(&mut self, item: &Type, span: Span) {
    if !item.is_scalar() {
      let finding = Diagnostic::new(
        &codes::BAD_OPERAND,
        "the arguments of `exec` are numbers, strings and booleans",
      )
      .label(span, format!("its items are `{item}`"));
      self.say(finding);
    }
  }

  fn shell_params(&mut self, params: &[Param]) {
    for param in params {
      let name = &*param.name;
      if SHELL_NAMES.contains(&name) || name.starts_with("ORCH_") || name.starts_with("LD_") {
        let finding = Diagnostic::new(
          &codes::BAD_SETTING,
          format!("`{name}` can't be a parameter of a `shell` worker"),
        )
        .label(param.span, "the shell needs this variable itself")
        .help("give it another name");
        self.say(finding);
      }
    }
  }

  fn env(&mut self, parts: &[RecordPart]) -> Vec<FieldPart> {
    let mut lowered = Vec::new();
    for part in parts {
      match part {
        RecordPart::Field { name, value } => {
          if name.value.starts_with("ORCH_") || name.value.contains(['=', '\0']) || name.value.is_empty() {
            let finding = Diagnostic::new(&codes::BAD_SETTING, format!("`{}` can't be set", name.value))
              .label(name.span, "not a variable of a worker's own");
            self.say(finding);
          }
          let value = self.infer(value);
          if !value.ty.without_null().is_scalar() {
            let finding = Diagnostic::new(
              &codes::BAD_OPERAND,
              "a variable is a number, string, boolean, time or duration",
            )
            .label(value.span, format!("this is `{}`", value.ty))
            .help("`json(x)` makes a text of any value; null leaves the variable out");
            self.say(finding);
          }
          lowered.push(FieldPart::Field(name.value.as_str().into(), value));
        }
        RecordPart::Spread(value) => {
          let value = self.infer(value);
          let fine = match value.ty.resolved() {
            Type::Map(of) => of.without_null().is_scalar(),
            Type::Record(record) => record.fields.values().all(|field| field.ty.without_null().is_scalar()),
            Type::Unknown => true,
            _ => false,
          };
          if !fine {
            let finding = Diagnostic::new(&codes::BAD_OPERAND, "`...` takes a map or record of scalars here")
              .label(value.span, format!("this is `{}`", value.ty));
            self.say(finding);
          }
          lowered.push(FieldPart::Spread(value));
        }
      }
    }
    lowered
  }

  fn expect_codes(&mut self, codes: &[Spanned<ast::ExitCodes>]) -> Arc<[std::ops::RangeInclusive<i32>]> {
    let mut ranges = Vec::new();
    for code in codes {
      let (first, last) = (code.value.first, code.value.last);
      if first < 0 || last > 255 || first > last {
        let finding = Diagnostic::new(&codes::BAD_SETTING, "an exit code is 0 to 255").label(code.span, "never seen");
        self.say(finding);
        continue;
      }
      ranges.push(i32::try_from(first).unwrap_or(0)..=i32::try_from(last).unwrap_or(255));
    }
    ranges.into()
  }

  fn mock(&mut self, rules: &[ast::MockRule], signed: &Signed) -> Vec<MockRule> {
    let mut lowered = Vec::new();
    let mut caught: Option<Span> = None;
    for rule in rules {
      if let Some(caught) = caught {
        let finding = Diagnostic::new(
          &codes::UNREACHABLE,
          "this rule can never be taken: `else` stands above it",
        )
        .label(rule.span, "never taken")
        .label(caught, "takes everything");
        self.say(finding);
      }
      let when = match &rule.when {
        ast::MockWhen::On(pattern) => MockWhen::On(self.infer(pattern)),
        ast::MockWhen::First(count) => MockWhen::First(self.check(count, &Type::int(), "the count of `first`")),
        ast::MockWhen::Else => {
          caught = Some(rule.span);
          MockWhen::Else
        }
      };
      let delay = rule
        .action
        .delay
        .as_ref()
        .map(|delay| self.check(delay, &Type::Duration, "`delay`"));
      let answer = self.mock_answer(&rule.action.answer, rule.span, signed);
      lowered.push(MockRule { when, delay, answer });
    }
    lowered
  }

  fn mock_answer(&mut self, answer: &ast::MockAnswer, span: Span, signed: &Signed) -> MockAnswer {
    match answer {
      ast::MockAnswer::Echo => {
        if !types::castable(&signed.input, &signed.output) {
          self
            .checker
            .mismatch(span, &signed.input, &signed.output, "the echo of the input");
        }
        MockAnswer::Echo
      }
      ast::MockAnswer::Return(value) => MockAnswer::Return(self.check(value, &signed.output, "the answer of the mock")),
      ast::MockAnswer::Hang => MockAnswer::Hang,
      ast::MockAnswer::Malformed => MockAnswer::Malformed,
      ast::MockAnswer::Fail { kind, code, message } => {
        let found = FailureKind::find(&kind.value);
        let message = message
          .as_ref()
          .map(|message| self.check(message, &Type::string(), "the message of `fail`"));
        if found.is_none() {
          let kinds = types::failure_kinds();
          let help = nearest(&kind.value, kinds).map_or_else(
            || format!("there are {}", kinds.join(", ")),
            |near| format!("there is `{near}`"),
          );
          let finding = Diagnostic::new(
            &codes::UNKNOWN_NAME,
            format!("there is no kind of failure `{}`", kind.value),
          )
          .label(kind.span, "not a kind")
          .help(help);
          self.say(finding);
        }
        let code = code.as_ref().map(|code| code.value);
        MockAnswer::Fail {
          kind: found.unwrap_or(FailureKind::Failed),
          code,
          message,
        }
      }
    }
  }
}
