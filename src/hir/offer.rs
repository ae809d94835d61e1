//! What a worker or orchestrator is to those who call it: its name, its doc comment, its messages as JSON Schema.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{ExprKind, Orchestrator, Param, PoolId, PoolMember, Program, Worker};
use crate::{
  types::{
    Field, PlanMember, PlanType, RecordType, Type,
    schema::{Schemas, put_first},
  },
  value::{TooLarge, Value, from_json, to_json},
};

/// A worker, an orchestrator or a member of a pool, as those see it who call it.
#[derive(Clone)]
pub struct Callable<'a> {
  pub name: &'a str,
  pub doc: Option<&'a str>,
  pub contract: Option<&'a str>,
  pub params: &'a [Param],
  pub input: Type,
  pub output: &'a Type,
}

impl<'a> From<&'a Worker> for Callable<'a> {
  fn from(worker: &'a Worker) -> Self {
    Self {
      name: &worker.name,
      doc: worker.doc.as_deref(),
      contract: worker.contract.as_deref(),
      params: &worker.params,
      input: worker.input.clone(),
      output: &worker.output,
    }
  }
}

impl<'a> From<&'a Orchestrator> for Callable<'a> {
  fn from(orchestrator: &'a Orchestrator) -> Self {
    Self {
      name: &orchestrator.name,
      doc: orchestrator.doc.as_deref(),
      contract: orchestrator.contract.as_deref(),
      params: &orchestrator.params,
      input: orchestrator.input.clone(),
      output: &orchestrator.output,
    }
  }
}

impl<'a> From<&'a PoolMember> for Callable<'a> {
  fn from(member: &'a PoolMember) -> Self {
    let fields = member.params.iter().map(|param| {
      let (ty, optional) = (param.ty.clone(), param.optional);
      (param.name.clone(), Field { ty, optional })
    });
    let fields = fields.collect();
    Self {
      name: &member.name,
      doc: member.doc.as_deref(),
      contract: None,
      params: &member.params,
      input: Type::Record(Arc::new(RecordType { fields, open: false })),
      output: &member.output,
    }
  }
}

impl Callable<'_> {
  /// The message in: what has a default may be left out.
  pub fn input_schema(&self, schemas: &mut Schemas) -> Json {
    let Some(record) = self.input.as_record() else {
      return schemas.of(&self.input);
    };
    let find = |name: &str| self.params.iter().find(|param| *param.name == *name);
    let default = |name: &str| find(name).and_then(|param| param.default.as_ref());
    let mut schema = schemas.record(record, |name| default(name).is_some());
    for name in record.fields.keys() {
      let Some(default) = default(name) else { continue };
      if let ExprKind::Literal(value) = &default.kind {
        schema["properties"][&**name]["default"] = to_json(value);
      }
    }
    schema
  }
}

impl Program {
  /// A whole document of JSON Schema, with the doc comments of the types in it.
  pub fn schema_document(&self, mut schemas: Schemas, schema: Json) -> Json {
    for declared in &self.types {
      if let (Some(doc), Type::Named(named)) = (&declared.doc, &declared.ty) {
        schemas.describe(&declared.name, &named.ty, doc);
      }
    }
    schemas.document(schema)
  }

  /// The documents of both messages, the one in first.
  pub fn message_schemas(&self, callable: &Callable<'_>) -> (Json, Json) {
    let mut schemas = Schemas::default();
    let schema = callable.input_schema(&mut schemas);
    let input = self.schema_document(schemas, schema);
    let mut schemas = Schemas::default();
    let schema = schemas.inside(callable.output);
    (input, self.schema_document(schemas, schema))
  }

  /// The type of plans over a pool, however many assignments.
  pub fn plans(&self, pool: PoolId) -> Type {
    let declared = self.pool(pool);
    let members = declared.members.iter().map(|member| {
      let fields = member.params.iter().map(|param| {
        let optional = param.optional || param.default.is_some();
        let ty = param.ty.clone();
        (param.name.clone(), Field { ty, optional })
      });
      let fields = fields.collect();
      PlanMember {
        name: member.name.clone(),
        input: Type::Record(Arc::new(RecordType { fields, open: false })),
        output: member.output.clone(),
      }
    });
    let plan = PlanType::new(declared.name.clone(), pool.0, members.collect(), None);
    Type::Plan(Arc::new(plan))
  }

  /// `describe(pool)`: a `WorkerCard` of each member.
  ///
  /// # Errors
  /// The cards would be larger than a value may be.
  pub fn cards(&self, pool: PoolId) -> Result<Value, TooLarge> {
    let cards = self.pool(pool).members.iter().map(|member| {
      let (mut input, mut output) = self.message_schemas(&member.into());
      without_ends(&mut input);
      without_ends(&mut output);
      json!({
        "name": &*member.name,
        "doc": member.doc.as_deref().unwrap_or_default(),
        "input": input,
        "output": output,
      })
    });
    from_json(&cards.collect())
  }
}

/// Takes away where all integers end: the one end is beyond the numbers that a value may hold.
fn without_ends(schema: &mut Json) {
  match schema {
    Json::Array(items) => items.iter_mut().for_each(without_ends),
    Json::Object(fields) => {
      if fields.get("type") == Some(&json!("integer")) {
        fields.retain(|name, value| match name.as_str() {
          "minimum" => *value != json!(i64::MIN),
          "exclusiveMaximum" => *value != json!(1_u64 << 63),
          _ => true,
        });
      }
      fields.values_mut().for_each(without_ends);
    }
    _ => {}
  }
}

/// The schema with a description before all else.
pub fn described(mut schema: Json, doc: Option<&str>) -> Json {
  if let Some(doc) = doc {
    put_first(&mut schema, "description", doc.into());
  }
  schema
}
