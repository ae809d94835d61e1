//! What a page says of a module, read from the checked program. Knows nothing of how pages look.

use super::{Entry, Page};
use crate::{
  graph,
  hir::{Contract, ModuleId, Orchestrator, OrchestratorId, Param, ProcessProgram, Program, Worker, WorkerKind},
  session::Checked,
};

/// Of the root module.
pub fn page(checked: &Checked, program: &Program) -> Page {
  let own = |module: ModuleId| module.0 == 0;
  let orchestrators = program.orchestrator_ids();
  let orchestrators = orchestrators.filter(|(_, declared)| own(declared.module) && !declared.pattern);
  let workers = program.workers.iter().filter(|worker| own(worker.module));
  let contracts = program.contracts.iter().filter(|contract| own(contract.module));
  let types = program.types.iter().filter(|declared| own(declared.module));
  let types = types.map(|declared| Entry {
    name: declared.name.to_string(),
    signature: format!("type {} = {}", declared.name, declared.ty.resolved()),
    doc: declared.doc.clone(),
    facts: Vec::new(),
    fields: Vec::new(),
    picture: None,
  });
  let root = program.module(ModuleId(0));
  let mut sections = vec![
    (
      "Orchestrators",
      orchestrators
        .map(|(id, declared)| orchestrator(checked, program, id, declared))
        .collect(),
    ),
    ("Workers", workers.map(|declared| worker(checked, declared)).collect()),
    ("Contracts", contracts.map(contract).collect()),
    ("Types", types.collect::<Vec<Entry>>()),
  ];
  sections.retain(|(_, entries)| !entries.is_empty());
  Page {
    title: root.file.to_string(),
    doc: root.doc.clone(),
    sections,
  }
}

fn orchestrator(checked: &Checked, program: &Program, id: OrchestratorId, declared: &Orchestrator) -> Entry {
  let Orchestrator { name, params, .. } = declared;
  Entry {
    name: name.to_string(),
    signature: format!("orchestrator {name}({}) -> {}", names(params), declared.output),
    doc: declared.doc.clone(),
    facts: fulfils(declared.contract.as_deref()).into_iter().collect(),
    fields: fields(checked, params),
    picture: Some(graph::build(program, &checked.sources, id)),
  }
}

fn worker(checked: &Checked, declared: &Worker) -> Entry {
  let Worker { name, params, .. } = declared;
  let kind = match &declared.kind {
    WorkerKind::Mock(_) => "Answers by itself: a mock.".to_owned(),
    WorkerKind::Process(process) => match &process.program {
      ProcessProgram::Exec(arguments) => format!("Runs `{}`.", one_line(checked.sources.text(arguments.span))),
      ProcessProgram::Shell(_) => "Runs a script in a shell.".to_owned(),
    },
  };
  let twice = declared
    .idempotent
    .then(|| "Doing its work twice is harmless.".to_owned());
  let facts = [Some(kind), fulfils(declared.contract.as_deref()), twice];
  Entry {
    name: name.to_string(),
    signature: format!("worker {name}({}) -> {}", names(params), declared.output),
    doc: declared.doc.clone(),
    facts: facts.into_iter().flatten().collect(),
    fields: fields(checked, params),
    picture: None,
  }
}

fn contract(declared: &Contract) -> Entry {
  Entry {
    name: declared.name.to_string(),
    signature: format!(
      "contract {} {{\n  input  {}\n  output {}\n}}",
      declared.name,
      declared.input.resolved(),
      declared.output.resolved()
    ),
    doc: declared.doc.clone(),
    facts: Vec::new(),
    fields: Vec::new(),
    picture: None,
  }
}

fn fulfils(contract: Option<&str>) -> Option<String> {
  contract.map(|contract| format!("Keeps the contract `{contract}`."))
}

fn names(params: &[Param]) -> String {
  let names: Vec<&str> = params.iter().map(|param| &*param.name).collect();
  names.join(", ")
}

fn fields(checked: &Checked, params: &[Param]) -> Vec<(String, String, Option<String>)> {
  let each = |param: &Param| {
    let default = param.default.as_ref();
    let default = default.map(|default| one_line(checked.sources.text(default.span)));
    let null = || (param.optional || param.ty.accepts_null()).then(|| "null".to_owned());
    (param.name.to_string(), param.ty.to_string(), default.or_else(null))
  };
  params.iter().map(each).collect()
}

fn one_line(text: &str) -> String {
  text.split_whitespace().collect::<Vec<&str>>().join(" ")
}
