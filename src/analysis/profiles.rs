//! Profiles: what `--profile` puts in the place of workers, orchestrators and constants, and `--set` in that of
//! constants. A program is checked as it is written and once under each profile, so what holds of one holds of all.

use std::{collections::HashMap, fmt};

use super::{
  checker::{Checker, Replaced, TypedLet},
  names::Body,
  symbols::{Space, Symbols, Target, listed},
};
use crate::{
  diagnostics::{Diagnostic, Diagnostics, codes, nearest},
  hir::{Param, Program},
  modules::Loaded,
  source::Span,
  syntax::ast::{Expr, ExprKind, Name, Test, TestLineKind},
  types::{self, Type},
  value::from_text,
};

/// In which of its forms a program is wanted; the default is as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variant {
  /// A profile of the root module.
  pub profile: Option<String>,
  /// Constants of the root module, with the texts of their values; the last one counts. They win over the profile.
  pub set: Vec<(String, String)>,
  /// What the `profile` and `set` lines of a test say, by its index in [`Program::tests`].
  pub test: Option<usize>,
}

impl Variant {
  pub fn of_test(test: usize) -> Self {
    Variant {
      test: Some(test),
      ..Variant::default()
    }
  }

  pub fn is_as_written(&self) -> bool {
    *self == Variant::default()
  }
}

/// Why a program has no such form: one line that stands alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantError(pub String);

impl fmt::Display for VariantError {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&self.0)
  }
}

/// What a form of the program puts in the place of what is written.
#[derive(Clone, Debug, Default)]
pub struct Replacements<'a> {
  callables: HashMap<Target, Target>,
  pub constants: HashMap<usize, Replaced<'a>>,
}

impl<'a> Replacements<'a> {
  /// Every name that stood for what is replaced stands for the replacement.
  pub fn apply(&self, symbols: &mut Symbols<'a>) {
    symbols.replace(&self.callables);
  }
}

/// The replacements of a form. `base` has checked the program as it is written, and found nothing that refuses it.
///
/// # Errors
/// There is no such profile or constant, or a value does not fit.
pub fn replacements<'a>(base: &Checker<'a>, variant: &Variant) -> Result<Replacements<'a>, VariantError> {
  let mut all = match &variant.profile {
    None => Replacements::default(),
    Some(name) => {
      let found = base.symbols.find(0, Space::Profile, name);
      let Some([Target::Profile(at)]) = found.map(|entry| &entry.targets[..]) else {
        return Err(unknown("profile", name, base.symbols.names(0, Space::Profile)));
      };
      of_profile(&base.symbols, *at)
    }
  };
  if let Some((module, test)) = variant
    .test
    .and_then(|at| super::test_items::tests(base.loaded).nth(at))
  {
    all = of_test(&base.symbols, module, test);
  }
  for (name, text) in &variant.set {
    let (at, replaced) = set(base, name, text)?;
    all.constants.insert(at, replaced);
  }
  Ok(all)
}

fn unknown<'n>(what: &str, name: &str, names: impl Iterator<Item = &'n str>) -> VariantError {
  let names: Vec<&str> = names.collect();
  VariantError(match nearest(name, names.iter().copied()) {
    Some(near) => format!("there is no {what} `{name}`; did you mean `{near}`?"),
    None => format!("there is no {what} `{name}`; there is {}", listed(names.into_iter())),
  })
}

fn set<'a>(base: &Checker<'a>, name: &str, text: &str) -> Result<(usize, Replaced<'a>), VariantError> {
  let found = base.symbols.find(0, Space::Value, name);
  let Some([Target::Let(at)]) = found.map(|entry| &entry.targets[..]) else {
    return Err(unknown("constant", name, base.symbols.names(0, Space::Value)));
  };
  let ty = base.replaceable(*at);
  let value = from_text(text, &ty);
  let value = value.map_err(|reason| VariantError(format!("`{name}` takes {ty}: {reason}")))?;
  Ok((*at, Replaced::Value(value, ty)))
}

/// What the entries of a profile replace; those that are wrong are said by `check_profiles`.
fn of_profile<'a>(symbols: &Symbols<'a>, at: usize) -> Replacements<'a> {
  let declared = symbols.profiles[at];
  let mut all = Replacements::default();
  for (name, value) in declared.it {
    match replaced(symbols, declared.module, name, value) {
      Some((old @ (Target::Worker(_) | Target::Orchestrator(_)), Some(new))) => _ = all.callables.insert(old, new),
      Some((Target::Let(constant), None)) => {
        let module = declared.module;
        all.constants.insert(constant, Replaced::Expr { module, value });
      }
      _ => {}
    }
  }
  all
}

/// What a test wants instead of what is written; lines that are wrong are said by `check_tests`.
pub fn of_test<'a>(symbols: &Symbols<'a>, module: usize, test: &'a Test) -> Replacements<'a> {
  let profile = test.lines.iter().find_map(|line| match &line.kind {
    TestLineKind::Profile(name) => symbols.find(module, Space::Profile, &name.value),
    _ => None,
  });
  let mut all = match profile.map(|entry| &entry.targets[..]) {
    Some([Target::Profile(at)]) => of_profile(symbols, *at),
    _ => Replacements::default(),
  };
  for line in &test.lines {
    if let TestLineKind::Set { name, value } = &line.kind
      && let Some([Target::Let(at)]) = symbols
        .find(module, Space::Value, &name.value)
        .map(|entry| &entry.targets[..])
    {
      all.constants.insert(*at, Replaced::Expr { module, value });
    }
  }
  all
}

/// What an entry replaces: a worker or orchestrator with what takes its place, or a constant.
fn replaced(symbols: &Symbols<'_>, module: usize, name: &Name, value: &Expr) -> Option<(Target, Option<Target>)> {
  let one = |space: Space, name: &str| match symbols.find(module, space, name)?.targets[..] {
    [target] => Some(target),
    _ => None,
  };
  let new = match &value.kind {
    ExprKind::Name(name) => one(Space::Callable, name),
    _ => None,
  };
  let constant = one(Space::Value, &name.value);
  match (one(Space::Callable, &name.value), constant) {
    (Some(callable), None) => Some((callable, new)),
    (Some(callable), Some(_)) if new.is_some() => Some((callable, new)),
    (_, constant) => Some((constant?, None)),
  }
}

impl<'a> Checker<'a> {
  /// Each entry of each profile: it names what is there, and puts something in its place that fits.
  pub fn check_profiles(&mut self) {
    for at in 0..self.symbols.profiles.len() {
      let declared = self.symbols.profiles[at];
      let mut seen: HashMap<&str, Span> = HashMap::new();
      for (name, value) in declared.it {
        match seen.insert(&name.value, name.span) {
          Some(first) => {
            let finding = Diagnostic::new(&codes::DUPLICATE, format!("`{}` is replaced twice", name.value));
            self.say(finding.label(name.span, "again here").label(first, "first here"));
          }
          None => self.check_replacement(declared.module, name, value),
        }
      }
    }
  }

  fn check_replacement(&mut self, module: usize, name: &Name, value: &Expr) {
    match replaced(&self.symbols, module, name, value) {
      Some((old @ (Target::Worker(_) | Target::Orchestrator(_)), new)) => {
        self.lookup(module, Space::Callable, &name.value, name.span);
        match (new, &value.kind) {
          (Some(Target::Worker(_) | Target::Orchestrator(_)), ExprKind::Name(other)) => {
            self.lookup(module, Space::Callable, other, value.span);
            self.check_stand_in(old, new.unwrap_or(Target::Broken), name, value.span);
          }
          (Some(Target::Broken), _) => {}
          (None, ExprKind::Name(other)) if self.symbols.find(module, Space::Value, other).is_none() => {
            let other = Name {
              value: other.clone(),
              span: value.span,
            };
            self.resolve(module, Space::Callable, &other, "worker or orchestrator");
          }
          _ => self.no_stand_in(name, value.span),
        }
      }
      Some((Target::Let(at), None)) if self.symbols.lets[at].it.params.is_none() => {
        self.lookup(module, Space::Value, &name.value, name.span);
        let wanted = self.replaceable(at);
        let what = format!("what replaces `{}`", name.value);
        Body::new(self, module).check(value, &wanted, &what);
      }
      Some((Target::Let(_), _)) => {
        let finding = Diagnostic::new(&codes::WRONG_KIND, format!("`{}` is a function", name.value));
        self.say(
          finding
            .label(name.span, "can't be replaced")
            .help("a profile replaces workers, orchestrators and constants"),
        );
      }
      Some(_) => {}
      None => self.nothing_to_replace(module, name),
    }
  }

  fn nothing_to_replace(&mut self, module: usize, name: &Name) {
    if self.symbols.may_be_imported(module) {
      return;
    }
    let message = format!("there is no worker, orchestrator or constant `{}`", name.value);
    let finding = Diagnostic::new(&codes::UNKNOWN_NAME, message).label(name.span, "nothing to replace");
    let spaces = [Space::Callable, Space::Value].into_iter();
    let names = spaces.flat_map(|space| self.symbols.names(module, space));
    let finding = match nearest(&name.value, names) {
      Some(near) => finding.help(format!("there is `{near}`")),
      None => finding,
    };
    self.say(finding);
  }

  fn no_stand_in(&mut self, name: &Name, span: Span) {
    let message = format!("`{}` is replaced by the name of a worker or orchestrator", name.value);
    let finding = Diagnostic::new(&codes::WRONG_KIND, message).label(span, "not the name of one");
    self.say(finding.help(format!("declare one that fits, and write `{} = other`", name.value)));
  }

  /// Whoever calls the old one by position can call the new one.
  fn check_stand_in(&mut self, old: Target, new: Target, name: &Name, span: Span) {
    let (Some(old), Some(new)) = (signature(&self.program, old), signature(&self.program, new)) else {
      return;
    };
    let Err(reason) = new.stands_in_for(&old) else { return };
    let message = format!("this does not fit what it replaces: {reason}");
    let finding = Diagnostic::new(&codes::MISMATCH, message)
      .label(span, "takes its place")
      .label(name.span, "what is replaced");
    self.say(finding);
  }

  /// The type that another value of a constant must have: the one written, else that of its value without literals.
  pub fn replaceable(&self, at: usize) -> Type {
    match &self.lets[at] {
      Some(TypedLet::Constant { ty, .. }) if self.symbols.lets[at].it.ty.is_some() => ty.clone(),
      Some(TypedLet::Constant { ty, .. }) => types::widen(ty),
      _ => Type::Unknown,
    }
  }

  /// What is wrong only in the form that a test of the root module wants, where that is not a profile alone.
  pub fn check_under_tests(&mut self, loaded: &'a Loaded) {
    for (module, test) in super::test_items::tests(loaded) {
      let sets = test
        .lines
        .iter()
        .any(|line| matches!(line.kind, TestLineKind::Set { .. }));
      if module == 0 && sets {
        let form = of_test(&self.symbols, module, test);
        self.check_form(loaded, &form, test.name.span, "in the form that this test wants");
      }
    }
  }

  /// What is wrong only in another form.
  fn check_form(&mut self, loaded: &'a Loaded, form: &Replacements<'a>, asked: Span, why: &str) {
    let (_, found) = super::checked(loaded, form);
    self.allows.also_used(&found.0);
    let refusing = found.0.into_iter().filter(Diagnostic::refuses);
    let labelled = refusing.map(|finding| finding.label(asked, why));
    self.findings.extend(Diagnostics(labelled.collect()));
  }

  /// What is wrong only under a profile of the root module. The program as it is written has nothing that refuses it.
  pub fn check_under_profiles(&mut self, loaded: &'a Loaded) {
    for at in 0..self.symbols.profiles.len() {
      let (declared, name) = (self.symbols.profiles[at], self.symbols.profile_names[at]);
      if declared.module != 0 {
        continue;
      }
      let form = of_profile(&self.symbols, at);
      self.check_form(loaded, &form, name.span, "under this profile");
    }
  }
}

/// What is seen of a worker or orchestrator from outside.
struct Seen<'p> {
  params: &'p [Param],
  output: &'p Type,
}

fn signature(program: &Program, target: Target) -> Option<Seen<'_>> {
  Some(match target {
    Target::Worker(id) => {
      let worker = program.worker(id);
      Seen {
        params: &worker.params,
        output: &worker.output,
      }
    }
    Target::Orchestrator(id) => {
      let orchestrator = program.orchestrator(id);
      Seen {
        params: &orchestrator.params,
        output: &orchestrator.output,
      }
    }
    _ => return None,
  })
}

impl Seen<'_> {
  /// Inputs may be wider, outputs narrower; what is more may be left out.
  fn stands_in_for(&self, old: &Seen<'_>) -> Result<(), String> {
    for (at, param) in old.params.iter().enumerate() {
      let Some(own) = self.params.get(at) else {
        return Err(format!("it has no parameter for `{}`", param.name));
      };
      if !types::fits(&param.ty, &own.ty) {
        return Err(format!("`{}` takes `{}`, not `{}`", own.name, own.ty, param.ty));
      }
    }
    let mut more = self.params.iter().skip(old.params.len());
    if let Some(needed) = more.find(|param| param.default.is_none() && !param.optional) {
      return Err(format!("nobody gives it `{}`", needed.name));
    }
    if !types::fits(self.output, old.output) {
      return Err(format!("it gives `{}`, not `{}`", self.output, old.output));
    }
    Ok(())
  }
}
