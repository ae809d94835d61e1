//! Calls: who is called, and whether the arguments match the parameters.

use super::{
  checker::TypedLet,
  expressions::broken,
  habits,
  names::Body,
  symbols::{Space, Target, in_order, listed},
};
use crate::{
  diagnostics::{Diagnostic, codes, near},
  hir::{Builtin, Expr, ExprKind, FunctionId, LocalId, LogicOperator, OrchestratorId, WorkerId},
  modules::standard,
  source::Span,
  syntax::ast::{self, Argument, Name},
  types::Type,
  value::Value,
};

/// The word that reads a text with the module.
const INCLUDE: &str = "include";
/// The word that shows a pool.
const DESCRIBE: &str = "describe";
/// Functions of the language that take no values.
pub const WORDS: [&str; 2] = [INCLUDE, DESCRIBE];

/// What a name before `(` stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Callee {
  Worker(WorkerId),
  Orchestrator(OrchestratorId),
  Pattern(usize),
  /// A worker parameter.
  Param,
  Function(FunctionId),
  Builtin(Builtin),
  /// `include("...")`: a text that was read with the module.
  Include,
  /// `describe(pool)`: a card of each member.
  Describe,
  /// Said already.
  Broken,
}

/// A parameter, as a call sees it.
#[derive(Clone)]
pub struct Slot {
  pub name: std::sync::Arc<str>,
  pub ty: Type,
  pub default: Option<Expr>,
  pub optional: bool,
  pub span: Span,
}

impl Slot {
  /// The argument that a message has for it; the default where that has none.
  pub fn read_from(&self, message: LocalId, span: Span) -> Expr {
    let ty = match self.optional || self.default.is_some() {
      true => self.ty.clone().optional(),
      false => self.ty.clone(),
    };
    let of = |kind: ExprKind, ty: Type| Expr { kind, ty, span };
    let given = of(
      ExprKind::Field {
        base: Box::new(of(ExprKind::Local(message), Type::Json)),
        name: self.name.clone(),
        optional: false,
      },
      ty,
    );
    match &self.default {
      None => given,
      Some(default) => of(
        ExprKind::Logic {
          operator: LogicOperator::Coalesce,
          left: Box::new(given),
          right: Box::new(default.clone()),
        },
        self.ty.clone(),
      ),
    }
  }
}

/// The argument of each parameter.
pub struct Placed<'w> {
  pub given: Vec<Option<&'w ast::Expr>>,
  /// Some argument may have been meant for a parameter that has none.
  pub misplaced: bool,
}

impl Body<'_, '_> {
  pub fn callee(&mut self, name: &Name) -> Callee {
    if let Some(bound) = self.callable(&name.value) {
      self.marked(name.span, bound.span);
      return Callee::Param;
    }
    let Some(targets) = self
      .checker
      .lookup(self.module, Space::Callable, &name.value, name.span)
    else {
      if let Some(builtin) = Builtin::find(&name.value) {
        return Callee::Builtin(builtin);
      }
      match name.value.as_str() {
        INCLUDE => return Callee::Include,
        DESCRIBE => return Callee::Describe,
        _ => {}
      }
      self.unknown_callee(name);
      return Callee::Broken;
    };
    match targets[..] {
      [Target::Worker(id)] => Callee::Worker(id),
      [Target::Orchestrator(id)] => Callee::Orchestrator(id),
      [Target::Pattern(at)] => Callee::Pattern(at),
      [Target::Let(at)] => match &self.checker.lets[at] {
        Some(TypedLet::Function { id }) => Callee::Function(*id),
        _ => Callee::Broken,
      },
      _ => Callee::Broken,
    }
  }

  fn unknown_callee(&mut self, name: &Name) {
    if self.checker.symbols.may_be_imported(self.module) {
      return;
    }
    let value = self.find(&name.value).is_some()
      || self
        .checker
        .symbols
        .find(self.module, Space::Value, &name.value)
        .is_some();
    if value {
      let finding = Diagnostic::new(
        &codes::WRONG_KIND,
        format!("`{}` is a value, not something to call", name.value),
      )
      .label(name.span, "called here");
      return self.say(finding);
    }
    if self.checker.findings.is_full() {
      return;
    }
    let named = self.checker.symbols.find(self.module, Space::Type, &name.value);
    if let Some(what) = named.and_then(|entry| match entry.targets.first() {
      Some(Target::Contract(_)) => Some("contract"),
      Some(Target::Type(_)) => Some("type"),
      _ => None,
    }) {
      let message = format!("`{}` is a {what}, not something to call", name.value);
      let finding = Diagnostic::new(&codes::WRONG_KIND, message).label(name.span, "called here");
      return self.say(match what {
        "contract" => finding.help("call a worker or orchestrator that has this contract"),
        _ => finding.help(format!("write the value itself; `x as {}` checks one", name.value)),
      });
    }
    let own: Vec<&str> = self.checker.symbols.names(self.module, Space::Callable).collect();
    let own: Vec<&str> = own.into_iter().chain(self.callable_names()).collect();
    let builtin = Builtin::ALL.iter().map(|builtin| builtin.name());
    let meant = near(&name.value, own.iter().copied());
    let habit = habits::callee(&name.value).filter(|_| meant.is_none());
    let meant = near(&name.value, own.iter().copied().chain(builtin));
    let finding = Diagnostic::new(
      &codes::UNKNOWN_NAME,
      format!("there is no worker, orchestrator or function `{}`", name.value),
    )
    .label(name.span, "not defined");
    let finding = match (habit, meant) {
      (Some(habit), _) => habit.told(finding, name.span),
      (None, Some(near)) => finding.meant(name.span, near),
      (None, None) if let Some(other) = self.checker.elsewhere(self.module, Space::Callable, &name.value) => {
        self.checker.to_import(finding, self.module, other, name)
      }
      (None, None) if let Some(module) = standard::declaring(&name.value) => finding.help(format!(
        "`{module}` has one: `import {{ {} }} from {module:?}`",
        name.value
      )),
      (None, None) if own.is_empty() => finding,
      (None, None) => finding.help(format!("declared here: {}", listed(own.into_iter()))),
    };
    self.say(finding);
  }

  /// A call where only pure functions may be called.
  pub fn call_in_expression(&mut self, name: &Name, arguments: &[Argument], span: Span) -> Expr {
    if let Some(observed) = self.observation(name, arguments, span) {
      return observed;
    }
    match self.callee(name) {
      Callee::Builtin(Builtin::Len) if let Some(count) = self.worker_count(arguments, span) => count,
      Callee::Builtin(builtin) => self.builtin(builtin, name.span, arguments, span),
      Callee::Include => self.include(arguments, span),
      Callee::Describe => self.describe(arguments, span),
      Callee::Function(id) => {
        let slots = self.slots(|program| &program.function(id).params);
        let arguments = self.arguments(name, &slots, arguments);
        let ty = self.checker.program.function(id).output.clone();
        Expr {
          kind: ExprKind::Function {
            function: id,
            arguments,
          },
          ty,
          span,
        }
      }
      callee @ (Callee::Worker(_) | Callee::Orchestrator(_) | Callee::Pattern(_) | Callee::Param) => {
        self.worker_in_expression(callee, name, arguments);
        broken(span)
      }
      // It may have been meant as a function on lists, whose arguments read `it`.
      Callee::Broken => self.scoped(|inner| {
        inner.bind_word("it", Type::Unknown, span);
        arguments.iter().for_each(|argument| drop(inner.infer(&argument.value)));
        broken(span)
      }),
    }
  }

  /// The file's text stands where the call does.
  fn include(&mut self, arguments: &[Argument], span: Span) -> Expr {
    let path = match arguments {
      [Argument { label: None, value }] => value.plain_text(),
      _ => None,
    };
    let Some(path) = path else {
      let finding = Diagnostic::new(&codes::BAD_ARGUMENTS, "`include` takes one path, as a plain text")
        .label(span, "read before anything runs")
        .help("write `include(\"./prompt.md\")`; the path is relative to this file");
      self.say(finding);
      return broken(span);
    };
    let module = &self.checker.loaded.modules[self.module];
    match module.includes.get(path).cloned().flatten() {
      Some(text) => Expr {
        ty: Type::literal(&text),
        kind: ExprKind::Literal(Value::String(text)),
        span,
      },
      None => broken(span),
    }
  }

  fn worker_in_expression(&mut self, callee: Callee, name: &Name, arguments: &[Argument]) {
    arguments.iter().for_each(|argument| self.stray(&argument.value));
    let what = match callee {
      Callee::Orchestrator(_) => "orchestrator",
      Callee::Pattern(_) => "pattern",
      _ => "worker",
    };
    let finding = Diagnostic::new(
      &codes::CALL_IN_EXPRESSION,
      format!("the {what} `{}` is called inside an expression", name.value),
    )
    .label(name.span, "every call has a line of its own")
    .help(format!(
      "name its result and use the name: `x = {0}(...)`; for one call per item: `xs = each item in items => {0}(item)`",
      name.value
    ));
    self.say(finding);
  }

  pub fn slots(&self, params: impl Fn(&crate::hir::Program) -> &Vec<crate::hir::Param>) -> Vec<Slot> {
    let slot = |param: &crate::hir::Param| Slot {
      name: param.name.clone(),
      ty: match self.watch {
        // in a test a file is its text
        Some(_) => param.ty.with_texts(),
        None => param.ty.clone(),
      },
      default: param.default.clone(),
      optional: param.optional,
      span: param.span,
    };
    params(&self.checker.program).iter().map(slot).collect()
  }

  pub fn worker_arguments(&mut self, name: &Name, id: WorkerId, arguments: &[Argument]) -> Vec<Expr> {
    if self.checker.program.worker(id).input == Type::Unknown {
      return self.unmatched(arguments);
    }
    let slots = self.slots(|program| &program.worker(id).params);
    self.arguments(name, &slots, arguments)
  }

  pub fn orchestrator_arguments(&mut self, name: &Name, id: OrchestratorId, arguments: &[Argument]) -> Vec<Expr> {
    if self.checker.program.orchestrator(id).input == Type::Unknown {
      return self.unmatched(arguments);
    }
    let slots = self.slots(|program| &program.orchestrator(id).params);
    self.arguments(name, &slots, arguments)
  }

  /// Arguments of what has parameters that are not known.
  fn unmatched(&mut self, arguments: &[Argument]) -> Vec<Expr> {
    arguments.iter().map(|argument| self.infer(&argument.value)).collect()
  }

  /// One expression per parameter, in the callee's order; positional arguments first, then named ones.
  pub fn arguments(&mut self, callee: &Name, slots: &[Slot], written: &[Argument]) -> Vec<Expr> {
    let names: Vec<&str> = slots.iter().map(|slot| &*slot.name).collect();
    let placed = self.placed(callee, &names, written);
    let missing = slots.iter().zip(&placed.given);
    let missing: Vec<(String, Span)> = missing
      .filter(|(slot, given)| given.is_none() && slot.default.is_none() && !slot.optional)
      .map(|(slot, _)| (format!("`{}: {}`", slot.name, slot.ty), slot.span))
      .collect();
    self.missing(callee, &missing, placed.misplaced);
    let given = slots.iter().zip(placed.given);
    let given = given.map(|(slot, given)| match given {
      Some(value) => self.argument(callee, slot, value),
      None => slot.default.clone().unwrap_or_else(|| null(callee.span)),
    });
    given.collect()
  }

  fn argument(&mut self, callee: &Name, slot: &Slot, value: &ast::Expr) -> Expr {
    let what = format!("the argument `{}` of `{}`", slot.name, callee.value);
    let ty = if slot.optional {
      slot.ty.clone().optional()
    } else {
      slot.ty.clone()
    };
    match self.holes {
      Some(message) if value.is_hole() => slot.read_from(message, value.span),
      _ => self.check(value, &ty, &what),
    }
  }

  /// Which argument goes to which parameter; says those that go to none.
  pub fn placed<'w>(&mut self, callee: &Name, names: &[&str], written: &'w [Argument]) -> Placed<'w> {
    let mut placed = Placed {
      given: vec![None; names.len()],
      misplaced: false,
    };
    let mut named = false;
    for (at, argument) in written.iter().enumerate() {
      let found = match &argument.label {
        None if named => {
          placed.misplaced = true;
          self.late_argument(callee, argument);
          None
        }
        None if at >= names.len() => {
          self.one_too_many(callee, argument, names.len());
          None
        }
        None => Some(at),
        Some(label) => {
          named = true;
          if let Some(marks) = &mut self.checker.marks {
            marks.labelled(callee.span, label);
          }
          let found = names.iter().position(|name| *name == label.value);
          if found.is_none() {
            placed.misplaced = true;
            self.unknown_argument(callee, label, names);
          }
          found
        }
      };
      match found {
        None => self.stray(&argument.value),
        Some(slot) if placed.given[slot].is_some() => {
          let span = argument.label.as_ref().map_or(argument.value.span, |label| label.span);
          self.bad_argument(span, format!("`{}` is given twice", names[slot]), None);
        }
        Some(slot) => placed.given[slot] = Some(&argument.value),
      }
    }
    placed
  }

  /// Looks at an argument that goes nowhere, for what is wrong in it.
  pub fn stray(&mut self, value: &ast::Expr) {
    if !self.checker.worker_names.contains(&value.span) {
      self.infer(value);
    }
  }

  fn late_argument(&mut self, callee: &Name, argument: &Argument) {
    let message = format!("a positional argument of `{}` stands after a named one", callee.value);
    let help = "give it by name too, or put it first".to_owned();
    self.bad_argument(argument.value.span, message, Some(help));
  }

  fn one_too_many(&mut self, callee: &Name, argument: &Argument, most: usize) {
    let takes = match most {
      0 => "no arguments".to_owned(),
      1 => "1 argument at most".to_owned(),
      _ => format!("{most} arguments at most"),
    };
    self.bad_argument(argument.value.span, format!("`{}` takes {takes}", callee.value), None);
  }

  /// Says what is missing (each as it is declared, and where), unless that may be what was given under a wrong name or
  /// in a wrong place.
  pub fn missing(&mut self, callee: &Name, missing: &[(String, Span)], misplaced: bool) {
    let ([(_, first), ..], false) = (missing, misplaced) else {
      return;
    };
    let names: Vec<&str> = missing.iter().map(|(shown, _)| shown.as_str()).collect();
    let message = format!("`{}` is called without {}", callee.value, names.join(", "));
    let finding = Diagnostic::new(&codes::BAD_ARGUMENTS, message)
      .label(callee.span, "called here")
      .label(*first, "declared here");
    self.say(finding);
  }

  fn bad_argument(&mut self, span: Span, message: String, help: Option<String>) {
    let finding = Diagnostic::new(&codes::BAD_ARGUMENTS, message).label(span, "this argument");
    self.say(match help {
      Some(help) => finding.help(help),
      None => finding,
    });
  }

  fn unknown_argument(&mut self, callee: &Name, label: &Name, names: &[&str]) {
    let message = format!("`{}` has no parameter `{}`", callee.value, label.value);
    let finding = Diagnostic::new(&codes::BAD_ARGUMENTS, message).label(label.span, "this argument");
    self.say(match near(&label.value, names.iter().copied()) {
      Some(near) => finding.meant(label.span, near),
      None if names.is_empty() => finding.help("it takes no arguments"),
      None => finding.help(format!("it takes {}", in_order(names.iter().copied()))),
    });
  }
}

pub fn null(span: Span) -> Expr {
  Expr {
    kind: ExprKind::Literal(crate::value::Value::Null),
    ty: Type::Null,
    span,
  }
}
