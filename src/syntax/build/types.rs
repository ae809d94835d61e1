//! Types as they were written.

use super::{Builder, Pair, children};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::{Span, Spanned},
  syntax::{
    ast::{ContractRef, FieldType, Name, Number, Refinement, TypeExpr, TypeExprKind},
    parser::Rule,
  },
};

impl Builder<'_> {
  /// From `type_expr`, `type_record` or any other type rule.
  pub(super) fn type_expr(&mut self, pair: Pair) -> TypeExpr {
    let span = self.span(&pair);
    let kind = match self.is_damaged(span) && pair.as_rule() == Rule::type_expr {
      true => None,
      false => self.nested(span, |builder| builder.type_kind(pair)),
    };
    let kind = kind.unwrap_or(TypeExprKind::Broken);
    TypeExpr { kind, span }
  }

  fn type_kind(&mut self, pair: Pair) -> TypeExprKind {
    if pair.as_rule() == Rule::type_record {
      return self.type_record(pair);
    }
    let mut members: Vec<TypeExpr> = children(pair).map(|member| self.type_member(member)).collect();
    match members.len() {
      1 => members.remove(0).kind,
      _ => TypeExprKind::Union(members),
    }
  }

  fn type_member(&mut self, pair: Pair) -> TypeExpr {
    let mut parts = pair.into_inner();
    let primary = parts.next().expect("grammar: a type");
    let span = self.span(&primary);
    let kind = self.type_primary(primary);
    // `T??` is `T?`: a mark more says nothing more.
    match parts.last() {
      Some(mark) => TypeExpr {
        span: span.to(self.span(&mark)),
        kind: TypeExprKind::Optional(Box::new(TypeExpr { kind, span })),
      },
      None => TypeExpr { kind, span },
    }
  }

  fn type_primary(&mut self, pair: Pair) -> TypeExprKind {
    match pair.as_rule() {
      Rule::kw_null => TypeExprKind::Null,
      Rule::kw_true => TypeExprKind::Bool(true),
      Rule::kw_false => TypeExprKind::Bool(false),
      Rule::string => TypeExprKind::String(self.plain_string(&pair).value),
      Rule::type_number => self
        .signed_integer(pair)
        .map_or(TypeExprKind::Broken, TypeExprKind::Int),
      Rule::type_list => self.type_list(pair),
      Rule::type_record => self.type_record(pair),
      Rule::type_worker => self.type_worker(pair),
      Rule::type_group => self.type_expr(children(pair).next().expect("grammar: a type")).kind,
      _ => self.type_name(pair),
    }
  }

  fn type_worker(&mut self, pair: Pair) -> TypeExprKind {
    let mut parts = children(pair);
    let inputs = parts.next().expect("grammar: inputs");
    let inputs = children(inputs).map(|input| self.type_expr(input)).collect();
    let output = parts.next().map(|output| Box::new(self.type_expr(output)));
    TypeExprKind::Worker { inputs, output }
  }

  fn type_list(&mut self, pair: Pair) -> TypeExprKind {
    let mut parts = children(pair);
    let item = Box::new(self.type_expr(parts.next().expect("grammar: a type")));
    let refine = parts.next().and_then(|refine| self.refinement(refine));
    TypeExprKind::List { item, refine }
  }

  fn type_name(&mut self, pair: Pair) -> TypeExprKind {
    let mut parts = children(pair);
    let name = self.name(&parts.next().expect("grammar: a name"));
    let mut arguments = Vec::new();
    let mut refine = None;
    for part in parts {
      match part.as_rule() {
        Rule::contract_side => return self.contract_side(name, part),
        Rule::type_arguments => arguments = children(part).map(|argument| self.type_expr(argument)).collect(),
        _ => refine = self.refinement(part),
      }
    }
    TypeExprKind::Name {
      name,
      arguments,
      refine,
    }
  }

  fn contract_side(&mut self, name: Spanned<String>, pair: Pair) -> TypeExprKind {
    let mut span = name.span;
    let mut version = None;
    let mut side = None;
    for part in children(pair) {
      match part.as_rule() {
        Rule::version => {
          span = span.to(self.span(&part));
          version = self.version(part);
        }
        _ => side = Some(self.name(&part)),
      }
    }
    let contract = ContractRef { name, version, span };
    let side = side.expect("grammar: a side");
    TypeExprKind::ContractSide { contract, side }
  }

  fn type_record(&mut self, pair: Pair) -> TypeExprKind {
    let mut fields = Vec::new();
    let mut open = None;
    let mut previous = None;
    for part in children(pair) {
      let span = self.span(&part);
      self.separated(previous.replace(span), span);
      match part.as_rule() {
        Rule::open_record => open = Some(span),
        Rule::field_type => {
          self.check_open_last(open, span);
          fields.push(self.field_type(part));
        }
        _ => fields.extend(self.bad_field(&part)),
      }
    }
    let open = open.is_some();
    TypeExprKind::Record { fields, open }
  }

  fn check_open_last(&mut self, open: Option<Span>, next: Span) {
    if let Some(open) = open {
      let said = Diagnostic::new(&codes::SYNTAX, "`...` stands at the end of a record type");
      self.report(
        said
          .label(open, "move it to the end")
          .label(next, "this field follows it"),
      );
    }
  }

  /// A field that did not parse keeps its name, so that reading it is no second mistake.
  fn bad_field(&mut self, pair: &Pair) -> Option<FieldType> {
    self.explain(pair, Rule::field_only);
    let name = self.first_word(pair)?;
    let ty = TypeExpr {
      kind: TypeExprKind::Broken,
      span: self.span(pair),
    };
    Some(FieldType {
      doc: None,
      name,
      optional: false,
      ty,
    })
  }

  fn field_type(&mut self, pair: Pair) -> FieldType {
    let doc = self.doc_before(self.span(&pair).range().start);
    let mut parts = children(pair).peekable();
    let name = self.label(&parts.next().expect("grammar: a name"));
    let optional = parts.next_if(|part| part.as_rule() == Rule::optional_field).is_some();
    let ty = self.type_expr(parts.next().expect("grammar: a type"));
    FieldType {
      doc,
      name,
      optional,
      ty,
    }
  }

  fn refinement(&mut self, pair: Pair) -> Option<Spanned<Refinement>> {
    let span = self.span(&pair);
    let inner = children(pair).next().expect("grammar: a range or regex");
    let value = match inner.as_rule() {
      Rule::regex => {
        let text = inner.as_str();
        Refinement::Regex(text[1..text.len() - 1].replace("\\/", "/"))
      }
      _ => match self.upper_name(&inner) {
        Some(name) => self.up_to(&inner, name)?,
        None => self.refinement_range(inner)?,
      },
    };
    Some(Spanned::new(value, span))
  }

  /// The name in `(..most)`.
  fn upper_name(&self, range: &Pair) -> Option<Name> {
    let upper = children(range.clone()).find(|part| part.as_rule() == Rule::upper)?;
    let name = upper.into_inner().find(|part| part.as_rule() == Rule::identifier)?;
    Some(self.name(&name))
  }

  fn up_to(&mut self, range: &Pair, name: Name) -> Option<Refinement> {
    if children(range.clone()).any(|part| part.as_rule() == Rule::lower) {
      self.say_bad_number(name.span, "a bound by name stands alone: `(..most)`");
      return None;
    }
    Some(Refinement::UpTo(name))
  }

  fn refinement_range(&mut self, pair: Pair) -> Option<Refinement> {
    let mut min = None;
    let mut max = None;
    for bound in children(pair) {
      let rule = bound.as_rule();
      let value = Some(self.signed_number(bound)?);
      match rule {
        Rule::lower => min = value,
        Rule::upper => max = value,
        _ => (min, max) = (value, value),
      }
    }
    Some(Refinement::Range { min, max })
  }

  fn signed_number(&mut self, pair: Pair) -> Option<Number> {
    let negative = pair.as_str().starts_with('-');
    let digits = pair.into_inner().last().expect("grammar: a number");
    self.plain_number(&digits, negative)
  }
}
