//! Names inside one function, worker or orchestrator: scopes, and what conditions have proved about them.

use std::{
  collections::{HashMap, HashSet},
  sync::Arc,
};

use super::{
  checker::Checker,
  habits,
  observations::Watch,
  patterns::{BoundCallable, Callable},
  symbols::{Space, listed},
};
use crate::{
  diagnostics::{Diagnostic, codes, near},
  hir::LocalId,
  source::Span,
  syntax::ast::{self, Name},
  types::Type,
};

/// A name bound inside.
#[derive(Clone, Debug)]
pub struct Binding {
  pub local: LocalId,
  pub ty: Type,
  pub span: Span,
  /// A step of a block (others are parameters, items, and the like): reading it is an edge.
  pub step: bool,
}

/// How often a name is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadCount {
  pub all: u32,
  /// As the argument of `succeeded`, which drops failures.
  pub succeeded: u32,
}

/// A place in a value: a name, then fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
  pub root: LocalId,
  pub fields: Vec<Arc<str>>,
}

/// What is known at one point: this path has this narrower type.
#[derive(Clone, Debug)]
pub struct Fact {
  pub path: Path,
  pub ty: Type,
}

impl Fact {
  /// What is known where one of two facts about a path holds.
  pub fn or(mut self, other: &Fact) -> Fact {
    self.ty = Type::union([self.ty.members(), other.ty.members()].concat());
    self
  }
}

/// A point in the order in which things were proved.
#[derive(Clone, Copy, Debug)]
pub struct Mark(usize);

/// Fields below a name, and the type that was proved of them; the latest counts.
type KnownField = (Vec<Arc<str>>, Type);

/// One callable's check.
pub struct Body<'c, 'a> {
  pub checker: &'c mut Checker<'a>,
  pub module: usize,
  scopes: Vec<HashMap<String, Binding>>,
  /// Worker parameters, by the same scopes.
  pub callables: Vec<HashMap<String, BoundCallable>>,
  /// Worker parameters that something calls or passes on, by where they are bound.
  pub called: HashSet<Span>,
  facts: HashMap<LocalId, Vec<KnownField>>,
  proved: Vec<LocalId>,
  next: u32,
  pub reads: HashMap<LocalId, ReadCount>,
  /// `repeat`s with an untyped `previous` around this point.
  pub loops: u32,
  /// Its contract is not known: what is read may be a parameter of that.
  pub unsigned: bool,
  /// Where `_` may stand for an argument: the record that it is a field of.
  pub holes: Option<LocalId>,
  /// Steps whose value no call, parameter or item has a part in.
  pub constant_steps: HashSet<LocalId>,
  /// What the orchestrator must give, and the words for it.
  pub returns: Option<(Type, String)>,
  /// The name of the step whose value the node at hand becomes, if it succeeds.
  pub own: Option<String>,
  /// Names of steps, in an `on failure` that can't read them.
  pub beyond: HashSet<String>,
  /// Where the value of `run.last` is, and its type, in an orchestrator that has one.
  pub last: Option<(LocalId, Type)>,
  /// Inside a test.
  pub watch: Option<Watch>,
}

impl<'c, 'a> Body<'c, 'a> {
  pub fn new(checker: &'c mut Checker<'a>, module: usize) -> Self {
    Self {
      checker,
      module,
      scopes: vec![HashMap::new()],
      callables: vec![HashMap::new()],
      called: HashSet::new(),
      facts: HashMap::new(),
      proved: Vec::new(),
      next: 0,
      reads: HashMap::new(),
      loops: 0,
      unsigned: false,
      holes: None,
      constant_steps: HashSet::new(),
      returns: None,
      own: None,
      beyond: HashSet::new(),
      last: None,
      watch: None,
    }
  }

  pub fn say(&mut self, finding: Diagnostic) {
    self.checker.say(finding);
  }

  /// A number for something bound that has no name of its own, or one already checked.
  pub fn fresh(&mut self) -> LocalId {
    self.next += 1;
    LocalId(self.next - 1)
  }

  /// Runs `inside` in a scope of its own; what was proved inside is forgotten.
  pub fn scoped<T>(&mut self, inside: impl FnOnce(&mut Self) -> T) -> T {
    self.scopes.push(HashMap::new());
    self.callables.push(HashMap::new());
    let mark = self.proved.len();
    let result = inside(self);
    self.forget(mark);
    self.scopes.pop();
    self.callables.pop();
    result
  }

  /// Runs `inside` with more known.
  pub fn given<T>(&mut self, facts: &[Fact], inside: impl FnOnce(&mut Self) -> T) -> T {
    let mark = self.proved.len();
    self.learn(facts);
    let result = inside(self);
    self.forget(mark);
    result
  }

  /// How much is proved so far.
  pub fn mark(&self) -> Mark {
    Mark(self.proved.len())
  }

  /// Runs `inside` as if what was proved since `mark` were not known.
  pub fn as_before<T>(&mut self, mark: Mark, inside: impl FnOnce(&mut Self) -> T) -> T {
    let hidden = self.forget(mark.0);
    let result = inside(self);
    self.learn(&hidden);
    result
  }

  /// Holds until the scope ends.
  pub fn learn(&mut self, facts: &[Fact]) {
    for fact in facts {
      self
        .facts
        .entry(fact.path.root)
        .or_default()
        .push((fact.path.fields.clone(), fact.ty.clone()));
      self.proved.push(fact.path.root);
    }
  }

  /// Takes back what was learned since, and gives it in the order learned.
  fn forget(&mut self, mark: usize) -> Vec<Fact> {
    let mut taken = Vec::new();
    for root in self.proved.split_off(mark).into_iter().rev() {
      if let Some((fields, ty)) = self.facts.get_mut(&root).and_then(Vec::pop) {
        let path = Path { root, fields };
        taken.push(Fact { path, ty });
      }
    }
    taken.reverse();
    taken
  }

  /// The narrowed type of a path, if something narrowed it.
  pub fn known(&self, path: &Path) -> Option<Type> {
    let known = self.facts.get(&path.root)?;
    known
      .iter()
      .rev()
      .find(|(fields, _)| *fields == path.fields)
      .map(|(_, ty)| ty.clone())
  }

  /// Binds a name in the innermost scope; says it where the name is taken.
  pub fn bind(&mut self, name: &Name, ty: Type, step: bool) -> LocalId {
    let local = self.fresh();
    self.marked(name.span, name.span);
    if let Some(taken) = self
      .find(&name.value)
      .map(|binding| binding.span)
      .or_else(|| self.constant(&name.value))
    {
      let here = self.scopes.last().is_some_and(|scope| scope.contains_key(&name.value));
      self.say(if here {
        super::symbols::duplicate(name, taken)
      } else {
        shadowed(name, taken)
      });
    }
    self.put(
      &name.value,
      Binding {
        local,
        ty,
        span: name.span,
        step,
      },
    );
    local
  }

  /// Binds one of the language's own words: `previous`, `error`, `it`; the innermost one counts.
  pub fn bind_word(&mut self, word: &str, ty: Type, span: Span) -> LocalId {
    let local = self.fresh();
    self.bind_as(word, local, ty, span);
    local
  }

  /// As `bind_word`, for a word that has its number already.
  pub fn bind_as(&mut self, word: &str, local: LocalId, ty: Type, span: Span) {
    let step = false;
    self.put(word, Binding { local, ty, span, step });
  }

  /// Notes that the name at `span` is the one that was given at `given`.
  pub fn marked(&mut self, span: Span, given: Span) {
    if let Some(marks) = &mut self.checker.marks {
      marks.named(span, given);
    }
  }

  /// Notes a field whose value is the name itself.
  pub fn mark_shorthand(&mut self, name: &Name, value: &ast::Expr) {
    if let Some(marks) = &mut self.checker.marks
      && name.span == value.span
    {
      marks.shorthand(name.span);
    }
  }

  fn put(&mut self, name: &str, binding: Binding) {
    self.checker.typed(binding.span, &binding.ty);
    if let Some(scope) = self.scopes.last_mut() {
      scope.insert(name.to_owned(), binding);
    }
  }

  /// Binds parameters that were checked before, as they were numbered then.
  pub fn resume(&mut self, params: &[crate::hir::Param]) {
    for param in params {
      let ty = if param.optional {
        param.ty.clone().optional()
      } else {
        param.ty.clone()
      };
      self.put(
        &param.name,
        Binding {
          local: param.local,
          ty,
          span: param.span,
          step: false,
        },
      );
      self.next = self.next.max(param.local.0 + 1);
    }
  }

  /// As `resume`, for one of the language's own words.
  pub fn resume_word(&mut self, word: &str, local: LocalId, ty: Type, span: Span) {
    self.bind_as(word, local, ty, span);
    self.next = self.next.max(local.0 + 1);
  }

  /// The name that a number was given to in the innermost scope, with its place.
  pub fn bound(&self, local: LocalId) -> Option<(String, Span)> {
    let (name, binding) = self.scopes.last()?.iter().find(|(_, binding)| binding.local == local)?;
    Some((name.clone(), binding.span))
  }

  fn constant(&self, name: &str) -> Option<Span> {
    self
      .checker
      .symbols
      .find(self.module, Space::Value, name)
      .map(|entry| entry.span)
  }

  /// Gives a bound name its type, once that is known.
  pub fn set_type(&mut self, name: &str, ty: &Type) {
    if let Some(binding) = self.scopes.iter_mut().rev().find_map(|scope| scope.get_mut(name)) {
      binding.ty = ty.clone();
      let span = binding.span;
      self.checker.typed(span, ty);
    }
  }

  pub fn find(&self, name: &str) -> Option<&Binding> {
    self.scopes.iter().rev().find_map(|scope| scope.get(name))
  }

  /// The place that an expression names, if it is a name followed by fields.
  pub fn path(&self, expr: &ast::Expr) -> Option<Path> {
    match &expr.kind {
      ast::ExprKind::Name(name) => self.find(name).map(|binding| Path {
        root: binding.local,
        fields: Vec::new(),
      }),
      ast::ExprKind::Field { base, name, .. } if super::overlaps::is_last_run(base, name) => {
        self.last_local(base, name).map(|root| Path {
          root,
          fields: Vec::new(),
        })
      }
      ast::ExprKind::Field { base, name, .. } => {
        let mut path = self.path(base)?;
        path.fields.push(name.value.as_str().into());
        Some(path)
      }
      _ => None,
    }
  }

  /// Says that a value name stands for nothing, as helpfully as possible.
  pub fn unknown_value(&mut self, name: &str, span: Span) {
    let silent = self.unsigned || self.checker.findings.is_full();
    if silent || self.checker.symbols.may_be_imported(self.module) || self.said_of_test(name, span) {
      return;
    }
    if let Some(bound) = self.callable(name) {
      return self.worker_as_value(name, &bound.callable, span);
    }
    let callable = self.checker.lookup(self.module, Space::Callable, name, span);
    if callable
      .as_ref()
      .is_some_and(|targets| targets.contains(&super::symbols::Target::Broken))
    {
      return;
    }
    let finding = if self.beyond.contains(name) {
      Diagnostic::new(
        &codes::UNKNOWN_NAME,
        format!("`on failure` can't read the step `{name}`"),
      )
      .label(span, "may have no value")
      .help("it reads parameters and `error`, where `error.step` says what failed; `undo` and `catch` read steps")
    } else if callable.is_some() {
      Diagnostic::new(
        &codes::WRONG_KIND,
        format!("`{name}` is something to call, not a value"),
      )
      .label(span, "used as a value")
      .help(format!("call it: `{name}(...)`"))
    } else {
      let names: Vec<&str> = self
        .scopes
        .iter()
        .flat_map(|scope| scope.keys().map(String::as_str))
        .collect();
      let names: Vec<&str> = names
        .into_iter()
        .chain(self.checker.symbols.names(self.module, Space::Value))
        .collect();
      let words = names.iter().copied().chain(["true", "false", "null"]);
      let finding =
        Diagnostic::new(&codes::UNKNOWN_NAME, format!("there is no value `{name}`")).label(span, "not defined");
      match (near(name, words), habits::value(name)) {
        (Some(near), _) => finding.meant(span, near),
        (None, Some(habit)) => habit.told(finding, span),
        (None, None) if let Some(other) = self.checker.elsewhere(self.module, Space::Value, name) => {
          let name = Name::new(name.to_owned(), span);
          self.checker.to_import(finding, self.module, other, &name)
        }
        (None, None) if names.is_empty() => finding,
        (None, None) => finding.help(habits::in_scope(name, &listed(names.into_iter()))),
      }
    };
    self.say(finding);
  }

  fn worker_as_value(&mut self, name: &str, callable: &Callable, span: Span) {
    let (what, help) = match callable {
      Callable::One(..) => (
        "a worker",
        format!("call it, `x = {name}(...)`, or pass it on to a pattern"),
      ),
      Callable::Many(..) => (
        "a list of workers",
        format!("go over them, `each w in {name} => w(...)`, count them, `len({name})`, or pass them on to a pattern"),
      ),
    };
    let finding = Diagnostic::new(&codes::WRONG_KIND, format!("`{name}` is {what}, not a value"));
    self.say(finding.label(span, "used as a value").help(help));
  }
}

impl Body<'_, '_> {
  /// In a test: a name that stands further down, or `run`.
  fn said_of_test(&mut self, name: &str, span: Span) -> bool {
    let Some(watch) = &self.watch else { return false };
    let finding = Diagnostic::new(&codes::UNKNOWN_NAME, format!("there is no value `{name}` yet"));
    match watch.below.get(name).copied() {
      Some(below) => self.say(
        finding
          .label(span, "read here")
          .label(below, "given further down")
          .help("the lines of a test happen from the top down"),
      ),
      None if name == "run" => self.say(
        Diagnostic::new(&codes::UNKNOWN_NAME, "there is no `run` in a test")
          .label(span, "a test is no run")
          .help("what a run knows of itself it can return"),
      ),
      None => return false,
    }
    true
  }
}

pub fn shadowed(name: &Name, taken: Span) -> Diagnostic {
  Diagnostic::new(&codes::SHADOWED, format!("`{}` hides another name", name.value))
    .label(name.span, "this one")
    .label(taken, "the other one")
    .help("give one of them another name")
}
