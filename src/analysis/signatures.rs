//! Signatures: what a worker or orchestrator takes and gives, of its own or by contract.

use std::sync::Arc;

use super::names::Body;
use crate::{
  hir::Param,
  source::{Span, Spanned},
  syntax::ast::Signature,
  types::{Field, RecordType, Type},
};

/// What a worker or orchestrator takes and gives.
pub struct Signed {
  pub contract: Option<Arc<str>>,
  pub params: Vec<Param>,
  pub input: Type,
  pub output: Type,
}

impl Body<'_, '_> {
  /// Binds the parameters of a signature.
  pub fn sign(&mut self, signature: &Signature) -> Signed {
    match signature {
      Signature::Own { params, output } => {
        let output = output
          .as_ref()
          .map_or(Type::Null, |ty| self.checker.type_of(self.module, ty));
        let params = self.params(params);
        let field = |param: &Param| {
          (
            param.name.clone(),
            Field {
              ty: param.ty.clone(),
              optional: false,
            },
          )
        };
        let fields = params.iter().map(field).collect();
        let input = Type::Record(Arc::new(RecordType { fields, open: false }));
        Signed {
          contract: None,
          params,
          input,
          output,
        }
      }
      Signature::Contract(reference) => match self.checker.contract(self.module, reference) {
        Some(sides) => {
          self.unsigned = sides.input == Type::Unknown;
          let params = self.contract_params(&sides.input, reference.span);
          Signed {
            contract: Some(sides.shown),
            params,
            input: sides.input,
            output: sides.output,
          }
        }
        None => {
          self.unsigned = true;
          Signed {
            contract: None,
            params: Vec::new(),
            input: Type::Unknown,
            output: Type::Unknown,
          }
        }
      },
    }
  }

  fn contract_params(&mut self, input: &Type, span: Span) -> Vec<Param> {
    let Some(record) = input.as_record().cloned() else {
      return Vec::new();
    };
    let mut params = Vec::new();
    for (name, field) in &record.fields {
      let local = self.bind(&Spanned::new(name.to_string(), span), field.read(), false);
      params.push(Param {
        name: name.clone(),
        local,
        ty: field.ty.clone(),
        optional: field.optional,
        default: None,
        span,
      });
    }
    params
  }
}
