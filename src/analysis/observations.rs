//! What tests ask of their runs: `calls(w)`, `elapsed` and their like. Each becomes a name whose value is known once the
//! runs above it are over.

use std::{
  collections::{HashMap, HashSet},
  sync::Arc,
};

use super::{
  checker::Checker,
  expressions::broken,
  names::Body,
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{
    self, Expr, ExprKind, LocalId, MockRule, NodeKind, Observation, Observed, OrchestratorId, Subject, Visit, WorkerId,
  },
  source::Span,
  syntax::ast::{self, Argument, Name, StringPart, TestLineKind},
  types::{self, IntRange, Type},
};

/// Those that may stand without parentheses.
pub const BARE: [&str; 2] = ["elapsed", "peak"];
const WORDS: [&str; 7] = ["calls", "dispatched", "elapsed", "inputs", "order", "peak", "started"];

/// What is known of the test around.
pub struct Watch {
  pub observations: Vec<Observation>,
  /// Names of runs above.
  pub runs: Vec<LocalId>,
  /// Names of lines that were not reached yet, with their places.
  pub below: HashMap<String, Span>,
}

impl Watch {
  pub fn of(test: &ast::Test) -> Watch {
    let names = test.lines.iter().filter_map(|line| match &line.kind {
      TestLineKind::Given { name, .. } => name.as_ref(),
      _ => None,
    });
    Watch {
      observations: Vec::new(),
      runs: Vec::new(),
      below: names.map(|name| (name.value.clone(), name.span)).collect(),
    }
  }
}

/// A worker's input as a test sees it: files as texts, secrets by their names.
fn seen(input: &Type) -> Type {
  let Some(record) = input.as_record() else {
    return input.clone();
  };
  let mut record = record.clone();
  for field in record.fields.values_mut() {
    field.ty = match field.ty.resolved() {
      Type::Secret => Type::string(),
      ty => ty.as_texts(),
    };
  }
  Type::Record(Arc::new(record))
}

impl Checker<'_> {
  /// The rules of a test's mock: they read what the worker's own settings could.
  pub fn mock_for(&mut self, module: usize, id: WorkerId, rules: &[ast::MockRule]) -> Vec<MockRule> {
    let worker = &mut self.program.workers[id.0 as usize];
    let params = std::mem::take(&mut worker.params);
    let (input, output, call, span) = (worker.input.clone(), worker.output.clone(), worker.call, worker.span);
    let mut body = Body::new(self, module);
    body.resume(&params);
    body.resume_word("call", call, types::worker_call(), span);
    body.unsigned = input == Type::Unknown;
    let rules = body.mock(rules, &input, &output);
    self.program.workers[id.0 as usize].params = params;
    rules
  }

  /// Mocks of workers that no run of the test can call.
  pub fn unused_mocks(&mut self, test: &hir::Test) {
    if test.other_form || self.findings.refuses() || self.loaded.diagnostics.refuses() {
      return;
    }
    let runs = test.lines.iter().filter_map(|line| match line {
      hir::TestLine::Run(run) => Some(run.orchestrator),
      _ => None,
    });
    let reached = self.reachable(runs.collect());
    for mock in test.mocks.iter().filter(|mock| !reached.contains(&mock.worker)) {
      let name = self.program.worker(mock.worker).name.clone();
      let finding = Diagnostic::new(&codes::UNUSED_MOCK, format!("no run of this test can call `{name}`"))
        .label(mock.span, "never asked")
        .help("take the mock away, or run an orchestrator that calls the worker");
      self.say(finding);
    }
  }

  /// The workers that orchestrators call, directly or through others.
  fn reachable(&self, mut open: Vec<OrchestratorId>) -> HashSet<WorkerId> {
    let mut workers = HashSet::new();
    let mut seen = HashSet::new();
    while let Some(id) = open.pop() {
      if !seen.insert(id) {
        continue;
      }
      let orchestrator = self.program.orchestrator(id);
      orchestrator.visit_all(&mut |node| self.reached_from(node, &mut workers, &mut open));
    }
    workers
  }

  fn reached_from(&self, node: &hir::Node, workers: &mut HashSet<WorkerId>, open: &mut Vec<OrchestratorId>) {
    match &node.kind {
      NodeKind::Work(call) => drop(workers.insert(call.target)),
      NodeKind::Orchestrate(call) => open.push(call.target),
      NodeKind::RunPlan(run) => {
        let members = &self.program.pool(run.pool).members;
        members
          .iter()
          .for_each(|member| self.reached_from(&member.call, workers, open));
      }
      _ => {}
    }
  }
}

impl Body<'_, '_> {
  /// What a line of a test calls.
  pub fn called_by_test(&mut self, name: &Name) -> Option<Target> {
    match self
      .checker
      .lookup(self.module, Space::Callable, &name.value, name.span)?[..]
    {
      [target] => Some(target),
      _ => None,
    }
  }

  /// A worker that a test names. Naming it there is no use of it.
  pub fn watched_worker(&mut self, name: &Name, how: &str) -> Option<WorkerId> {
    let found = self.checker.symbols.find(self.module, Space::Callable, &name.value);
    let Some(entry) = found else {
      self.checker.resolve(self.module, Space::Callable, name, "worker");
      return None;
    };
    let targets = entry.targets.clone();
    let given = self.checker.symbols.given(entry);
    self.marked(name.span, given);
    let used = (self.module, Space::Callable, name.value.clone());
    self.checker.used_names.insert(used);
    match targets[..] {
      [Target::Worker(id)] => Some(id),
      [Target::Broken] => None,
      _ => {
        let finding = Diagnostic::new(&codes::WRONG_KIND, format!("`{}` is not a worker", name.value))
          .label(name.span, format!("only workers are {how}"));
        self.say(finding);
        None
      }
    }
  }

  /// `calls(w)` and its like, in a test; `None` where it is none.
  pub fn observation(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Option<Expr> {
    if self.watch.is_none() || !WORDS.contains(&name.value.as_str()) {
      return None;
    }
    self.not_hidden(name, Space::Callable);
    let asked = match name.value.as_str() {
      "elapsed" => Some((Observed::Elapsed, arguments)),
      "dispatched" => self.dispatched(name, arguments),
      "order" => self.order(name, arguments).map(|what| (what, &[][..])),
      "peak" if arguments.is_empty() => Some((Observed::Peak(None), arguments)),
      word => self.about(word, name, arguments),
    };
    let asked = asked.and_then(|(what, rest)| Some((what, self.run_of(name, rest)?)));
    Some(asked.map_or_else(|| broken(span), |(what, run)| self.observe(what, run, span)))
  }

  /// `elapsed` and `peak` alone.
  pub fn bare_observation(&mut self, word: &str, span: Span) -> Option<Expr> {
    let what = match word {
      _ if self.watch.is_none() => return None,
      "elapsed" => Observed::Elapsed,
      "peak" => Observed::Peak(None),
      _ => return None,
    };
    self.not_hidden(&Name::new(word.to_owned(), span), Space::Value);
    Some(self.observe(what, None, span))
  }

  /// The words of tests mean what they mean: a function or constant called so can't be read there.
  fn not_hidden(&mut self, word: &Name, space: Space) {
    let Some(entry) = self.checker.symbols.find(self.module, space, &word.value) else {
      return;
    };
    if let [Target::Let(_)] = entry.targets[..] {
      let message = format!(
        "`{}` is what tests ask of their runs, and a name of this module",
        word.value
      );
      let finding = Diagnostic::new(&codes::SHADOWED, message)
        .label(word.span, "read here")
        .label(entry.span, "defined here")
        .help("give the function or constant another name");
      self.say(finding);
    }
  }

  fn observe(&mut self, what: Observed, run: Option<LocalId>, span: Span) -> Expr {
    let ty = match &what {
      Observed::Calls(_) | Observed::Peak(_) => Type::Int(IntRange {
        min: Some(0),
        max: None,
      }),
      Observed::Inputs(worker) => Type::list(seen(&self.checker.program.worker(*worker).input)),
      Observed::Dispatched(id) => Type::list(seen(&self.checker.program.orchestrator(*id).input)),
      Observed::Started(_) => Type::list(Type::Duration),
      Observed::Order(_) => Type::bool(),
      Observed::Elapsed => Type::Duration,
    };
    let local = self.fresh();
    if let Some(watch) = &mut self.watch {
      watch.observations.push(Observation { local, what, run, span });
    }
    Expr {
      kind: ExprKind::Local(local),
      ty,
      span,
    }
  }

  /// What is asked of one worker or path, and the arguments behind it.
  fn about<'e>(&mut self, word: &str, name: &Name, arguments: &'e [Argument]) -> Option<(Observed, &'e [Argument])> {
    let Some((first, rest)) = arguments.split_first() else {
      self.ask_for(name.span, &format!("`{word}` asks about a worker: `{word}(w)`"));
      return None;
    };
    let subject = self.subject(word, first)?;
    let what = match (word, subject) {
      ("calls", subject) => Observed::Calls(subject),
      ("peak", subject) => Observed::Peak(Some(subject)),
      ("started", subject) => Observed::Started(subject),
      (_, Subject::Worker(worker)) => Observed::Inputs(worker),
      (_, Subject::Path(_)) => {
        self.ask_for(
          first.value.span,
          "`inputs` asks about a worker, whose inputs have one type",
        );
        return None;
      }
    };
    Some((what, rest))
  }

  fn dispatched<'e>(&mut self, word: &Name, arguments: &'e [Argument]) -> Option<(Observed, &'e [Argument])> {
    let found = arguments
      .split_first()
      .and_then(|(first, rest)| match &first.value.kind {
        ast::ExprKind::Name(name) => Some((Name::new(name.clone(), first.value.span), rest)),
        _ => None,
      });
    match found.map(|(name, rest)| (self.called_by_test(&name), rest)) {
      Some((Some(Target::Orchestrator(id)), rest)) => Some((Observed::Dispatched(id), rest)),
      Some((Some(Target::Broken), _)) => None,
      _ => {
        let span = arguments.first().map(|argument| argument.value.span);
        self.ask_for(
          span.unwrap_or(word.span),
          "`dispatched` asks about an orchestrator: `dispatched(o)`",
        );
        None
      }
    }
  }

  fn order(&mut self, name: &Name, arguments: &[Argument]) -> Option<Observed> {
    if arguments.len() < 2 {
      self.ask_for(name.span, "`order` takes two or more workers or paths: `order(a, b)`");
      return None;
    }
    let subjects: Vec<Option<Subject>> = arguments
      .iter()
      .map(|argument| self.subject("order", argument))
      .collect();
    subjects.into_iter().collect::<Option<_>>().map(Observed::Order)
  }

  /// A worker's name, or a path as a text.
  fn subject(&mut self, word: &str, argument: &Argument) -> Option<Subject> {
    let span = argument.value.span;
    match &argument.value.kind {
      ast::ExprKind::Name(name) => {
        let name = Name::new(name.clone(), span);
        self.watched_worker(&name, "observed").map(Subject::Worker)
      }
      ast::ExprKind::String(parts) => match parts.as_slice() {
        [StringPart::Text(path)] => Some(Subject::Path(path.as_str().into())),
        _ => {
          self.ask_for(span, "a path is written out, such as `\"verdicts[3].a\"`");
          None
        }
      },
      _ => {
        self.ask_for(
          span,
          &format!("`{word}` takes a worker's name, or a path such as `\"verdicts[3].a\"`"),
        );
        None
      }
    }
  }

  /// The run that is asked about, if one is named; `None` after a finding.
  fn run_of(&mut self, name: &Name, rest: &[Argument]) -> Option<Option<LocalId>> {
    let word = &name.value;
    let argument = match rest {
      [] => return Some(None),
      [one] => one,
      [_, more, ..] => {
        self.ask_for(more.value.span, &format!("`{word}` takes no more arguments"));
        return None;
      }
    };
    let ast::ExprKind::Name(run) = &argument.value.kind else {
      self.ask_for(argument.value.span, "here stands the name of a run above");
      return None;
    };
    let Some(local) = self.find(run).map(|binding| binding.local) else {
      self.unknown_value(run, argument.value.span);
      return None;
    };
    if !self.watch.as_ref().is_some_and(|watch| watch.runs.contains(&local)) {
      self.ask_for(argument.value.span, &format!("`{run}` is not the name of a run"));
      return None;
    }
    self.reads.entry(local).or_default().all += 1;
    Some(Some(local))
  }

  fn ask_for(&mut self, span: Span, what: &str) {
    self.say(Diagnostic::new(&codes::BAD_ARGUMENTS, what).label(span, "here"));
  }
}
