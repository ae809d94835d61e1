//! What each module's names stand for: declarations and imports, in four name spaces.

use std::collections::HashMap;

use super::calls::WORDS;
use crate::{
  diagnostics::{Diagnostic, Diagnostics, codes, near},
  hir::{Builtin, LimitId, OrchestratorId, PoolId, WorkerId},
  modules::Loaded,
  source::{Span, Spanned},
  syntax::ast::{self, ItemKind, Name},
};

/// Names of different spaces never clash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
  /// Workers, orchestrators, patterns, functions.
  Callable,
  /// Constants; parameters and steps live in inner scopes.
  Value,
  /// Types and contracts.
  Type,
  Limit,
  /// Named groups of settings.
  Group,
  Profile,
  Pool,
}

impl Space {
  pub const ALL: [Space; 7] = [
    Space::Callable,
    Space::Value,
    Space::Type,
    Space::Limit,
    Space::Group,
    Space::Profile,
    Space::Pool,
  ];
}

/// What a name stands for. Patterns, lets, types and contracts are numbered over all modules in order of declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
  Worker(WorkerId),
  Orchestrator(OrchestratorId),
  Pattern(usize),
  /// A function in the callable space, a constant in the value space.
  Let(usize),
  Type(usize),
  Contract(usize),
  Limit(LimitId),
  Group(usize),
  Profile(usize),
  Pool(PoolId),
  Secret(usize),
  /// It did not parse, or its module could not be read: said already.
  Broken,
}

/// One name in one module.
#[derive(Clone, Debug)]
pub struct Entry {
  /// More than one only for the versions of a contract.
  pub targets: Vec<Target>,
  /// Where the name was given.
  pub span: Span,
  pub imported: bool,
}

/// A declaration and where it stands.
pub struct Declared<'a, T> {
  pub module: usize,
  pub item: &'a ast::Item,
  pub it: &'a T,
}

impl<T> Clone for Declared<'_, T> {
  fn clone(&self) -> Self {
    *self
  }
}

impl<T> Copy for Declared<'_, T> {}

/// One module's names, by space.
type Table<'a> = HashMap<Space, HashMap<&'a str, Entry>>;

/// All declarations of a program, and each module's names.
#[derive(Default)]
pub struct Symbols<'a> {
  pub workers: Vec<Declared<'a, ast::Worker>>,
  pub orchestrators: Vec<Declared<'a, ast::Orchestrator>>,
  pub patterns: Vec<Declared<'a, ast::PatternTemplate>>,
  pub lets: Vec<Declared<'a, ast::Let>>,
  pub types: Vec<Declared<'a, ast::TypeExpr>>,
  pub type_names: Vec<&'a Name>,
  pub contracts: Vec<Declared<'a, ast::Contract>>,
  pub limits: Vec<Declared<'a, Vec<ast::Policy>>>,
  pub limit_names: Vec<&'a Name>,
  pub groups: Vec<Declared<'a, Vec<ast::Policy>>>,
  pub group_names: Vec<&'a Name>,
  /// Names of secrets, each with the variable that holds it.
  pub secrets: Vec<Declared<'a, Spanned<String>>>,
  pub secret_names: Vec<&'a Name>,
  pub triggers: Vec<Declared<'a, ast::Trigger>>,
  pub profiles: Vec<Declared<'a, Vec<(Name, ast::Expr)>>>,
  pub profile_names: Vec<&'a Name>,
  /// The list of members of each.
  pub pools: Vec<Declared<'a, ast::Expr>>,
  pub pool_names: Vec<&'a Name>,
  names: Vec<Table<'a>>,
  /// Modules with an import that did not parse and shows no names.
  any: std::collections::HashSet<usize>,
  /// Where imports give names of their own.
  aliases: std::collections::HashSet<Span>,
}

impl<'a> Symbols<'a> {
  /// Collects declarations, then resolves imports; says duplicates and names that are not there to import.
  pub fn collect(loaded: &'a Loaded, findings: &mut Diagnostics) -> Self {
    let mut symbols = Symbols::default();
    for (module, read) in loaded.modules.iter().enumerate() {
      symbols.names.push(HashMap::new());
      for item in &read.ast.items {
        symbols.declare(module, item, findings);
        if let ItemKind::Broken { any: true, .. } = item.kind {
          symbols.any.insert(module);
        }
      }
    }
    let declared = symbols.names.clone();
    for (module, read) in loaded.modules.iter().enumerate() {
      let imports = read.ast.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Import(import) => Some(import),
        _ => None,
      });
      for (import, from) in imports.zip(&read.imports) {
        let exports = from.map(|from| &declared[from]);
        for name in &import.names {
          symbols.import(module, name, exports, &import.path.value, findings);
        }
      }
    }
    symbols
  }

  fn declare(&mut self, module: usize, item: &'a ast::Item, findings: &mut Diagnostics) {
    let (space, name, target) = match &item.kind {
      ItemKind::Import(_) | ItemKind::Defaults { name: None, .. } | ItemKind::Test(_) => return,
      ItemKind::Trigger(it) => return self.triggers.push(Declared { module, item, it }),
      ItemKind::Defaults {
        name: Some(name),
        policies: it,
        ..
      } => {
        self.group_names.push(name);
        let at = push(&mut self.groups, Declared { module, item, it });
        (Space::Group, name, Target::Group(at))
      }
      ItemKind::PatternTemplate(it) => {
        let at = push(&mut self.patterns, Declared { module, item, it });
        (Space::Callable, &it.name, Target::Pattern(at))
      }
      ItemKind::Broken { names, .. } => return names.iter().for_each(|name| self.declare_broken(module, name)),
      ItemKind::Type { name, ty } => {
        self.type_names.push(name);
        let at = push(&mut self.types, Declared { module, item, it: ty });
        (Space::Type, name, Target::Type(at))
      }
      ItemKind::Let(it) => {
        let function = it.params.is_some();
        let space = if function { Space::Callable } else { Space::Value };
        let at = push(&mut self.lets, Declared { module, item, it });
        (space, &it.name, Target::Let(at))
      }
      ItemKind::Contract(it) => {
        let at = push(&mut self.contracts, Declared { module, item, it });
        (Space::Type, &it.name, Target::Contract(at))
      }
      ItemKind::Worker(it) => {
        let at = push(&mut self.workers, Declared { module, item, it });
        (Space::Callable, &it.name, Target::Worker(WorkerId(number(at))))
      }
      ItemKind::Orchestrator(it) => {
        let at = push(&mut self.orchestrators, Declared { module, item, it });
        let target = Target::Orchestrator(OrchestratorId(number(at)));
        (Space::Callable, &it.name, target)
      }
      ItemKind::Profile { name, replacements: it } => {
        self.profile_names.push(name);
        let at = push(&mut self.profiles, Declared { module, item, it });
        (Space::Profile, name, Target::Profile(at))
      }
      ItemKind::Pool { name, members: it } => {
        self.pool_names.push(name);
        let at = push(&mut self.pools, Declared { module, item, it });
        (Space::Pool, name, Target::Pool(PoolId(number(at))))
      }
      ItemKind::Secret { name, variable: it } => {
        self.secret_names.push(name);
        let at = push(&mut self.secrets, Declared { module, item, it });
        (Space::Value, name, Target::Secret(at))
      }
      ItemKind::Limit { name, policies: it } => {
        self.limit_names.push(name);
        let at = push(&mut self.limits, Declared { module, item, it });
        (Space::Limit, name, Target::Limit(LimitId(number(at))))
      }
    };
    self.bind(module, space, name, vec![target], false, findings);
  }

  /// An item that did not parse could have been anything.
  fn declare_broken(&mut self, module: usize, name: &'a Name) {
    for space in Space::ALL {
      let names = self.names[module].entry(space).or_default();
      names.entry(&name.value).or_insert_with(|| Entry {
        targets: vec![Target::Broken],
        span: name.span,
        imported: false,
      });
    }
  }

  fn bind(
    &mut self,
    module: usize,
    space: Space,
    name: &'a Name,
    targets: Vec<Target>,
    imported: bool,
    findings: &mut Diagnostics,
  ) {
    if space == Space::Callable && (Builtin::find(&name.value).is_some() || WORDS.contains(&name.value.as_str())) {
      let finding = Diagnostic::new(
        &codes::SHADOWED,
        format!("`{}` is a function of the language", name.value),
      )
      .label(name.span, "would hide it")
      .help("give it another name");
      findings.push(finding);
    }
    let own = self.names[module].entry(space).or_default();
    let Some(entry) = own.get_mut(name.value.as_str()) else {
      own.insert(
        &name.value,
        Entry {
          targets,
          span: name.span,
          imported,
        },
      );
      return;
    };
    if entry.targets.contains(&Target::Broken) {
      return;
    }
    let versions = |targets: &[Target]| targets.iter().all(|target| matches!(target, Target::Contract(_)));
    if versions(&entry.targets) && versions(&targets) {
      let version = |target: &Target| match target {
        Target::Contract(id) => self.contracts[*id].it.version.as_ref().map(|version| version.value),
        _ => None,
      };
      if !entry
        .targets
        .iter()
        .any(|own| targets.iter().any(|new| version(own) == version(new)))
      {
        entry.targets.extend(targets);
        return;
      }
    }
    let first = entry.span;
    findings.push(duplicate(name, first));
  }

  fn import(
    &mut self,
    module: usize,
    imported: &'a ast::ImportedName,
    exports: Option<&Table<'a>>,
    path: &str,
    findings: &mut Diagnostics,
  ) {
    let own = imported.alias.as_ref().unwrap_or(&imported.name);
    self.aliases.extend(imported.alias.as_ref().map(|alias| alias.span));
    let mut found = false;
    for space in Space::ALL {
      let targets = match exports {
        None => Some(vec![Target::Broken]),
        Some(exports) => exports
          .get(&space)
          .and_then(|names| names.get(imported.name.value.as_str()))
          .map(|entry| entry.targets.clone()),
      };
      if let Some(targets) = targets {
        found = true;
        self.bind(module, space, own, targets, true, findings);
      }
    }
    if let (false, Some(exports)) = (found, exports) {
      let name = &imported.name;
      let message = format!("`{path}` declares no `{}`", name.value);
      let finding = Diagnostic::new(&codes::UNKNOWN_EXPORT, message).label(name.span, "not declared there");
      let names = || exports.values().flat_map(|names| names.keys().copied());
      findings.push(match near(&name.value, names()) {
        Some(near) => finding.meant(name.span, near),
        None => finding.help(format!("it declares {}", listed(names()))),
      });
      for space in [Space::Callable, Space::Value, Space::Type, Space::Pool] {
        self.bind(module, space, own, vec![Target::Broken], true, findings);
      }
    }
  }

  /// Lets every name that stands for one thing stand for another.
  pub fn replace(&mut self, replacements: &HashMap<Target, Target>) {
    let tables = self.names.iter_mut().flat_map(HashMap::values_mut);
    for target in tables
      .flat_map(HashMap::values_mut)
      .flat_map(|entry| &mut entry.targets)
    {
      if let Some(new) = replacements.get(target) {
        *target = *new;
      }
    }
  }

  /// Whether a name that is not there may be one of an import that could not be read.
  pub fn may_be_imported(&self, module: usize) -> bool {
    self.any.contains(&module)
  }

  /// What a name stands for in a module.
  pub fn find(&self, module: usize, space: Space, name: &str) -> Option<&Entry> {
    self.names[module].get(&space)?.get(name)
  }

  /// Where a name was given: at the declaration, or where an import gives it a name of its own.
  pub fn given(&self, entry: &Entry) -> Span {
    match entry.targets.first() {
      Some(target) if !self.aliases.contains(&entry.span) => self.declared_at(*target).unwrap_or(entry.span),
      _ => entry.span,
    }
  }

  /// Where the name of a declaration stands.
  pub fn declared_at(&self, target: Target) -> Option<Span> {
    Some(match target {
      Target::Worker(id) => self.workers[id.0 as usize].it.name.span,
      Target::Orchestrator(id) => self.orchestrators[id.0 as usize].it.name.span,
      Target::Pattern(at) => self.patterns[at].it.name.span,
      Target::Let(at) => self.lets[at].it.name.span,
      Target::Type(at) => self.type_names[at].span,
      Target::Contract(at) => self.contracts[at].it.name.span,
      Target::Limit(id) => self.limit_names[id.0 as usize].span,
      Target::Group(at) => self.group_names[at].span,
      Target::Profile(at) => self.profile_names[at].span,
      Target::Pool(id) => self.pool_names[id.0 as usize].span,
      Target::Secret(at) => self.secret_names[at].span,
      Target::Broken => return None,
    })
  }

  /// All names of a space in a module.
  pub fn names(&self, module: usize, space: Space) -> impl Iterator<Item = &str> {
    self.names[module]
      .get(&space)
      .into_iter()
      .flat_map(|names| names.keys().copied())
  }

  /// The imported names of a module, with the place of each.
  pub fn imported(&self, module: usize) -> impl Iterator<Item = (&str, Space, &Entry)> {
    let all = self.names[module]
      .iter()
      .flat_map(|(space, names)| names.iter().map(|(name, entry)| (*name, *space, entry)));
    all.filter(|(_, _, entry)| entry.imported)
  }
}

/// The number that the new member has.
fn push<T>(all: &mut Vec<T>, new: T) -> usize {
  all.push(new);
  all.len() - 1
}

/// A program's text is bounded far below this.
pub fn number(at: usize) -> u32 {
  u32::try_from(at).unwrap_or(u32::MAX)
}

/// Up to eight names by the alphabet, for a help text.
pub fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
  let mut names: Vec<&str> = names.collect();
  names.sort_unstable();
  names.dedup();
  in_order(names.into_iter())
}

/// Up to eight names as they come, for a help text.
pub fn in_order<'n>(names: impl Iterator<Item = &'n str>) -> String {
  let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
  match names.as_slice() {
    [] => "nothing".into(),
    names if names.len() > 8 => format!("{} and {} more", names[..8].join(", "), names.len() - 8),
    names => names.join(", "),
  }
}

pub fn duplicate(name: &Name, first: Span) -> Diagnostic {
  Diagnostic::new(&codes::DUPLICATE, format!("`{}` is defined twice", name.value))
    .label(name.span, "again here")
    .label(first, "first here")
    .help("give one of them another name")
}
