//! Documents of JSON Schema: of a whole root module, of one name, of workers as tools.

use serde_json::{Value as Json, json};

use crate::{
  diagnostics::nearest,
  hir::{Contract, ExprKind, Orchestrator, Param, Program, Worker},
  types::{
    self, Type,
    schema::{Schemas, put_first},
  },
  value::to_json,
};

/// A worker or orchestrator, as those see it who call it.
#[derive(Clone, Copy)]
pub(super) struct Callable<'a> {
  pub name: &'a str,
  pub doc: Option<&'a str>,
  pub contract: Option<&'a str>,
  pub params: &'a [Param],
  pub input: &'a Type,
  pub output: &'a Type,
}

impl<'a> From<&'a Worker> for Callable<'a> {
  fn from(worker: &'a Worker) -> Self {
    Self {
      name: &worker.name,
      doc: worker.doc.as_deref(),
      contract: worker.contract.as_deref(),
      params: &worker.params,
      input: &worker.input,
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
      input: &orchestrator.input,
      output: &orchestrator.output,
    }
  }
}

/// The workers of all modules, then the orchestrators, the root module's first in each.
fn callables(program: &Program, root_only: bool) -> impl Iterator<Item = Callable<'_>> {
  let workers = program.workers.iter();
  let workers = workers.map(|worker| (worker.module, Callable::from(worker)));
  let orchestrators = program.orchestrator_ids();
  let orchestrators = orchestrators.map(|(_, orchestrator)| (orchestrator.module, Callable::from(orchestrator)));
  let all = workers.chain(orchestrators);
  all
    .filter(move |(module, _)| !root_only || module.0 == 0)
    .map(|(_, callable)| callable)
}

/// Everything that the root module declares, as one document: `$defs` has its types, `Contract@1.input` and `.output`,
/// `worker.input` and `.output`.
pub fn document(program: &Program) -> Json {
  let mut schemas = Schemas::default();
  for declared in program.types.iter().filter(|declared| declared.module.0 == 0) {
    schemas.of(&declared.ty);
  }
  for contract in program.contracts.iter().filter(|contract| contract.module.0 == 0) {
    for (side, ty) in sides(&contract.input, &contract.output) {
      let name = format!("{}.{side}", contract.name);
      schemas.define(&name, ty);
      schemas.describe(&name, ty, contract.doc.as_deref().unwrap_or_default());
    }
  }
  for callable in callables(program, true) {
    define_callable(&mut schemas, callable);
  }
  let doc = program.modules.first().and_then(|module| module.doc.as_deref());
  finish(program, schemas, described(json!({}), doc))
}

fn define_callable(schemas: &mut Schemas, callable: Callable<'_>) {
  for (side, ty) in sides(callable.input, callable.output) {
    let schema = match callable.contract {
      Some(contract) => schemas.define(&format!("{contract}.{side}"), ty),
      None if side == "input" => input(schemas, callable),
      None => schemas.of(ty),
    };
    let schema = described(schema, callable.doc);
    schemas.define_as(&format!("{}.{side}", callable.name), schema);
  }
}

fn sides<'a>(input: &'a Type, output: &'a Type) -> [(&'static str, &'a Type); 2] {
  [("input", input), ("output", output)]
}

/// One tool for each worker and orchestrator of the root module, as `tools/list` of the Model Context Protocol has
/// them.
pub fn tools(program: &Program) -> Json {
  let tools: Vec<Json> = callables(program, true)
    .map(|callable| tool(program, callable))
    .collect();
  json!({ "tools": tools })
}

/// The document of one name: a type or a side of a contract (`C.input`) as its schema, a contract as two `$defs`, a
/// worker or orchestrator as a tool.
///
/// # Errors
/// One line: there is no such name, or it has several versions.
pub fn named(program: &Program, name: &str) -> Result<Json, String> {
  if let Some(ty) = type_named(program, name)? {
    let mut schemas = Schemas::default();
    let schema = schemas.inside(&ty.0);
    return Ok(finish(program, schemas, described(schema, ty.1.as_deref())));
  }
  if let Some(contract) = contract_named(program, name)? {
    return Ok(contract_document(program, contract));
  }
  let callable = callables(program, false).find(|callable| callable.name == name);
  callable
    .map(|callable| tool(program, callable))
    .ok_or_else(|| unknown(program, name))
}

/// The type with its doc comment.
fn type_named(program: &Program, name: &str) -> Result<Option<(Type, Option<String>)>, String> {
  if let Some(declared) = program.types.iter().find(|declared| *declared.name == *name) {
    return Ok(Some((declared.ty.clone(), declared.doc.clone())));
  }
  if name == "Failure" {
    return Ok(Some((types::failure(), None)));
  }
  let Some((contract, side)) = name.rsplit_once('.') else {
    return Ok(None);
  };
  let side = |contract: &Contract| match side {
    "input" => Some(contract.input.clone()),
    "output" => Some(contract.output.clone()),
    _ => None,
  };
  let contract = contract_named(program, contract)?;
  Ok(contract.and_then(|contract| Some((side(contract)?, contract.doc.clone()))))
}

/// `C@2`, or `C` where that has one version only.
fn contract_named<'a>(program: &'a Program, name: &str) -> Result<Option<&'a Contract>, String> {
  let exact = program.contracts.iter().find(|contract| *contract.name == *name);
  let base = |contract: &&Contract| contract.name.split('@').next() == Some(name);
  let versions: Vec<&Contract> = program.contracts.iter().filter(base).collect();
  match versions[..] {
    _ if exact.is_some() => Ok(exact),
    [] => Ok(None),
    [only] => Ok(Some(only)),
    _ => {
      let names: Vec<String> = versions.iter().map(|contract| format!("`{}`", contract.name)).collect();
      Err(format!(
        "`{name}` has {} versions: write {}",
        versions.len(),
        names.join(" or ")
      ))
    }
  }
}

fn contract_document(program: &Program, contract: &Contract) -> Json {
  let mut schemas = Schemas::default();
  for (side, ty) in sides(&contract.input, &contract.output) {
    schemas.define(side, ty);
  }
  let schema = json!({ "title": &*contract.name });
  finish(program, schemas, described(schema, contract.doc.as_deref()))
}

fn tool(program: &Program, callable: Callable<'_>) -> Json {
  let mut schemas = Schemas::default();
  let schema = input(&mut schemas, callable);
  let input = finish(program, schemas, schema);
  let mut schemas = Schemas::default();
  let schema = schemas.inside(callable.output);
  let output = finish(program, schemas, schema);
  let mut tool = json!({ "name": callable.name, "inputSchema": input, "outputSchema": output });
  if let Some(doc) = callable.doc {
    tool = json!({ "name": callable.name, "description": doc, "inputSchema": input, "outputSchema": output });
  }
  tool
}

/// The message in: what has a default may be left out.
fn input(schemas: &mut Schemas, callable: Callable<'_>) -> Json {
  let Some(record) = callable.input.as_record() else {
    return schemas.of(callable.input);
  };
  let find = |name: &str| callable.params.iter().find(|param| *param.name == *name);
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

fn described(mut schema: Json, doc: Option<&str>) -> Json {
  if let Some(doc) = doc {
    put_first(&mut schema, "description", doc.into());
  }
  schema
}

/// The document, with the doc comments of the types in it.
fn finish(program: &Program, mut schemas: Schemas, schema: Json) -> Json {
  for declared in &program.types {
    if let (Some(doc), Type::Named(named)) = (&declared.doc, &declared.ty) {
      schemas.describe(&declared.name, &named.ty, doc);
    }
  }
  schemas.document(schema)
}

fn unknown(program: &Program, name: &str) -> String {
  let types = program.types.iter().map(|declared| &*declared.name);
  let contracts = program.contracts.iter().map(|contract| &*contract.name);
  let names = types
    .chain(contracts)
    .chain(callables(program, false).map(|callable| callable.name));
  let near = nearest(name, names);
  let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
  format!("there is no type, contract, worker or orchestrator `{name}`{near}")
}
