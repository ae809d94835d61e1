//! Documents of JSON Schema: of a whole root module, of one name, of workers as tools.

use serde_json::{Value as Json, json};

use crate::{
  diagnostics::nearest,
  hir::{Callable, Contract, Pool, Program, described},
  types::{self, Type, schema::Schemas},
};

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
/// `worker.input` and `.output`, `pool.plan`.
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
    define_callable(&mut schemas, &callable);
  }
  for (id, pool) in program.pool_ids().filter(|(_, pool)| pool.module.0 == 0) {
    let schema = schemas.of(&program.plans(id));
    schemas.define_as(&format!("{}.plan", pool.name), described(schema, pool.doc.as_deref()));
  }
  let doc = program.modules.first().and_then(|module| module.doc.as_deref());
  program.schema_document(schemas, described(json!({}), doc))
}

fn define_callable(schemas: &mut Schemas, callable: &Callable<'_>) {
  for (side, ty) in sides(&callable.input, callable.output) {
    let schema = match callable.contract {
      Some(contract) => schemas.define(&format!("{contract}.{side}"), ty),
      None if side == "input" => callable.input_schema(schemas),
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
    .map(|callable| tool(program, &callable))
    .collect();
  json!({ "tools": tools })
}

/// The document of one name: a type, a side of a contract (`C.input`) or the plans over a pool (`pool.plan`) as its
/// schema, a contract as two `$defs`, a worker or orchestrator as a tool, a pool as a tool for each member.
///
/// # Errors
/// One line: there is no such name, or it has several versions.
pub fn named(program: &Program, name: &str) -> Result<Json, String> {
  if let Some(ty) = type_named(program, name)? {
    let mut schemas = Schemas::default();
    let schema = schemas.inside(&ty.0);
    return Ok(program.schema_document(schemas, described(schema, ty.1.as_deref())));
  }
  if let Some(contract) = contract_named(program, name)? {
    return Ok(contract_document(program, contract));
  }
  let callable = callables(program, false).find(|callable| callable.name == name);
  if let Some(callable) = callable {
    return Ok(tool(program, &callable));
  }
  let pool = program.pools.iter().find(|pool| *pool.name == *name);
  pool
    .map(|pool| pool_tools(program, pool))
    .ok_or_else(|| unknown(program, name))
}

fn pool_tools(program: &Program, pool: &Pool) -> Json {
  let tools = pool.members.iter().map(|member| tool(program, &member.into()));
  described(json!({ "tools": tools.collect::<Json>() }), pool.doc.as_deref())
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
  let pool = program
    .pool_ids()
    .find(|(_, pool)| side == "plan" && *pool.name == *contract);
  if let Some((id, pool)) = pool {
    return Ok(Some((program.plans(id), pool.doc.clone())));
  }
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
  program.schema_document(schemas, described(schema, contract.doc.as_deref()))
}

fn tool(program: &Program, callable: &Callable<'_>) -> Json {
  let (input, output) = program.message_schemas(callable);
  match callable.doc {
    Some(doc) => json!({ "name": callable.name, "description": doc, "inputSchema": input, "outputSchema": output }),
    None => json!({ "name": callable.name, "inputSchema": input, "outputSchema": output }),
  }
}

fn unknown(program: &Program, name: &str) -> String {
  let types = program.types.iter().map(|declared| &*declared.name);
  let contracts = program.contracts.iter().map(|contract| &*contract.name);
  let names = types
    .chain(contracts)
    .chain(program.pools.iter().map(|pool| &*pool.name))
    .chain(callables(program, false).map(|callable| callable.name));
  let near = nearest(name, names);
  let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
  format!("there is no type, contract, worker, orchestrator or pool `{name}`{near}")
}
