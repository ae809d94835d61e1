//! Worker values: what stands in an argument where a pattern takes a worker. They are names of workers and
//! orchestrators, calls of those with holes, and lists of them; nothing of them is left when the program runs.

use std::rc::Rc;

use super::{
  super::{
    names::Body,
    symbols::{Space, Target, listed},
  },
  Callable, WorkerType,
  signature::Takes,
};
use crate::{
  diagnostics::{Diagnostic, codes, nearest},
  hir::{Expr, OrchestratorId, Param, WorkerId},
  source::Span,
  syntax::ast::{self, ListPart, Name},
  types::Type,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Works {
  Worker(WorkerId),
  Orchestrator(OrchestratorId),
}

/// What goes into one parameter of the worker.
#[derive(Clone, Debug)]
pub enum Fill {
  /// The argument with this number of whoever calls it.
  Hole(usize),
  /// An expression of the scope that holds the worker value, and the type that the parameter wants.
  Captured(Box<Expr>, Type),
  Default,
}

/// A worker with some of its arguments filled in.
#[derive(Clone, Debug)]
pub struct WorkerValue {
  pub works: Works,
  /// One per parameter of the worker.
  pub fills: Vec<Fill>,
  /// Where it was passed on by name.
  pub span: Span,
}

impl WorkerValue {
  /// Whether both mean the same call, whatever the captured values are.
  pub fn same(&self, other: &Self) -> bool {
    let same = |(a, b): (&Fill, &Fill)| match (a, b) {
      (Fill::Hole(a), Fill::Hole(b)) => a == b,
      (Fill::Captured(..), Fill::Captured(..)) | (Fill::Default, Fill::Default) => true,
      _ => false,
    };
    self.works == other.works && self.fills.len() == other.fills.len() && self.fills.iter().zip(&other.fills).all(same)
  }
}

/// A parameter that is still open.
#[derive(Clone, Debug)]
pub struct Input {
  pub name: String,
  pub ty: Type,
  /// It has no default.
  pub needed: bool,
}

/// A worker in an argument, before it is compared with what the parameter takes.
#[derive(Clone, Debug)]
pub struct Passed {
  pub shown: String,
  pub span: Span,
  pub inputs: Vec<Input>,
  pub output: Type,
  /// Nothing where it is the parameter of a pattern that is looked at by itself.
  pub value: Option<WorkerValue>,
}

/// What an argument gives for a parameter that takes workers.
#[derive(Clone, Debug)]
pub enum Given {
  One(Passed),
  Many {
    members: Vec<Passed>,
    /// These are all; else they stand for any number.
    known: bool,
    /// Parameters that are passed on: what they say of types they say also where they stand for nobody.
    passed_on: Vec<Passed>,
  },
  /// Said already.
  Broken,
}

impl Given {
  /// All that say something of types.
  pub fn sources(&self) -> impl Iterator<Item = &Passed> {
    let passed_on = match self {
      Given::Many { passed_on, .. } => &passed_on[..],
      _ => &[],
    };
    self.members().iter().chain(passed_on)
  }

  pub fn members(&self) -> &[Passed] {
    match self {
      Given::One(passed) => std::slice::from_ref(passed),
      Given::Many { members, .. } => members,
      Given::Broken => &[],
    }
  }
}

/// A parameter that takes workers, for findings.
pub struct Place {
  pub param: String,
  pub declared: Span,
  /// The pattern that is called; nothing for a default.
  pub callee: Option<String>,
}

impl Place {
  pub fn of_default(param: &ast::Param) -> Self {
    Self {
      param: param.name.value.clone(),
      declared: param.name.span,
      callee: None,
    }
  }

  /// `\`mapper\` of \`map_reduce\``
  pub fn shown(&self) -> String {
    match &self.callee {
      Some(callee) => format!("`{}` of `{callee}`", self.param),
      None => format!("`{}`", self.param),
    }
  }
}

const FORMS: &str = "name a worker or an orchestrator, or fill in some of its arguments: `draft(_, tone: \"dry\")`";

impl Body<'_, '_> {
  /// Reads an argument where workers are taken.
  pub fn passed(&mut self, expr: &ast::Expr, takes: &Takes, place: &Place) -> Given {
    match takes {
      Takes::Workers(_) => self.passed_list(expr, place),
      _ => self.passed_one(expr, place).map_or(Given::Broken, Given::One),
    }
  }

  fn passed_one(&mut self, expr: &ast::Expr, place: &Place) -> Option<Passed> {
    match &expr.kind {
      ast::ExprKind::Name(name) => {
        let name = Name::new(name.clone(), expr.span);
        self.worker_named(&name, place)
      }
      ast::ExprKind::Call { callee, arguments } => {
        let base = self.worker_named(callee, place);
        let Some(base) = base else {
          self.holes_apart(arguments);
          return None;
        };
        self.with_holes(base, expr.span, arguments)
      }
      ast::ExprKind::Broken => None,
      _ => {
        let message = format!("{} takes a worker, not a value", place.shown());
        let finding = Diagnostic::new(&codes::WRONG_KIND, message).label(expr.span, "this is a value");
        self.say(finding.help(FORMS));
        None
      }
    }
  }

  fn passed_list(&mut self, expr: &ast::Expr, place: &Place) -> Given {
    match &expr.kind {
      ast::ExprKind::List(parts) => self.members(parts, place),
      ast::ExprKind::Name(name) => match self.callable_at(name, expr.span) {
        Some(Callable::Many(ty, values)) => parameters(name, expr.span, &ty, values),
        _ => self.no_list(expr, place),
      },
      ast::ExprKind::Broken => Given::Broken,
      _ => self.no_list(expr, place),
    }
  }

  fn no_list(&mut self, expr: &ast::Expr, place: &Place) -> Given {
    let message = format!("{} takes a list of workers", place.shown());
    let finding = Diagnostic::new(&codes::WRONG_KIND, message)
      .label(expr.span, "not a list of workers")
      .help("write the list here, `[a, b(_, 1)]`, or pass on a parameter that is one");
    self.say(finding);
    Given::Broken
  }

  fn members(&mut self, parts: &[ListPart], place: &Place) -> Given {
    let (mut all, mut every, mut broken, mut on) = (Vec::new(), true, false, Vec::new());
    for part in parts {
      let given = match part {
        ListPart::Item(item) => self.passed_one(item, place).map_or(Given::Broken, Given::One),
        ListPart::Spread(list) => self.passed_list(list, place),
      };
      match given {
        Given::One(one) => all.push(one),
        Given::Many {
          members,
          known,
          passed_on,
        } => {
          all.extend(members);
          on.extend(passed_on);
          every &= known;
        }
        Given::Broken => broken = true,
      }
    }
    if broken {
      return Given::Broken;
    }
    Given::Many {
      members: all,
      known: every,
      passed_on: on,
    }
  }

  /// What a name stands for where a worker is taken.
  fn worker_named(&mut self, name: &Name, place: &Place) -> Option<Passed> {
    if let Some(bound) = self.callable(&name.value) {
      self.marked(name.span, bound.span);
      return match bound.callable.clone() {
        Callable::One(ty, value) => Some(parameter(&name.value, name.span, &ty, value.as_deref())),
        Callable::Many(..) => {
          let message = format!(
            "{} takes one worker, and `{}` is a list of them",
            place.shown(),
            name.value
          );
          let finding = Diagnostic::new(&codes::WRONG_KIND, message).label(name.span, "a list of workers");
          self.say(finding.help(format!("take them one by one: `each w in {} => ...`", name.value)));
          None
        }
      };
    }
    let Some(targets) = self
      .checker
      .lookup(self.module, Space::Callable, &name.value, name.span)
    else {
      self.no_worker_named(name, place);
      return None;
    };
    match targets[..] {
      [Target::Worker(id)] => {
        let worker = self.checker.program.worker(id);
        declared(name, Works::Worker(id), &worker.input, &worker.params, &worker.output)
      }
      [Target::Orchestrator(id)] => {
        let orchestrator = self.checker.program.orchestrator(id);
        let works = Works::Orchestrator(id);
        declared(
          name,
          works,
          &orchestrator.input,
          &orchestrator.params,
          &orchestrator.output,
        )
      }
      [Target::Pattern(_)] => {
        self.not_a_worker(name, "pattern", "wrap it in an orchestrator, and pass that on", place);
        None
      }
      [Target::Let(_)] => {
        let help = "a worker does it, or a step computes it before the call";
        self.not_a_worker(name, "function", help, place);
        None
      }
      _ => None,
    }
  }

  fn not_a_worker(&mut self, name: &Name, what: &str, help: &str, place: &Place) {
    let message = format!("{} takes a worker, and `{}` is a {what}", place.shown(), name.value);
    let finding = Diagnostic::new(&codes::WRONG_KIND, message).label(name.span, format!("a {what} is no worker"));
    self.say(finding.help(help));
  }

  fn no_worker_named(&mut self, name: &Name, place: &Place) {
    if self.checker.findings.is_full() || self.checker.symbols.may_be_imported(self.module) {
      return;
    }
    let own: Vec<&str> = self.checker.symbols.names(self.module, Space::Callable).collect();
    let own: Vec<&str> = own.into_iter().chain(self.callable_names()).collect();
    let is_value = self.find(&name.value).is_some();
    let finding = if name.value == "_" || is_value {
      let message = format!("{} takes a worker, and `{}` is none", place.shown(), name.value);
      Diagnostic::new(&codes::WRONG_KIND, message)
        .label(name.span, "not a worker")
        .help(FORMS)
    } else {
      let finding = Diagnostic::new(
        &codes::UNKNOWN_NAME,
        format!("there is no worker or orchestrator `{}`", name.value),
      )
      .label(name.span, "not defined");
      match nearest(&name.value, own.iter().copied()) {
        Some(near) => finding.help(format!("there is `{near}`")),
        None if own.is_empty() => finding,
        None => finding.help(format!("declared here: {}", listed(own.into_iter()))),
      }
    };
    self.say(finding);
  }
}

/// `1 argument`, `2 arguments`
pub fn counted(count: usize, what: &str) -> String {
  match count {
    0 => format!("no {what}s"),
    1 => format!("1 {what}"),
    _ => format!("{count} {what}s"),
  }
}

/// A worker or orchestrator by its name; nothing where its contract is not known.
fn declared(name: &Name, works: Works, input: &Type, params: &[Param], output: &Type) -> Option<Passed> {
  if *input == Type::Unknown {
    return None;
  }
  let inputs = params.iter().map(|param| Input {
    name: param.name.to_string(),
    ty: if param.optional {
      param.ty.clone().optional()
    } else {
      param.ty.clone()
    },
    needed: !param.optional && param.default.is_none(),
  });
  let value = WorkerValue {
    works,
    fills: (0..params.len()).map(Fill::Hole).collect(),
    span: name.span,
  };
  Some(Passed {
    shown: name.value.clone(),
    span: name.span,
    inputs: inputs.collect(),
    output: output.clone(),
    value: Some(value),
  })
}

/// A worker parameter that is passed on: what it takes and gives is what the pattern says of it.
fn parameter(name: &str, span: Span, ty: &WorkerType, value: Option<&WorkerValue>) -> Passed {
  let inputs = ty.inputs.iter().enumerate();
  let inputs = inputs.map(|(at, ty)| Input {
    name: (at + 1).to_string(),
    ty: ty.clone(),
    needed: true,
  });
  Passed {
    shown: name.to_owned(),
    span,
    inputs: inputs.collect(),
    output: ty.output.clone(),
    value: value.cloned(),
  }
}

fn parameters(name: &str, span: Span, ty: &WorkerType, values: Option<Rc<[WorkerValue]>>) -> Given {
  let one = |value: Option<&WorkerValue>| parameter(name, span, ty, value);
  let members = values.iter().flat_map(|values| values.iter());
  Given::Many {
    members: members.map(|value| one(Some(value))).collect(),
    known: values.is_some(),
    passed_on: vec![one(None)],
  }
}
