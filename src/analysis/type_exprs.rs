//! From written types to types: names resolved, refinements read, recursion refused.

use std::sync::Arc;

use indexmap::IndexMap;

use super::{
  checker::Checker,
  contracts::Side,
  cycles::{self, Need},
  plans::POOL_TYPES,
  pools::Seen,
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::{Span, Spanned},
  syntax::ast::{ContractRef, FieldType, Number, Refinement, Signature, TypeExpr, TypeExprKind},
  types::{self, Field, FloatRange, IntRange, ListType, RecordType, StringRules, Type},
};

/// The type names that are always there.
pub const BUILTIN: &[&str] = &[
  "string",
  "int",
  "float",
  "bool",
  "time",
  "duration",
  "file",
  "dir",
  "json",
  "secret",
  "null",
  "map",
  "Failure",
  "Handle",
  "Outcome",
  "Plan",
  "Result_of",
  "WorkerCard",
];

/// The most types that one may be made of, names expanded.
const LARGEST: u64 = 10_000;

impl Checker<'_> {
  /// Types all `type` declarations and both sides of all contracts, each after what it is made of. They are numbered
  /// in that order: types, then the two sides of each contract, then pools.
  pub fn check_types(&mut self) {
    let types = self.symbols.types.len();
    let mut needs = Vec::new();
    for at in 0..types {
      let declared = self.symbols.types[at];
      self.type_needs(at, declared.module, declared.it, &mut needs);
    }
    self.announce_contracts();
    let contracts = self.symbols.contracts.len();
    for (at, side) in (0..contracts).flat_map(|at| [(at, Side::Input), (at, Side::Output)]) {
      let declared = self.symbols.contracts[at];
      if let Some(ty) = side.of(declared.it) {
        self.type_needs(self.number(at, side), declared.module, ty, &mut needs);
      }
    }
    let pools = self.symbols.pools.len();
    self.pools = vec![Seen::default(); pools];
    for at in 0..pools {
      self.pool_needs(self.number_of_pool(at), at, &mut needs);
    }
    let (order, cycles) = cycles::order(types + 2 * contracts + pools, &needs);
    self.types = vec![Type::Unknown; types];
    for path in &cycles {
      let finding = cycles::cycle(&codes::TYPE_CYCLE, "a type may not contain itself", path, |at| {
        self.numbered(at)
      })
      .help("every value must have an end: give a reference (an id, a name) instead");
      self.say(finding);
    }
    let broken: std::collections::HashSet<usize> = cycles.iter().flatten().map(|need| need.from).collect();
    for at in order.into_iter().filter(|at| !broken.contains(at)) {
      match at.checked_sub(types) {
        None => self.check_type(at),
        Some(other) if other >= 2 * contracts => self.check_pool(other - 2 * contracts),
        Some(side) => self.check_contract_side(side / 2, if side % 2 == 0 { Side::Input } else { Side::Output }),
      }
    }
  }

  fn number(&self, contract: usize, side: Side) -> usize {
    self.symbols.types.len() + 2 * contract + usize::from(side == Side::Output)
  }

  fn number_of_pool(&self, pool: usize) -> usize {
    self.symbols.types.len() + 2 * self.symbols.contracts.len() + pool
  }

  /// What a number stands for, as people write it.
  fn numbered(&self, at: usize) -> String {
    match at.checked_sub(self.symbols.types.len()) {
      None => self.symbols.type_names[at].value.clone(),
      Some(other) if other >= 2 * self.contracts.len() => {
        let pool = other - 2 * self.contracts.len();
        self.symbols.pool_names[pool].value.clone()
      }
      Some(side) => {
        let word = if side % 2 == 0 { "input" } else { "output" };
        format!("{}.{word}", self.contracts[side / 2].shown)
      }
    }
  }

  fn check_type(&mut self, at: usize) {
    let declared = self.symbols.types[at];
    let ty = self.type_of(declared.module, declared.it);
    let name = self.symbols.type_names[at];
    self.types[at] = if ty.is_unknown() {
      Type::Unknown
    } else {
      self.sized(name.span, Type::named(&name.value, ty))
    };
  }

  fn sized(&mut self, span: Span, ty: Type) -> Type {
    if ty.size() <= LARGEST {
      return ty;
    }
    let finding = Diagnostic::new(
      &codes::BAD_REFINEMENT,
      format!("`{ty}` is made of more than {LARGEST} types"),
    )
    .label(span, "too large")
    .help("use `json` for parts that nothing reads");
    self.say(finding);
    Type::Unknown
  }

  /// The type declarations that a written type names.
  fn type_needs(&self, from: usize, module: usize, ty: &TypeExpr, needs: &mut Vec<Need>) {
    match &ty.kind {
      TypeExprKind::Name { name, arguments, .. } => {
        if let Some(entry) = self.symbols.find(module, Space::Type, &name.value)
          && let [Target::Type(to)] = entry.targets[..]
        {
          needs.push(Need {
            from,
            to,
            span: ty.span,
            how: "contains",
          });
        }
        arguments
          .iter()
          .for_each(|argument| self.type_needs(from, module, argument, needs));
        if self.is_pool_type(module, &name.value) && name.value == "Plan" {
          self.plan_needs(from, module, arguments, needs);
        }
      }
      TypeExprKind::List { item, .. } | TypeExprKind::Optional(item) => self.type_needs(from, module, item, needs),
      TypeExprKind::Record { fields, .. } => {
        fields
          .iter()
          .for_each(|field| self.type_needs(from, module, &field.ty, needs));
      }
      TypeExprKind::Union(members) => members.iter().for_each(|ty| self.type_needs(from, module, ty, needs)),
      TypeExprKind::ContractSide { contract, side } => {
        if let Some(side) = Side::named(&side.value) {
          self.contract_needs(from, module, (contract, side), needs);
        }
      }
      _ => {}
    }
  }

  /// A plan's type is made of what the pool's members take and give.
  fn plan_needs(&self, from: usize, module: usize, arguments: &[TypeExpr], needs: &mut Vec<Need>) {
    for argument in arguments {
      if let TypeExprKind::Name { name, .. } = &argument.kind
        && let Some(entry) = self.symbols.find(module, Space::Pool, &name.value)
        && let [Target::Pool(pool)] = entry.targets[..]
      {
        let to = self.number_of_pool(pool.0 as usize);
        let (span, how) = (argument.span, "contains");
        needs.push(Need { from, to, span, how });
      }
    }
  }

  pub(super) fn signature_needs(&self, from: usize, module: usize, signature: &Signature, needs: &mut Vec<Need>) {
    match signature {
      Signature::Own { params, output } => {
        let params = params.iter().map(|param| &param.ty);
        params
          .chain(output)
          .for_each(|ty| self.type_needs(from, module, ty, needs));
      }
      Signature::Contract(contract) => {
        for side in [Side::Input, Side::Output] {
          self.contract_needs(from, module, (contract, side), needs);
        }
      }
    }
  }

  /// Whether the name is one of the language's types over pools here.
  fn is_pool_type(&self, module: usize, name: &str) -> bool {
    POOL_TYPES.contains(&name) && self.symbols.find(module, Space::Type, name).is_none()
  }

  fn contract_needs(&self, from: usize, module: usize, (contract, side): (&ContractRef, Side), needs: &mut Vec<Need>) {
    let Some(entry) = self.symbols.find(module, Space::Type, &contract.name.value) else {
      return;
    };
    for target in &entry.targets {
      if let Target::Contract(at) = target
        && self.is_version(*at, contract)
      {
        needs.push(Need {
          from,
          to: self.number(*at, side),
          span: contract.span,
          how: "contains",
        });
      }
    }
  }

  /// The type that is written.
  pub fn type_of(&mut self, module: usize, ty: &TypeExpr) -> Type {
    match &ty.kind {
      TypeExprKind::Null => Type::Null,
      TypeExprKind::Bool(value) => Type::Bool(Some(*value)),
      TypeExprKind::Int(value) => Type::int_range(*value, *value),
      TypeExprKind::String(text) => Type::literal(text),
      TypeExprKind::Broken => Type::Unknown,
      TypeExprKind::Worker { .. } => {
        let finding = Diagnostic::new(&codes::WRONG_KIND, "a type of workers can't stand here")
          .label(ty.span, "workers are not values")
          .help("a parameter of a `pattern` can be one, or a list of them; nothing else holds workers");
        self.say(finding);
        Type::Unknown
      }
      TypeExprKind::Optional(inner) => self.type_of(module, inner).optional(),
      TypeExprKind::List { item, refine } => {
        let item = self.type_of(module, item);
        let (min, max) = self.lengths(module, refine.as_ref());
        Type::List(Arc::new(ListType { item, min, max }))
      }
      TypeExprKind::Record { fields, open } => self.record_of(module, fields, *open),
      TypeExprKind::Union(members) => self.union_of(module, members, ty.span),
      TypeExprKind::ContractSide { contract, side } => self.contract_side(module, contract, side),
      TypeExprKind::Name {
        name,
        arguments,
        refine,
      } => {
        if self.is_pool_type(module, &name.value) {
          return self.pool_type(module, name, arguments, refine.as_ref());
        }
        let arguments: Vec<Type> = arguments
          .iter()
          .map(|argument| self.type_of(module, argument))
          .collect();
        self.named_type(module, name, arguments, refine.as_ref())
      }
    }
  }

  fn record_of(&mut self, module: usize, written: &[FieldType], open: bool) -> Type {
    let mut fields: IndexMap<Arc<str>, Field> = IndexMap::new();
    for field in written {
      let ty = self.type_of(module, &field.ty);
      if fields.contains_key(field.name.value.as_str()) {
        let first = written
          .iter()
          .find(|first| first.name.value == field.name.value)
          .map_or(field.name.span, |f| f.name.span);
        self.say(super::symbols::duplicate(&field.name, first));
        continue;
      }
      fields.insert(
        field.name.value.as_str().into(),
        Field {
          ty,
          optional: field.optional,
        },
      );
    }
    Type::Record(Arc::new(RecordType { fields, open }))
  }

  fn union_of(&mut self, module: usize, members: &[TypeExpr], span: Span) -> Type {
    self.texts_in(module, members);
    let members: Vec<Type> = members.iter().map(|member| self.type_of(module, member)).collect();
    let union = Type::union(members);
    if let Type::Union(members) = &union
      && let Err((a, b)) = types::distinguishable(members)
    {
      let finding = Diagnostic::new(
        &codes::AMBIGUOUS_UNION,
        format!("a value does not tell `{a}` from `{b}`"),
      )
      .label(span, "both could be meant")
      .help("give both records a field with a literal of its own, such as `kind: \"a\"`");
      self.say(finding);
      return Type::Unknown;
    }
    union
  }

  fn named_type(
    &mut self,
    module: usize,
    name: &Spanned<String>,
    arguments: Vec<Type>,
    refine: Option<&Spanned<Refinement>>,
  ) -> Type {
    let wanted = usize::from(matches!(name.value.as_str(), "map" | "Outcome"));
    let own = self.symbols.find(module, Space::Type, &name.value).is_some();
    let known = own || BUILTIN.contains(&name.value.as_str());
    if arguments.len() != wanted && known && (!own || !arguments.is_empty()) {
      let takes = if wanted == 1 {
        "takes one type: `<T>`"
      } else {
        "takes no `<...>`"
      };
      self.say(Diagnostic::new(&codes::BAD_ARGUMENTS, format!("`{}` {takes}", name.value)).label(name.span, "here"));
      return Type::Unknown;
    }
    match (name.value.as_str(), refine) {
      _ if !known => self.declared_type(module, name),
      ("string", _) => self.string_type(module, refine),
      ("int", _) => self.int_type(refine),
      ("float", _) => self.float_type(refine),
      (word, Some(refine)) => {
        let finding = Diagnostic::new(&codes::BAD_REFINEMENT, format!("`{word}` takes no refinement"))
          .label(refine.span, "refines nothing")
          .help("`string`, `int`, `float` and lists do: `string(1..200)`, `int(0..10)`, `[T](..500)`");
        self.say(finding);
        Type::Unknown
      }
      ("bool", None) => Type::bool(),
      ("time", None) => Type::Time,
      ("duration", None) => Type::Duration,
      ("file", None) => Type::File,
      ("dir", None) => Type::Dir,
      ("json", None) => Type::Json,
      ("secret", None) => {
        let finding = Diagnostic::new(&codes::SECRET_LEAK, "`secret` is the type of a parameter only")
          .label(name.span, "part of a message here")
          .help("give the worker a parameter of its own: `worker f(token: secret, ...)`");
        self.say(finding);
        Type::Unknown
      }
      ("map", None) => Type::map(arguments.into_iter().next().unwrap_or(Type::Unknown)),
      ("Outcome", None) => types::outcome(arguments.first().unwrap_or(&Type::Unknown)),
      ("Failure", None) if !own => types::failure(),
      ("Handle", None) if !own => types::handle(),
      ("WorkerCard", None) if !own => types::worker_card(),
      (_, None) => self.declared_type(module, name),
    }
  }

  fn declared_type(&mut self, module: usize, name: &Spanned<String>) -> Type {
    if let Some(ty) = self.scope.ty(&name.value).cloned() {
      self.mark_in_pattern(module, name);
      return ty;
    }
    match self.resolve(module, Space::Type, name, "type")[..] {
      [Target::Type(at)] => self.types.get(at).cloned().unwrap_or(Type::Unknown),
      [Target::Contract(_), ..] => {
        let finding = Diagnostic::new(
          &codes::WRONG_KIND,
          format!("`{}` is a contract, not a type", name.value),
        )
        .label(name.span, "a contract has two sides")
        .help(format!("write `{0}.input` or `{0}.output`", name.value));
        self.say(finding);
        Type::Unknown
      }
      _ => Type::Unknown,
    }
  }

  pub(super) fn bad_refinement(&mut self, span: Span, message: &str) -> Type {
    self.say(Diagnostic::new(&codes::BAD_REFINEMENT, message).label(span, "no value obeys this"));
    Type::Unknown
  }

  fn string_type(&mut self, module: usize, refine: Option<&Spanned<Refinement>>) -> Type {
    match refine.map(|refine| (&refine.value, refine.span)) {
      None => Type::string(),
      Some((Refinement::Regex(pattern), span)) => match regex::Regex::new(pattern) {
        Ok(regex) => Type::String(Arc::new(StringRules {
          min: None,
          max: None,
          regex: Some(regex),
        })),
        Err(error) => {
          let reason = error.to_string();
          let reason = reason
            .lines()
            .last()
            .unwrap_or("it does not parse")
            .trim_start_matches("error: ")
            .to_owned();
          self.bad_refinement(span, &format!("the pattern does not parse: {reason}"))
        }
      },
      Some((Refinement::Range { .. } | Refinement::UpTo(_), _)) => {
        let (min, max) = self.lengths(module, refine);
        Type::String(Arc::new(StringRules { min, max, regex: None }))
      }
    }
  }

  fn int_type(&mut self, refine: Option<&Spanned<Refinement>>) -> Type {
    let Some(refine) = refine else { return Type::int() };
    let whole = |number: Option<Number>| match number {
      None => Ok(None),
      Some(Number::Int(value)) => Ok(Some(value)),
      Some(Number::Float(_)) => Err(()),
    };
    match &refine.value {
      Refinement::Range { min, max } => match (whole(*min), whole(*max)) {
        (Ok(min), Ok(max)) if min.zip(max).is_none_or(|(min, max)| min <= max) => Type::Int(IntRange { min, max }),
        (Ok(_), Ok(_)) => self.bad_refinement(refine.span, "the range of an int is empty"),
        _ => self.bad_refinement(refine.span, "the ends of an int's range are ints"),
      },
      Refinement::Regex(_) => self.bad_refinement(refine.span, "a pattern refines strings only"),
      Refinement::UpTo(_) => self.bad_refinement(refine.span, "the ends of an int's range are ints"),
    }
  }

  fn float_type(&mut self, refine: Option<&Spanned<Refinement>>) -> Type {
    let Some(refine) = refine else { return Type::float() };
    #[expect(clippy::cast_precision_loss, reason = "the ends of a range are written by people")]
    let real = |number: Number| match number {
      Number::Int(value) => value as f64,
      Number::Float(value) => value,
    };
    match &refine.value {
      Refinement::Range { min, max } => {
        let (min, max) = (min.map(real), max.map(real));
        if min.zip(max).is_none_or(|(min, max)| min <= max) {
          return Type::Float(FloatRange { min, max });
        }
        self.bad_refinement(refine.span, "the range of a float is empty")
      }
      Refinement::Regex(_) => self.bad_refinement(refine.span, "a pattern refines strings only"),
      Refinement::UpTo(_) => self.bad_refinement(refine.span, "the ends of a float's range are numbers"),
    }
  }

  /// The bounds of a length.
  fn lengths(&mut self, module: usize, refine: Option<&Spanned<Refinement>>) -> (Option<u64>, Option<u64>) {
    let Some(refine) = refine else { return (None, None) };
    if let Refinement::UpTo(name) = &refine.value {
      return (None, self.up_to(module, name));
    }
    let length = |number: &Option<Number>| match number {
      None => Some(None),
      Some(Number::Int(value)) => u64::try_from(*value).ok().map(Some),
      Some(Number::Float(_)) => None,
    };
    if let Refinement::Range { min, max } = &refine.value
      && let (Some(min), Some(max)) = (length(min), length(max))
      && min.zip(max).is_none_or(|(min, max)| min <= max)
    {
      return (min, max);
    }
    self.bad_refinement(refine.span, "a length is `(least..most)`, with ints from 0");
    (None, None)
  }
}
