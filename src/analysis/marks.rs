//! What the check learns of places in the texts: which name stands for what, and what type stands where. For those who
//! ask about places; knows nothing of who asks.

use std::collections::{BTreeMap, HashMap};

use super::{
  checker::Checker,
  symbols::{Space, Symbols},
};
use crate::{
  modules::Loaded,
  source::Span,
  syntax::ast::{self, ItemKind, Name, Param, Signature, TypeExpr, TypeExprKind},
  types::Type,
};

/// What kind of thing has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
  Worker,
  Orchestrator,
  Pattern,
  Function,
  Constant,
  Type,
  Contract,
  Limit,
  Group,
  Profile,
  Pool,
  Secret,
  /// The name that an import gives.
  Alias,
  Parameter,
  TypeParameter,
  /// A field of a contract's input, which is a parameter too.
  Field,
  /// A step, an item, or what else is bound inside.
  Local,
}

/// Something that has a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Symbol {
  pub name: String,
  pub kind: Kind,
  /// Where the name was given. It is what tells symbols apart.
  pub given: Span,
  /// The whole declaration that it is, or is in.
  pub item: Span,
}

/// All that was learned.
#[derive(Debug, Default)]
pub struct Marks {
  /// Each name, by where it stands: where the name was given. More than one where an import brings several things.
  names: BTreeMap<Span, Vec<Span>>,
  types: HashMap<Span, Type>,
  /// By where the name was given.
  symbols: BTreeMap<Span, Symbol>,
  /// Names that are a field and its value at once.
  shorthands: std::collections::HashSet<Span>,
  /// Labels of arguments, with the place of the callee's name.
  labels: Vec<(Span, Name)>,
}

impl Marks {
  /// The name at `span` is the one that was given at `given`.
  pub(super) fn named(&mut self, span: Span, given: Span) {
    let all = self.names.entry(span).or_default();
    if !all.contains(&given) {
      all.push(given);
    }
  }

  pub(super) fn typed(&mut self, span: Span, ty: &Type) {
    if !ty.is_unknown() {
      self.types.insert(span, ty.clone());
    }
  }

  pub(super) fn labelled(&mut self, callee: Span, label: &Name) {
    if self.labels.last().is_none_or(|(_, last)| last.span != label.span) {
      self.labels.push((callee, label.clone()));
    }
  }

  /// The type of what stands exactly at `span`, an expression or a name that is bound.
  pub fn ty(&self, span: Span) -> Option<&Type> {
    self.types.get(&span)
  }

  /// The places of names, each with where the name was given.
  pub fn names(&self) -> impl Iterator<Item = (Span, Span)> {
    let all = self.names.iter();
    all.flat_map(|(span, given)| given.iter().map(|given| (*span, *given)))
  }

  /// The symbols whose name stands at a place of a file, with the place of the name.
  pub fn at(&self, place: Span) -> Vec<(Span, &Symbol)> {
    let near = self
      .names
      .range(
        ..=Span {
          end: u32::MAX,
          start: place.end,
          ..place
        },
      )
      .rev()
      .take(8);
    let near =
      near.filter(|(span, _)| span.source == place.source && span.start <= place.start && place.end <= span.end);
    let mut found: Vec<_> = near
      .flat_map(|(span, given)| given.iter().filter_map(|given| Some((*span, self.symbols.get(given)?))))
      .collect();
    found.dedup_by_key(|(_, symbol)| symbol.given);
    found
  }

  pub(super) fn shorthand(&mut self, span: Span) {
    self.shorthands.insert(span);
  }

  /// Whether a name is a field and its value at once: `{ name }`.
  pub fn is_shorthand(&self, span: Span) -> bool {
    self.shorthands.contains(&span)
  }

  pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
    self.symbols.values()
  }

  pub fn symbol(&self, given: Span) -> Option<&Symbol> {
    self.symbols.get(&given)
  }

  /// The expressions around a place.
  pub fn types_around(&self, place: Span) -> impl Iterator<Item = Span> {
    let all = self.types.keys().copied();
    all.filter(move |span| span.source == place.source && span.start <= place.start && place.end <= span.end)
  }

  /// The innermost expression around a place, with its type.
  pub fn typed_at(&self, place: Span) -> Option<(Span, &Type)> {
    let around = self
      .types
      .iter()
      .filter(|(span, _)| span.source == place.source && span.start <= place.start && place.end <= span.end);
    let (span, ty) = around.min_by_key(|(span, _)| (span.end - span.start, span.start))?;
    Some((*span, ty))
  }

  /// Adds what the declarations themselves say.
  pub(super) fn declare(&mut self, symbols: &Symbols<'_>, loaded: &Loaded) {
    for (at, module) in loaded.modules.iter().enumerate() {
      for item in &module.ast.items {
        self.item(item);
        if let ItemKind::Import(import) = &item.kind {
          self.import(symbols, at, module.imports.as_slice(), loaded, import);
        }
      }
    }
    let versions = symbols
      .contracts
      .iter()
      .map(|declared| (declared.module, &declared.it.name));
    for (module, name) in versions {
      if let Some(entry) = symbols.find(module, Space::Type, &name.value) {
        self.names.insert(name.span, vec![symbols.given(entry)]);
      }
    }
    self.through_contracts(loaded);
    self.locals(loaded);
    self.place_labels(loaded);
  }

  /// Parameters that a contract gives are bound where it is named: they are its fields. Words of the language that are
  /// bound somewhere (`it`, `previous`) are nobody's names.
  fn through_contracts(&mut self, loaded: &Loaded) {
    let items = loaded.modules.iter().flat_map(|module| &module.ast.items);
    let mut inputs: HashMap<Span, Vec<&Name>> = HashMap::new();
    let mut references = Vec::new();
    for item in items {
      match &item.kind {
        ItemKind::Contract(it) => {
          let names = fields(it.input.as_ref()).map(|(name, _)| name);
          inputs.entry(it.name.span).or_default().extend(names);
        }
        ItemKind::Worker(ast::Worker { signature, .. })
        | ItemKind::Orchestrator(ast::Orchestrator { signature, .. }) => {
          references.extend(signature_params(signature).err());
        }
        _ => {}
      }
    }
    let given = |reference: &ast::ContractRef| {
      let given = self.names.get(&reference.name.span)?.first()?;
      Some((reference.span, inputs.get(&self.through_alias(*given))?))
    };
    let contracts: HashMap<Span, &Vec<&Name>> = references.into_iter().filter_map(given).collect();
    let text = |span: Span| loaded.sources.text(span);
    let mut names = std::mem::take(&mut self.names);
    for (span, all) in &mut names {
      let own = text(*span);
      for given in all.iter_mut() {
        let field = contracts
          .get(given)
          .and_then(|names| names.iter().find(|name| name.value == own));
        if let Some(field) = field {
          *given = field.span;
        }
      }
      all.retain(|given| text(*given) == own && own.chars().all(|c| c.is_alphanumeric() || c == '_'));
    }
    names.retain(|_, all| !all.is_empty());
    self.names = names;
  }

  fn define(&mut self, name: &Name, kind: Kind, item: Span) {
    self.named(name.span, name.span);
    self.symbols.insert(
      name.span,
      Symbol {
        name: name.value.clone(),
        kind,
        given: name.span,
        item,
      },
    );
  }

  fn item(&mut self, item: &ast::Item) {
    let (name, kind) = match &item.kind {
      ItemKind::Type { name, .. } => (name, Kind::Type),
      ItemKind::Let(it) => {
        let kind = if it.params.is_some() {
          Kind::Function
        } else {
          Kind::Constant
        };
        it.params
          .iter()
          .flatten()
          .for_each(|param| self.param(param, item.span));
        (&it.name, kind)
      }
      ItemKind::Contract(it) => {
        for (name, _) in fields(it.input.as_ref()) {
          self.define(name, Kind::Field, item.span);
        }
        (&it.name, Kind::Contract)
      }
      ItemKind::Worker(it) => {
        own_params(&it.signature)
          .iter()
          .for_each(|param| self.param(param, item.span));
        (&it.name, Kind::Worker)
      }
      ItemKind::Orchestrator(it) => {
        own_params(&it.signature)
          .iter()
          .for_each(|param| self.param(param, item.span));
        (&it.name, Kind::Orchestrator)
      }
      ItemKind::PatternTemplate(it) => {
        it.type_params
          .iter()
          .for_each(|name| self.define(name, Kind::TypeParameter, item.span));
        it.params.iter().for_each(|param| self.param(param, item.span));
        (&it.name, Kind::Pattern)
      }
      ItemKind::Pool { name, .. } => (name, Kind::Pool),
      ItemKind::Secret { name, .. } => (name, Kind::Secret),
      ItemKind::Profile { name, .. } => (name, Kind::Profile),
      ItemKind::Defaults { name: Some(name), .. } => (name, Kind::Group),
      ItemKind::Limit { name, .. } => (name, Kind::Limit),
      ItemKind::Import(_)
      | ItemKind::Trigger(_)
      | ItemKind::Test(_)
      | ItemKind::Defaults { name: None, .. }
      | ItemKind::Broken { .. } => return,
    };
    self.define(name, kind, item.span);
  }

  fn param(&mut self, param: &Param, item: Span) {
    self.define(&param.name, Kind::Parameter, item);
  }

  fn import(
    &mut self,
    symbols: &Symbols<'_>,
    module: usize,
    targets: &[Option<usize>],
    loaded: &Loaded,
    import: &ast::Import,
  ) {
    let place = loaded.modules[module]
      .import_statements()
      .position(|own| std::ptr::eq(own, import));
    let from = place.and_then(|place| targets.get(place).copied().flatten());
    for name in &import.names {
      if let Some(alias) = &name.alias {
        self.define(alias, Kind::Alias, alias.span);
      }
      let Some(from) = from else { continue };
      for space in Space::ALL {
        if let Some(entry) = symbols.find(from, space, &name.name.value) {
          self.named(name.name.span, symbols.given(entry));
        }
      }
    }
  }

  /// What is bound inside of declarations: names that were given where they stand.
  fn locals(&mut self, loaded: &Loaded) {
    let own: Vec<Span> = self
      .names()
      .filter(|(span, given)| span == given)
      .map(|(span, _)| span)
      .collect();
    for span in own {
      if self.symbols.contains_key(&span) {
        continue;
      }
      let mut modules = loaded.modules.iter();
      let module = modules.find(|module| module.source == span.source);
      let mut items = module.into_iter().flat_map(|module| &module.ast.items);
      let around = items.find(|item| item.span.start <= span.start && span.end <= item.span.end);
      let name = Name::new(loaded.sources.text(span).to_owned(), span);
      self.define(&name, Kind::Local, around.map_or(span, |item| item.span));
    }
  }

  /// A label is the name of a parameter of what is called.
  fn place_labels(&mut self, loaded: &Loaded) {
    let labels = std::mem::take(&mut self.labels);
    if labels.is_empty() {
      return;
    }
    let items = loaded.modules.iter().flat_map(|module| &module.ast.items);
    let mut params: HashMap<Span, Vec<&Name>> = HashMap::new();
    let mut contracts: HashMap<Span, &ast::ContractRef> = HashMap::new();
    for item in items {
      let (name, own) = match &item.kind {
        ItemKind::Worker(it) => (&it.name, signature_params(&it.signature)),
        ItemKind::Orchestrator(it) => (&it.name, signature_params(&it.signature)),
        ItemKind::PatternTemplate(it) => (&it.name, Ok(it.params.as_slice())),
        ItemKind::Let(it) => (&it.name, Ok(it.params.as_deref().unwrap_or_default())),
        ItemKind::Contract(it) => {
          let names = fields(it.input.as_ref()).map(|(name, _)| name).collect();
          params.insert(it.name.span, names);
          continue;
        }
        _ => continue,
      };
      match own {
        Ok(own) => _ = params.insert(name.span, own.iter().map(|param| &param.name).collect()),
        Err(contract) => _ = contracts.insert(name.span, contract),
      }
    }
    for (callee, label) in labels {
      let given = self.names.get(&callee).and_then(|all| all.first()).copied();
      let given = given.map(|given| self.through_alias(given));
      let contract = given.and_then(|given| contracts.get(&given));
      let given = match contract {
        Some(contract) => self.names.get(&contract.name.span).and_then(|all| all.first()).copied(),
        None => given,
      };
      let known = given.and_then(|given| params.get(&self.through_alias(given)));
      let mut meant = known.into_iter().flatten();
      if let Some(name) = meant.find(|name| name.value == label.value) {
        self.named(label.span, name.span);
      }
    }
  }

  /// What an alias stands for: the name that stands just before it.
  pub fn through_alias(&self, given: Span) -> Span {
    if self.symbols.get(&given).is_none_or(|symbol| symbol.kind != Kind::Alias) {
      return given;
    }
    let before = self.names.range(..given).next_back();
    before.and_then(|(_, all)| all.first()).copied().unwrap_or(given)
  }
}

fn own_params(signature: &Signature) -> &[Param] {
  signature_params(signature).unwrap_or_default()
}

fn signature_params(signature: &Signature) -> Result<&[Param], &ast::ContractRef> {
  match signature {
    Signature::Own { params, .. } => Ok(params),
    Signature::Contract(contract) => Err(contract),
  }
}

/// The fields of a record as it is written.
fn fields(ty: Option<&TypeExpr>) -> impl Iterator<Item = (&Name, &TypeExpr)> {
  let fields = match ty.map(|ty| &ty.kind) {
    Some(TypeExprKind::Record { fields, .. }) => fields.as_slice(),
    _ => &[],
  };
  fields.iter().map(|field| (&field.name, &field.ty))
}

impl Checker<'_> {
  /// Notes the type of what stands somewhere, if somebody asks.
  pub(super) fn typed(&mut self, span: Span, ty: &Type) {
    if let Some(marks) = &mut self.marks {
      marks.typed(span, ty);
    }
  }

  /// Notes that a name stands for a parameter of the pattern around it.
  pub(super) fn mark_in_pattern(&mut self, module: usize, name: &Name) {
    let Some(marks) = &mut self.marks else { return };
    let around = self.symbols.patterns.iter().filter(|pattern| pattern.module == module);
    let mut around =
      around.filter(|pattern| pattern.item.span.start <= name.span.start && name.span.end <= pattern.item.span.end);
    let given = around.find_map(|pattern| {
      let params = pattern.it.params.iter().map(|param| &param.name);
      let mut names = pattern.it.type_params.iter().chain(params);
      names.find(|own| own.value == name.value)
    });
    if let Some(given) = given {
      marks.named(name.span, given.span);
    }
  }
}
