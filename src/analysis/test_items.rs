//! Tests: lines from the top down, each reading what stands above it.

use std::collections::HashMap;

use super::{
  checker::Checker,
  names::Body,
  observations::Watch,
  symbols::{Space, Target, number},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, LocalId, ModuleId, TestLine, TestMock, TestRun},
  modules::Loaded,
  source::{Span, Spanned},
  syntax::ast::{self, TestLineKind, TestValue},
  types::{self, Type},
  value::parse_time,
};

/// All tests with their modules, in the order of [`hir::Program::tests`].
pub fn tests(loaded: &Loaded) -> impl Iterator<Item = (usize, &ast::Test)> {
  let modules = loaded.modules.iter().enumerate();
  modules.flat_map(|(module, read)| {
    read.ast.items.iter().filter_map(move |item| match &item.kind {
      ast::ItemKind::Test(test) => Some((module, test)),
      _ => None,
    })
  })
}

impl Checker<'_> {
  pub fn check_tests(&mut self) {
    let mut names: HashMap<(usize, &str), Span> = HashMap::new();
    let loaded = self.loaded;
    for (module, test) in tests(loaded) {
      let name = (module, test.name.value.as_str());
      if let Some(first) = names.get(&name) {
        let message = format!("there are two tests `{}`", test.name.value);
        let finding = Diagnostic::new(&codes::DUPLICATE, message)
          .label(test.name.span, "again here")
          .label(*first, "first here");
        self.say(finding.help("a test is called by its name: give one of them another"));
      }
      names.entry(name).or_insert(test.name.span);
      self.check_test(module, test);
    }
  }

  fn check_test(&mut self, module: usize, written: &ast::Test) {
    let mut body = Body::new(self, module);
    body.watch = Some(Watch::of(written));
    let mut test = hir::Test {
      name: written.name.value.as_str().into(),
      module: ModuleId(number(module)),
      span: written.name.span,
      mocks: Vec::new(),
      other_form: false,
      at: None,
      seed: None,
      lines: Vec::new(),
      observations: Vec::new(),
    };
    let mut settings = Settings::default();
    for line in &written.lines {
      body.test_line(line, &mut test, &mut settings);
    }
    body.unread_test_names(&test);
    test.observations = body.watch.take().map(|watch| watch.observations).unwrap_or_default();
    self.unused_mocks(&test);
    self.program.tests.push(test);
  }
}

/// Where the settings that stand once were given.
#[derive(Default)]
struct Settings {
  at: Option<Span>,
  seed: Option<Span>,
  profile: Option<Span>,
  constants: HashMap<usize, Span>,
  mocks: HashMap<hir::WorkerId, Span>,
}

impl Body<'_, '_> {
  fn test_line(&mut self, line: &ast::TestLine, test: &mut hir::Test, settings: &mut Settings) {
    match &line.kind {
      TestLineKind::Mock { worker, rules } => {
        test
          .mocks
          .extend(self.test_mock(worker, rules, line.span, &mut settings.mocks))
      }
      TestLineKind::At(text) => {
        self.set_once("at", line.span, &mut settings.at);
        test.at = self.wall_clock(text);
      }
      TestLineKind::Seed(seed) => {
        self.set_once("seed", line.span, &mut settings.seed);
        test.seed = self.seed(seed);
      }
      TestLineKind::Profile(name) => {
        self.set_once("profile", line.span, &mut settings.profile);
        self.checker.resolve(self.module, Space::Profile, name, "profile");
        test.other_form = true;
      }
      TestLineKind::Set { name, value } => {
        self.set_constant(name, value, settings);
        test.other_form = true;
      }
      TestLineKind::Given { name, value } => test.lines.extend(self.given_line(name.as_ref(), value, line.span)),
      TestLineKind::Wait(time) => {
        let time = self.time(time, "`wait`");
        test.lines.push(TestLine::Wait(time));
      }
      TestLineKind::Expect { condition, message } => {
        let line = self.expectation(condition, message.as_ref(), line.span);
        test.lines.push(line);
      }
      TestLineKind::Broken { names } => names.iter().for_each(|name| {
        self.bind(name, Type::Unknown, false);
      }),
    }
  }

  fn set_once(&mut self, word: &str, span: Span, first: &mut Option<Span>) {
    if let Some(first) = first {
      let finding = Diagnostic::new(&codes::DUPLICATE, format!("`{word}` is given twice"))
        .label(span, "again here")
        .label(*first, "first here");
      self.say(finding);
    }
    *first = Some(span);
  }

  /// `set name = e`
  fn set_constant(&mut self, name: &ast::Name, value: &ast::Expr, settings: &mut Settings) {
    let [target] = self.checker.resolve(self.module, Space::Value, name, "constant")[..] else {
      return;
    };
    let Target::Let(at) = target else { return };
    let mut first = settings.constants.insert(at, name.span);
    if first.is_some() {
      self.set_once(&format!("set {}", name.value), name.span, &mut first);
    }
    let wanted = self.checker.replaceable(at);
    let what = format!("what replaces `{}`", name.value);
    Body::new(self.checker, self.module).check(value, &wanted, &what);
  }

  fn wall_clock(&mut self, text: &Spanned<String>) -> Option<jiff::Timestamp> {
    let time = parse_time(&text.value);
    if time.is_none() {
      let finding = Diagnostic::new(&codes::BAD_SETTING, format!("`{}` is no time", text.value))
        .label(text.span, "not a time")
        .help("write it as `\"2026-11-20T09:00:00Z\"`");
      self.say(finding);
    }
    time
  }

  fn seed(&mut self, seed: &Spanned<i64>) -> Option<u64> {
    let number = u64::try_from(seed.value).ok();
    if number.is_none() {
      let finding = Diagnostic::new(&codes::BAD_SETTING, "a seed is not negative");
      self.say(finding.label(seed.span, "less than 0"));
    }
    number
  }

  fn test_mock(
    &mut self,
    name: &ast::Name,
    rules: &[ast::MockRule],
    span: Span,
    mocked: &mut HashMap<hir::WorkerId, Span>,
  ) -> Option<TestMock> {
    let worker = self.watched_worker(name, "mocked")?;
    if let Some(first) = mocked.insert(worker, name.span) {
      let finding = Diagnostic::new(&codes::DUPLICATE, format!("`{}` is mocked twice", name.value))
        .label(name.span, "again here")
        .label(first, "first here")
        .help("a mock holds for the whole test: write `mock w { rules }`, or `mock w in order [first, second]`");
      self.say(finding);
    }
    let rules = self.checker.mock_for(self.module, worker, rules);
    Some(TestMock { worker, rules, span })
  }

  fn given_line(&mut self, name: Option<&ast::Name>, value: &TestValue, span: Span) -> Option<TestLine> {
    if let ast::ExprKind::Call { callee, arguments } = &value.value.kind {
      match self.called_by_test(callee) {
        Some(Target::Orchestrator(id)) => {
          let arguments = self.orchestrator_arguments(callee, id, arguments);
          return Some(TestLine::Run(self.test_run(name, value, (id, arguments), span)));
        }
        Some(other @ (Target::Worker(_) | Target::Pattern(_))) => {
          self.no_run(callee, matches!(other, Target::Worker(_)));
          name.map(|name| self.bind_in_test(name, Type::Unknown));
          return None;
        }
        _ => {}
      }
    }
    self.value_line(name, value, span)
  }

  fn no_run(&mut self, callee: &ast::Name, worker: bool) {
    let name = &callee.value;
    let (what, help) = match worker {
      true => ("worker", format!("`orch test worker {name}` runs one worker alone")),
      false => ("pattern", "call it in an orchestrator, and run that".to_owned()),
    };
    let message = format!("a test runs orchestrators, and `{name}` is a {what}");
    let finding = Diagnostic::new(&codes::WRONG_KIND, message).label(callee.span, "called here");
    self.say(finding.help(help));
  }

  fn value_line(&mut self, name: Option<&ast::Name>, value: &TestValue, span: Span) -> Option<TestLine> {
    if let Some(place) = value.attempt {
      let finding = Diagnostic::new(&codes::MISPLACED_STEP, "`attempt` takes the failure of a run");
      self.say(
        finding
          .label(place, "there is no run here")
          .label(value.value.span, "not a call of an orchestrator"),
      );
    }
    if let Some(cancel) = &value.cancel {
      let finding = Diagnostic::new(&codes::MISPLACED_STEP, "`cancel after` cancels a run");
      self.say(finding.label(cancel.span, "there is no run here"));
    }
    let made = self.infer(&value.value);
    let Some(name) = name else {
      if !made.ty.is_unknown() {
        let finding =
          Diagnostic::new(&codes::UNUSED_STEP, "this line does nothing").label(span, "a value without a name");
        self.say(finding.help("`expect e` expects it to hold, `name = e` gives it a name"));
      }
      return None;
    };
    let local = self.bind_in_test(name, made.ty.clone());
    Some(TestLine::Value { local, value: made })
  }

  fn test_run(
    &mut self,
    name: Option<&ast::Name>,
    value: &TestValue,
    (orchestrator, arguments): (hir::OrchestratorId, Vec<hir::Expr>),
    span: Span,
  ) -> TestRun {
    let cancel = value.cancel.as_ref();
    let cancel = cancel.map(|after| self.time(after, "`cancel after`"));
    let output = self.checker.program.orchestrator(orchestrator).output.as_texts();
    let ty = match value.attempt {
      Some(_) if !output.is_unknown() => types::outcome(&output),
      _ => output,
    };
    let bound = name.map(|name| {
      let local = self.bind_in_test(name, ty);
      self.watch.iter_mut().for_each(|watch| watch.runs.push(local));
      (name.value.as_str().into(), local)
    });
    if let (None, Some(attempt)) = (name, value.attempt) {
      let finding = Diagnostic::new(&codes::IGNORED_FAILURES, "nothing looks at whether this run fails")
        .label(attempt, "its failure is taken here")
        .help("give it a name: `outcome = attempt ...`, and expect something of it; or leave `attempt` out");
      self.say(finding);
    }
    TestRun {
      name: bound,
      orchestrator,
      arguments,
      attempt: value.attempt.is_some(),
      cancel,
      span,
    }
  }

  /// A name from here on down.
  fn bind_in_test(&mut self, name: &ast::Name, ty: Type) -> LocalId {
    self
      .watch
      .iter_mut()
      .for_each(|watch| _ = watch.below.remove(name.value.as_str()));
    if super::observations::BARE.contains(&name.value.as_str()) {
      let message = format!("`{}` is what tests ask of their runs", name.value);
      let finding = Diagnostic::new(&codes::SHADOWED, message).label(name.span, "would hide it");
      self.say(finding.help("give it another name"));
    }
    self.bind(name, ty, false)
  }

  fn expectation(&mut self, condition: &ast::Expr, message: Option<&ast::Expr>, span: Span) -> TestLine {
    let message = message.map(|message| self.check(message, &Type::string(), "the message of `expect`"));
    let (condition, facts) = self.condition(condition, "what is expected");
    self.learn(&facts.holds);
    TestLine::Expect {
      condition,
      message,
      span,
    }
  }

  /// Says names of values and runs that no line reads.
  fn unread_test_names(&mut self, test: &hir::Test) {
    if self.checker.loaded.diagnostics.refuses() {
      return;
    }
    for line in &test.lines {
      let (local, run) = match line {
        TestLine::Value { local, .. } => (*local, None),
        TestLine::Run(run) => match &run.name {
          Some((_, local)) => (*local, Some(run)),
          None => continue,
        },
        _ => continue,
      };
      let read = self.reads.get(&local).is_some_and(|reads| reads.all > 0);
      let Some((name, place)) = self.bound(local).filter(|(name, _)| !read && !name.starts_with('_')) else {
        continue;
      };
      let finding = match run {
        Some(run) if run.attempt => Diagnostic::new(
          &codes::IGNORED_FAILURES,
          format!("nothing looks at the outcome `{name}`"),
        )
        .help(format!("expect something of it: `expect not {name}.ok`")),
        Some(_) => Diagnostic::new(&codes::UNUSED_STEP, format!("nothing reads `{name}`"))
          .help("a run needs no name: leave it away"),
        None => Diagnostic::new(&codes::UNUSED_STEP, format!("nothing reads `{name}`")).help("take it away"),
      };
      self.say(finding.label(place, "not used"));
    }
  }
}
