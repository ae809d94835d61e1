//! What the whole check shares: symbols, what has been typed so far, findings.

use std::{
  collections::{HashMap, HashSet},
  path::Path,
  rc::Rc,
  sync::Arc,
};

use super::{
  allows::Allows,
  habits,
  marks::Marks,
  mends,
  patterns::{self, Instances, Template},
  policies::WorkerPolicies,
  pools,
  profiles::Replacements,
  reads::WorkerNames,
  symbols::{Space, Symbols, Target, number},
};
use crate::{
  diagnostics::{Diagnostic, Diagnostics, Fix, codes, near},
  hir::{self, Program},
  modules::Loaded,
  source::Span,
  syntax::ast::{Expr, Name},
  types::Type,
  value::Value,
};

/// A contract's two sides, and the name that it is shown by (`Analyze@2`).
#[derive(Clone, Debug)]
pub struct ContractSides {
  pub shown: Arc<str>,
  pub input: Type,
  pub output: Type,
}

/// A constant or function whose type is known.
#[derive(Clone, Debug)]
pub enum TypedLet {
  Constant {
    id: hir::ConstantId,
    ty: Type,
  },
  Function {
    id: hir::FunctionId,
  },
  /// Said already.
  Broken,
}

/// What stands in the place of a constant's value.
#[derive(Clone, Debug)]
pub enum Replaced<'a> {
  /// An expression of a module.
  Expr { module: usize, value: &'a Expr },
  /// A value of this type.
  Value(Value, Type),
}

/// The check of one program, in the order of `analysis::check`.
pub struct Checker<'a> {
  pub loaded: &'a Loaded,
  pub symbols: Symbols<'a>,
  pub findings: Diagnostics,
  pub program: Program,
  /// By number of `Target::Type`, names on the outside.
  pub types: Vec<Type>,
  /// By number of `Target::Contract`.
  pub contracts: Vec<ContractSides>,
  /// By number of `Target::Let`.
  pub lets: Vec<Option<TypedLet>>,
  /// By worker.
  pub worker_policies: Vec<WorkerPolicies>,
  /// By number of `Target::Pool`.
  pub pools: Vec<pools::Seen<'a>>,
  /// Constants with another value than the one written.
  pub replaced: HashMap<usize, Replaced<'a>>,
  /// Module-level things that something uses.
  pub used: HashSet<Target>,
  /// Names of each module that something in it uses.
  pub used_names: HashSet<(usize, Space, String)>,
  /// Workers called somewhere without a timeout of that place.
  pub untimed: HashMap<hir::WorkerId, Option<Span>>,
  /// Names that stand for workers where values could stand.
  pub worker_names: WorkerNames,
  /// By number of `Target::Pattern`.
  pub templates: Vec<Rc<Template>>,
  pub instances: Instances,
  /// What the names of the pattern at hand stand for.
  pub scope: patterns::Scope,
  /// The parameters of the pattern at hand that its types read.
  pub read_by_types: HashSet<String>,
  /// Something calls itself: what would be made of patterns has no end.
  pub circular: bool,
  /// Names in unions that can only be texts without their quotes.
  pub texts: HashSet<Span>,
  pub allows: Allows,
  /// What is learned of places, where somebody asks.
  pub marks: Option<Marks>,
}

impl<'a> Checker<'a> {
  pub fn new(loaded: &'a Loaded, replacements: &Replacements<'a>) -> Self {
    let mut findings = Diagnostics::default();
    let mut symbols = Symbols::collect(loaded, &mut findings);
    let allows = Allows::collect(loaded, |finding| findings.push(finding));
    replacements.apply(&mut symbols);
    let modules = loaded.modules.iter().map(|module| hir::Module {
      source: module.source,
      file: file_name(&loaded.sources.get(module.source).path),
      doc: module.ast.doc.clone(),
      directory: module.directory.clone(),
    });
    let program = Program {
      modules: modules.collect(),
      ..Program::default()
    };
    let lets = vec![None; symbols.lets.len()];
    let worker_names = super::call_graph::worker_names(&symbols);
    Self {
      loaded,
      symbols,
      findings,
      program,
      types: Vec::new(),
      contracts: Vec::new(),
      lets,
      worker_policies: Vec::new(),
      pools: Vec::new(),
      replaced: replacements.constants.clone(),
      used: HashSet::new(),
      used_names: HashSet::new(),
      untimed: HashMap::new(),
      worker_names,
      templates: Vec::new(),
      instances: Instances::default(),
      scope: patterns::Scope::default(),
      read_by_types: HashSet::new(),
      circular: false,
      texts: HashSet::new(),
      allows,
      marks: None,
    }
  }

  pub fn finish(mut self) -> (Program, Diagnostics) {
    self.declare_types();
    self.findings.0 = patterns::merged(self.findings.0);
    (self.program, self.findings)
  }

  /// Types and contracts as the program shows them to others.
  fn declare_types(&mut self) {
    let symbols = &self.symbols;
    let types = symbols.types.iter().zip(&symbols.type_names).zip(&self.types);
    let types = types.map(|((declared, name), ty)| hir::TypeDeclaration {
      name: name.value.as_str().into(),
      module: hir::ModuleId(number(declared.module)),
      doc: declared.item.doc.clone(),
      ty: ty.clone(),
    });
    let contracts = symbols.contracts.iter().zip(&self.contracts);
    let contracts = contracts.map(|(declared, sides)| hir::Contract {
      name: sides.shown.clone(),
      module: hir::ModuleId(number(declared.module)),
      doc: declared.item.doc.clone(),
      input: sides.input.clone(),
      output: sides.output.clone(),
    });
    let secrets = symbols.secrets.iter().zip(&symbols.secret_names);
    let secrets = secrets.map(|(declared, name)| hir::Secret {
      name: name.value.as_str().into(),
      module: hir::ModuleId(number(declared.module)),
      variable: declared.it.value.as_str().into(),
    });
    let profiles = symbols.profiles.iter().zip(&symbols.profile_names);
    let profiles = profiles.filter(|(declared, _)| declared.module == 0);
    self.program.profiles = profiles.map(|(_, name)| name.value.as_str().into()).collect();
    self.program.secrets = secrets.collect();
    self.program.types = types.collect();
    self.program.contracts = contracts.collect();
  }

  pub fn say(&mut self, mut finding: Diagnostic) {
    self.allows.lift(&mut finding);
    self.findings.push(finding);
  }

  /// What a name of a module stands for, marked as used; says it where it stands for nothing.
  pub fn resolve(&mut self, module: usize, space: Space, name: &Name, what: &str) -> Vec<Target> {
    if let Some(targets) = self.lookup(module, space, &name.value, name.span) {
      return targets;
    }
    if !self.findings.is_full() && !self.symbols.may_be_imported(module) {
      let finding = self.unknown(module, space, name, what);
      self.say(finding);
    }
    vec![Target::Broken]
  }

  /// As `resolve`, without a word; `span` is where the name stands.
  pub fn lookup(&mut self, module: usize, space: Space, name: &str, span: Span) -> Option<Vec<Target>> {
    let entry = self.symbols.find(module, space, name)?;
    if let Some(marks) = &mut self.marks {
      marks.named(span, self.symbols.given(entry));
    }
    self.used.extend(entry.targets.iter().copied());
    self.used_names.insert((module, space, name.to_owned()));
    Some(entry.targets.clone())
  }

  fn unknown(&self, module: usize, space: Space, name: &Name, what: &str) -> Diagnostic {
    let finding = Diagnostic::new(&codes::UNKNOWN_NAME, format!("there is no {what} `{}`", name.value))
      .label(name.span, "not defined");
    let is_type = space == Space::Type;
    let builtin: &[&str] = if is_type { super::type_exprs::BUILTIN } else { &[] };
    let own = near(&name.value, self.symbols.names(module, space));
    if let (None, true, Some(habit)) = (own, is_type, habits::ty(&name.value)) {
      return habit.told(finding, name.span);
    }
    let all = self.symbols.names(module, space).chain(builtin.iter().copied());
    if let Some(near) = near(&name.value, all) {
      return finding.meant(name.span, near);
    }
    match self.elsewhere(module, space, &name.value) {
      Some(other) => self.to_import(finding, module, other, name),
      None if is_type && name.value.starts_with(|c: char| c.is_ascii_lowercase()) => {
        let text = format!("\"{}\"", name.value);
        let finding = finding.help(format!("one text as a type stands in quotes: `{text}`"));
        if self.texts.contains(&name.span) {
          finding.fix(Fix::write(name.span, text))
        } else {
          finding
        }
      }
      None => finding,
    }
  }

  /// Says that another module declares the name.
  pub fn to_import(&self, finding: Diagnostic, module: usize, other: usize, name: &Name) -> Diagnostic {
    let source = self.loaded.sources.get(self.loaded.modules[other].source);
    let path = match self.loaded.modules[other].standard {
      true => source.path.to_string_lossy(),
      false => source.name.as_str().into(),
    };
    let finding = finding.help(format!("`{path}` declares one: import it"));
    match mends::import(self.loaded, module, other, &name.value) {
      Some(fix) => finding.fix(fix),
      None => finding,
    }
  }

  /// Another module of the program that declares the name.
  pub fn elsewhere(&self, module: usize, space: Space, name: &str) -> Option<usize> {
    let mut others = (0..self.loaded.modules.len()).filter(|other| *other != module);
    others.find(|other| {
      self
        .symbols
        .find(*other, space, name)
        .is_some_and(|entry| !entry.imported)
    })
  }

  /// Says it where a type does not fit; `what` names the place: `the argument \`repo\``.
  pub fn mismatch(&mut self, span: Span, found: &Type, expected: &Type, what: &str) {
    if found.is_unknown() || expected.is_unknown() {
      return;
    }
    let Err(misfit) = crate::types::fits_from(found, expected) else {
      return;
    };
    if found.holds_secret() {
      return self.say(super::secrets::leak(span, what));
    }
    if *found.resolved() == Type::Null && !expected.accepts_null() {
      let finding = Diagnostic::new(
        &codes::MAYBE_NULL,
        format!("{what} is null, where `{expected}` is expected"),
      );
      let finding = finding.label(span, "this is `null`");
      return self.say(finding.help("what gives something says so: `worker f() -> T`; what may be null is `T?`"));
    }
    if found.accepts_null() && !expected.accepts_null() && crate::types::fits(&found.without_null(), expected) {
      return self.say(maybe_null(span, found, what));
    }
    let place = if misfit.path.is_empty() {
      String::new()
    } else {
      format!(" at `{}`", misfit.path)
    };
    let mut finding = Diagnostic::new(
      &codes::MISMATCH,
      format!("{what} does not fit{place}: {}", misfit.reason),
    )
    .label(span, format!("this is `{found}`"));
    let written = self.loaded.sources.text(span);
    if let Some(fix) = mends::literal(written, span, found, expected) {
      finding = finding.fix(fix);
    }
    if let Some(help) = habits::conversion(found, expected) {
      finding = finding.help(help);
    } else if crate::types::castable(found, expected) {
      finding = finding.help(format!("`... as {expected}` checks it at run time"));
    }
    self.say(finding);
  }
}

fn file_name(path: &Path) -> Arc<str> {
  path.file_name().unwrap_or_default().to_string_lossy().into()
}

/// What is said of a value that can't be taken where it stands: it may be null, or is something else altogether.
pub fn not_taken(null: bool, message: impl Into<String>) -> Diagnostic {
  let code = if null { &codes::MAYBE_NULL } else { &codes::BAD_OPERAND };
  Diagnostic::new(code, message)
}

fn maybe_null(span: Span, found: &Type, what: &str) -> Diagnostic {
  Diagnostic::new(&codes::MAYBE_NULL, format!("{what} may be null"))
    .label(span, format!("this is `{found}`"))
    .help("give a default (`x ?? default`), or test it first (`require x != null`, `if x != null then ...`)")
}
