//! What the workers of a program need: programs, secrets, and a kernel that can bound them. What is known only while a
//! run goes on is not judged.

use std::{collections::BTreeMap, path::Path};

use super::Check;
use crate::{
  cli::{exit::Exit, program},
  hir::{Cwd, ElementPart, Expr, ExprKind, FieldPart, Process, ProcessProgram, Program, Worker, WorkerKind},
  session::{self, Disk},
  workers::probe,
};

/// And how the command ends if the program is wrong.
pub fn checks(file: &Path) -> (Vec<Check>, Exit) {
  let checked = session::check(&Disk, file);
  let Some(program) = &checked.program else {
    let says = format!("findings refuse it: `orch check {}` says which", file.display());
    let check = Check::needed("program", Err(says));
    return (vec![check], program::refusal(&checked.findings));
  };
  let mut checks = vec![Check::needed("program", Ok(format!("{} checks", file.display())))];
  checks.extend(programs(program));
  checks.extend(permits(program));
  checks.extend(secrets(program));
  (checks, Exit::Success)
}

fn processes(program: &Program) -> impl Iterator<Item = (&Worker, &Process)> {
  program.workers.iter().filter_map(|worker| match &worker.kind {
    WorkerKind::Process(process) => Some((worker, process)),
    WorkerKind::Mock(_) => None,
  })
}

/// What workers start, each program once, with who starts it.
fn programs(program: &Program) -> Vec<Check> {
  let mut wanted: BTreeMap<(&str, &Path), Vec<&str>> = BTreeMap::new();
  for (worker, process) in processes(program) {
    let directory = &program.modules[worker.module.0 as usize].directory;
    if let Some(name) = started(process) {
      wanted.entry((name, directory)).or_default().push(&worker.name);
    }
  }
  let check = |((name, directory), workers): ((&str, &Path), Vec<&str>)| {
    let by = format!("for {}", workers.join(", "));
    let found = probe::program(name, directory);
    let told = found.map(|path| format!("{}, {by}", path.display()));
    Check::needed(name, told.map_err(|why| format!("{why}, {by}")))
  };
  wanted.into_iter().map(check).collect()
}

/// The program that a worker starts, if the text says it: not where its name, its `PATH` or its directory are computed.
fn started(process: &Process) -> Option<&str> {
  let own_path = |part: &FieldPart| match part {
    FieldPart::Field(name, _) => &**name == "PATH",
    FieldPart::Spread(_) => true,
  };
  if process.env.iter().any(own_path) {
    return None;
  }
  let name = match &process.program {
    ProcessProgram::Shell(_) => "sh",
    ProcessProgram::Exec(arguments) => literal(arguments)?,
  };
  let here = matches!(process.cwd, Cwd::Module) || !name.contains('/') || name.starts_with('/');
  here.then_some(name)
}

fn literal(arguments: &Expr) -> Option<&str> {
  let first = match &arguments.kind {
    ExprKind::Literal(list) => list.as_list()?.first()?,
    ExprKind::List(elements) => match elements.first()? {
      ElementPart::Item(Expr {
        kind: ExprKind::Literal(value),
        ..
      }) => value,
      _ => return None,
    },
    _ => return None,
  };
  first.as_str()
}

/// Whether the kernel can bound the workers with a `permit`.
fn permits(program: &Program) -> Vec<Check> {
  let permits = processes(program).filter_map(|(_, process)| process.permit.as_ref());
  let mut net: Vec<bool> = permits.map(|permit| permit.net).collect();
  net.sort_unstable();
  // the stricter of the two is enough to know
  let strictest = net.first().copied();
  let check = |net| {
    Check::needed(
      "its permits",
      probe::permits(net).map(|()| "the kernel enforces them".to_owned()),
    )
  };
  strictest.map(check).into_iter().collect()
}

fn secrets(program: &Program) -> Vec<Check> {
  let check = |variable: &str| {
    let found = probe::secret(variable).map(|()| "is set".to_owned());
    Check::needed(variable, found)
  };
  let mut variables: Vec<&str> = program.secrets.iter().map(|secret| &*secret.variable).collect();
  variables.sort_unstable();
  variables.dedup();
  variables.into_iter().map(check).collect()
}
