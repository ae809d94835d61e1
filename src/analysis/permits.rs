//! `permit`: what a worker's process may touch, and that no worker that an orchestrator reaches asks for more than it
//! permits. Knows nothing of how it is enforced.

use std::path::{Component, Path, PathBuf};

use super::{checker::Checker, names::Body};
use crate::{
  diagnostics::{Diagnostic, codes, nearest},
  hir::{
    self, ElementPart, Expr, ExprKind, ModuleId, NodeKind, OrchestratorId, Process, Program, Visit, Worker, WorkerId,
    WorkerKind,
  },
  source::Span,
  syntax::ast::{self, PermitEntry},
  types::{Type, fits},
  value::Value,
};

const ENTRIES: &[&str] = &["read", "write", "net"];

/// What an orchestrator permits: paths without `.` and `..`.
struct Bound {
  read: Vec<PathBuf>,
  write: Vec<PathBuf>,
  net: bool,
  span: Span,
}

impl Body<'_, '_> {
  /// A `permit`, of a worker or an orchestrator.
  pub fn permit(&mut self, entries: &[PermitEntry], span: Span) -> hir::Permit {
    let mut permit = hir::Permit {
      read: Vec::new(),
      write: Vec::new(),
      net: true,
      span,
    };
    for (at, entry) in entries.iter().enumerate() {
      let same = |other: &&PermitEntry| other.what.value == entry.what.value;
      if let Some(first) = entries[..at].iter().find(same) {
        self.say(super::symbols::duplicate(&entry.what, first.what.span));
      }
      match entry.what.value.as_str() {
        "read" => permit.read.push(self.permitted_paths(&entry.value, "read")),
        "write" => permit.write.push(self.permitted_paths(&entry.value, "write")),
        "net" => permit.net = self.permitted_net(&entry.value),
        other => {
          let known = || ENTRIES.iter().copied();
          let help = nearest(other, known()).map_or_else(
            || "there are `read`, `write` and `net`".to_owned(),
            |near| format!("there is `{near}`"),
          );
          let finding = Diagnostic::new(&codes::UNKNOWN_SETTING, format!("`permit` has no `{other}`"))
            .label(entry.what.span, "nothing that can be permitted")
            .help(help);
          self.say(finding);
        }
      }
    }
    permit
  }

  fn permitted_paths(&mut self, value: &ast::Expr, word: &str) -> Expr {
    let paths = self.infer(value);
    if !fits(&paths.ty, &Type::string()) && !fits(&paths.ty, &Type::list(Type::string())) {
      let finding = Diagnostic::new(
        &codes::BAD_OPERAND,
        format!("`{word}` takes a path, or a list of paths"),
      )
      .label(paths.span, format!("this is `{}`", paths.ty));
      self.say(finding);
    }
    paths
  }

  fn permitted_net(&mut self, value: &ast::Expr) -> bool {
    match &value.kind {
      ast::ExprKind::Name(word) if word == "none" => false,
      ast::ExprKind::Name(word) if word == "any" => true,
      _ => {
        let finding = Diagnostic::new(&codes::BAD_SETTING, "`net` is `none` or `any`")
          .label(value.span, "neither of the two")
          .help("single hosts and ports can't be told apart: the kernel bounds TCP as a whole");
        self.say(finding);
        true
      }
    }
  }
}

impl Checker<'_> {
  /// What each orchestrator permits, held against all workers that it reaches.
  pub fn check_permits(&mut self) {
    let mut findings = Vec::new();
    for at in 0..self.symbols.orchestrators.len() {
      if let Some(bound) = self.bound(at) {
        let id = OrchestratorId(super::symbols::number(at));
        for (worker, call) in reached(&self.program, id) {
          let asked = Asked {
            program: &self.program,
            by: &self.program.orchestrator(id).name,
            bound: &bound,
            worker: self.program.worker(worker),
            call,
          };
          asked.findings(&mut findings);
        }
      }
    }
    findings.into_iter().for_each(|finding| self.say(finding));
  }

  fn bound(&mut self, at: usize) -> Option<Bound> {
    let declared = self.symbols.orchestrators[at];
    let mut written = declared.it.body.steps.iter().filter_map(|step| match &step.kind {
      ast::StepKind::Declaration(ast::Declaration::Permit(entries)) => Some((entries, step.span)),
      _ => None,
    });
    let (entries, span) = written.next()?;
    for (_, again) in written {
      let finding = Diagnostic::new(&codes::DUPLICATE, "`permit` is given twice")
        .label(again, "again here")
        .label(span, "first here");
      self.say(finding);
    }
    let params = std::mem::take(&mut self.program.orchestrators[at].params);
    let mut body = Body::new(self, declared.module);
    body.resume(&params);
    let permit = body.permit(entries, span);
    self.program.orchestrators[at].params = params;
    let directory = self.loaded.modules[declared.module].directory.clone();
    Some(Bound {
      read: self.bound_paths(&permit.read, &directory)?,
      write: self.bound_paths(&permit.write, &directory)?,
      net: permit.net,
      span,
    })
  }

  /// `None` after a finding.
  fn bound_paths(&mut self, paths: &[Expr], directory: &Path) -> Option<Vec<PathBuf>> {
    let mut found = Vec::new();
    for expr in paths {
      let Some(constant) = constant_paths(&self.program, expr, directory) else {
        if !expr.ty.is_unknown() {
          let finding = Diagnostic::new(
            &codes::BAD_SETTING,
            "what an orchestrator permits is known before it runs",
          )
          .label(expr.span, "no constant")
          .help("write the path as a text or a `let`; a worker's own `permit` may use its parameters");
          self.say(finding);
        }
        return None;
      };
      found.extend(constant);
    }
    Some(found)
  }
}

/// The paths that an expression stands for, if that does not depend on a run.
fn constant_paths(program: &Program, expr: &Expr, directory: &Path) -> Option<Vec<PathBuf>> {
  match &expr.kind {
    ExprKind::Literal(Value::String(text)) => Some(vec![plain(&directory.join(&**text))]),
    ExprKind::Constant(id) => constant_paths(program, &program.constants[id.0 as usize].value, directory),
    ExprKind::List(parts) => {
      let mut paths = Vec::new();
      for part in parts {
        let (ElementPart::Item(part) | ElementPart::Spread(part)) = part;
        paths.extend(constant_paths(program, part, directory)?);
      }
      Some(paths)
    }
    _ => None,
  }
}

/// Without `.`, and `..` taken back.
fn plain(path: &Path) -> PathBuf {
  let mut plain = PathBuf::new();
  for part in path.components() {
    match part {
      Component::CurDir => {}
      Component::ParentDir => drop(plain.pop()),
      part => plain.push(part),
    }
  }
  plain
}

/// The workers that an orchestrator may call, at any depth, each with the first call in its own body that leads there.
fn reached(program: &Program, from: OrchestratorId) -> Vec<(WorkerId, Span)> {
  let mut found: Vec<(WorkerId, Span)> = Vec::new();
  let mut seen = vec![from];
  let mut open: Vec<(OrchestratorId, Option<Span>)> = vec![(from, None)];
  while let Some((at, call)) = open.pop() {
    program.orchestrator(at).visit_all(&mut |node| {
      let call = call.unwrap_or(node.span);
      let reach = |kind: &NodeKind| match kind {
        NodeKind::Work(work) if !found.iter().any(|(known, _)| *known == work.target) => {
          found.push((work.target, call));
        }
        NodeKind::Orchestrate(run) if !seen.contains(&run.target) => {
          seen.push(run.target);
          open.push((run.target, Some(call)));
        }
        _ => {}
      };
      program.calls(&node.kind).into_iter().for_each(reach);
    });
  }
  found
}

/// What one worker asks for under one bound.
struct Asked<'a> {
  program: &'a Program,
  by: &'a str,
  bound: &'a Bound,
  worker: &'a Worker,
  call: Span,
}

impl Asked<'_> {
  fn findings(&self, findings: &mut Vec<Diagnostic>) {
    let name = &self.worker.name;
    let permit = match &self.worker.kind {
      // it touches nothing
      WorkerKind::Mock(_) => return,
      WorkerKind::Process(Process { permit, .. }) => permit,
    };
    let Some(permit) = permit else {
      let message = format!(
        "`{name}` has no `permit`, and `{}` permits certain things only",
        self.by
      );
      let help = format!("say in `{name}` what it needs: `permit {{ read \"./data\" }}`");
      findings.push(self.exceeds(message, self.worker.span, "it may touch everything", help));
      return;
    };
    let write = &self.bound.write;
    let read = [self.bound.read.as_slice(), write].concat();
    self.paths(&permit.read, &read, "read", findings);
    self.paths(&permit.write, write, "write", findings);
    if permit.net && !self.bound.net {
      let message = format!("`{name}` may use the network, which `{}` does not permit", self.by);
      let help = "add `net none` to its `permit`".into();
      findings.push(self.exceeds(message, permit.span, "without `net none`", help));
    }
  }

  fn paths(&self, asked: &[Expr], bound: &[PathBuf], word: &str, findings: &mut Vec<Diagnostic>) {
    let (name, by) = (&self.worker.name, self.by);
    for expr in asked {
      let Some(paths) = constant_paths(self.program, expr, self.directory(self.worker.module)) else {
        let message =
          format!("what `{name}` may {word} is known only when it runs, and `{by}` permits certain paths only");
        let help = "write the path as a text or a `let`; what is known later comes in as a `file` or `dir`".into();
        findings.push(self.exceeds(message, expr.span, "no constant", help));
        continue;
      };
      for path in paths
        .iter()
        .filter(|path| !bound.iter().any(|bound| path.starts_with(bound)))
      {
        let message = format!("`{name}` may {word} `{}`, which `{by}` does not permit", path.display());
        let help = format!("ask for less here, or permit it there: `{word} \"...\"`");
        findings.push(self.exceeds(message, expr.span, "asked for here", help));
      }
    }
  }

  fn directory(&self, module: ModuleId) -> &Path {
    &self.program.module(module).directory
  }

  fn exceeds(&self, message: String, at: Span, label: &str, help: String) -> Diagnostic {
    Diagnostic::new(&codes::PERMIT_EXCEEDED, message)
      .label(at, label)
      .label(self.bound.span, "what is permitted")
      .label(self.call, "it is reached from here")
      .help(help)
  }
}
