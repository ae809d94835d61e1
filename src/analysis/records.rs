//! Record literals, as records and as maps: which type is meant, what is spread into them.

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;

use super::{expressions::broken, mends, names::Body};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{Expr, ExprKind, FieldPart},
  source::Span,
  syntax::ast,
  types::{self, Type},
};

impl Body<'_, '_> {
  /// The record type that a record literal should be checked against: the only one, or the one whose literal field it has.
  pub fn record_wanted(&self, parts: &[ast::RecordPart], expected: &Type) -> Option<Type> {
    let records: Vec<Type> = expected
      .members()
      .into_iter()
      .filter(|member| member.as_record().is_some())
      .collect();
    if let [only] = &records[..] {
      return Some(only.clone());
    }
    let written = |name: &str| {
      parts.iter().find_map(|part| match part {
        ast::RecordPart::Field { name: own, value } if own.value == name => Some(value),
        _ => None,
      })
    };
    let agrees = |member: &Type| {
      member.as_record().is_some_and(|record| {
        record.fields.iter().all(
          |(name, field)| match (field.ty.resolved(), written(name).map(|value| &value.kind)) {
            (Type::Literal(text), Some(ast::ExprKind::String(parts))) => {
              matches!(&parts[..], [ast::StringPart::Text(own)] if **own == **text)
            }
            (Type::Bool(Some(value)), Some(ast::ExprKind::Bool(own))) => value == own,
            _ => true,
          },
        )
      })
    };
    let mut chosen = records.into_iter().filter(agrees);
    chosen.next().filter(|_| chosen.next().is_none())
  }

  pub fn record(&mut self, parts: &[ast::RecordPart], span: Span, wanted: Option<&Type>) -> Expr {
    let wanted_type = wanted.unwrap_or(&Type::Unknown);
    let wanted = wanted.and_then(Type::as_record);
    let mut fields = IndexMap::new();
    let mut open = false;
    let mut misnamed = false;
    self.given_once(parts);
    let mut lowered = Vec::new();
    for part in parts {
      match part {
        ast::RecordPart::Field { name, value } => {
          self.mark_shorthand(name, value);
          let field = wanted.and_then(|record| record.fields.get(name.value.as_str()));
          let short = name.span == value.span;
          let before = self.checker.findings.0.len();
          let (value, ty) = self.record_field(name, value, field);
          if short {
            mends::spell_out(&mut self.checker.findings.0[before..], name.span, |meant| {
              format!("{}: {meant}", name.value)
            });
          }
          if let (Some(record), false) = (wanted, value.ty.is_unknown())
            && !record.open
            && !record.fields.contains_key(name.value.as_str())
          {
            let before = self.checker.findings.0.len();
            self.unknown_field(wanted_type, record, name);
            misnamed = true;
            if short {
              mends::spell_out(&mut self.checker.findings.0[before..], name.span, |meant| {
                format!("{meant}: {}", name.value)
              });
            }
          }
          let known: Arc<str> = name.value.as_str().into();
          fields.insert(known.clone(), types::Field { ty, optional: false });
          lowered.push(FieldPart::Field(known, value));
        }
        ast::RecordPart::Spread(value) => {
          let value = self.infer(value);
          match value.ty.data() {
            Type::Record(record) => {
              open |= record.open;
              spread_fields(&mut fields, record);
            }
            Type::Unknown => return broken(span),
            _ => self.not_spreadable(&value, "record"),
          }
          lowered.push(FieldPart::Spread(value));
        }
      }
    }
    let ty = if misnamed {
      Type::Unknown
    } else {
      Type::Record(Arc::new(types::RecordType { fields, open }))
    };
    Expr {
      kind: ExprKind::Record(lowered),
      ty,
      span,
    }
  }

  /// A field's value, and the type to go on with: the wanted one where something was said of the value.
  fn record_field(&mut self, name: &ast::Name, value: &ast::Expr, wanted: Option<&types::Field>) -> (Expr, Type) {
    let before = self.checker.findings.0.len();
    let Some(field) = wanted else {
      let value = self.infer(value);
      let ty = value.ty.clone();
      return (value, ty);
    };
    let ty = if field.optional { field.read() } else { field.ty.clone() };
    let value = self.check(value, &ty, &format!("the field `{}`", name.value));
    let said = value.ty.is_unknown() || self.checker.findings.0.len() > before;
    let ty = if said { field.ty.clone() } else { value.ty.clone() };
    (value, ty)
  }

  /// A record literal where a map is wanted: every field is an entry.
  pub fn map(&mut self, parts: &[ast::RecordPart], wanted: &Type, span: Span, what: &str) -> Expr {
    self.given_once(parts);
    let mut lowered = Vec::new();
    for part in parts {
      lowered.push(match part {
        ast::RecordPart::Field { name, value } => {
          self.mark_shorthand(name, value);
          let value = self.check(value, wanted, &format!("the entry `{}` of {what}", name.value));
          FieldPart::Field(name.value.as_str().into(), value)
        }
        ast::RecordPart::Spread(value) => FieldPart::Spread(self.check(value, &Type::map(wanted.clone()), what)),
      });
    }
    Expr {
      kind: ExprKind::Record(lowered),
      ty: Type::map(wanted.clone()),
      span,
    }
  }

  /// Says fields that were given further up already.
  pub fn given_once(&mut self, parts: &[ast::RecordPart]) {
    let mut written: HashMap<&str, Span> = HashMap::new();
    for part in parts {
      let ast::RecordPart::Field { name, .. } = part else {
        continue;
      };
      let first = *written.entry(&name.value).or_insert(name.span);
      if first != name.span {
        self.say(super::symbols::duplicate(name, first));
      }
    }
  }

  pub fn not_spreadable(&mut self, value: &Expr, wanted: &str) {
    let finding = Diagnostic::new(&codes::BAD_OPERAND, format!("`...` takes a {wanted} here"))
      .label(value.span, format!("this is `{}`", value.ty));
    self.say(finding);
  }
}

/// The value type of the map that is wanted, where no record could be meant.
pub fn map_wanted(expected: &Type) -> Option<Type> {
  let members = expected.members();
  let mut maps = members.iter().filter_map(|member| match member.resolved() {
    Type::Map(value) => Some((**value).clone()),
    _ => None,
  });
  let record = members.iter().any(|member| member.as_record().is_some());
  maps.next().filter(|_| !record)
}

fn spread_fields(fields: &mut IndexMap<Arc<str>, types::Field>, record: &types::RecordType) {
  for (name, field) in &record.fields {
    let mut field = field.clone();
    if let (Some(before), true) = (fields.get(name), field.optional) {
      field = types::Field {
        ty: types::join(&before.ty, &field.ty).unwrap_or(Type::Unknown),
        optional: before.optional,
      };
    }
    fields.insert(name.clone(), field);
  }
}
