//! From a worker's settings to an invocation: argument vector, environment, standard input, directory. Pure; knows
//! nothing of processes.

use std::{path::PathBuf, sync::Arc};

use indexmap::IndexMap;

use super::attempt::Settings;
use crate::{
  eval::{EvalError, Evaluator},
  hir::{Cwd, Expr, FieldPart, Process, ProcessProgram, Program, Stdin},
  protocol::{EnvText, Permit, ProcessTask},
  types::Type,
  value::{Value, json_text, show},
};

pub(super) struct Invoker<'a> {
  pub program: &'a Program,
  pub evaluator: &'a Evaluator,
  pub settings: &'a Settings<'a>,
}

impl Invoker<'_> {
  /// The task that the settings describe.
  ///
  /// # Errors
  /// An expression has no value.
  pub fn process(&self, process: &Process) -> Result<ProcessTask, EvalError> {
    let worker = self.settings.worker;
    Ok(ProcessTask {
      argv: self.argv(&process.program)?,
      env: self.env(process)?,
      stdin: self.stdin(&process.stdin)?,
      cwd: self.cwd(&process.cwd)?,
      expect: process.expect.clone(),
      permit: self.permit(process)?,
      wants_output: process.output.is_some() || !matches!(worker.output.resolved(), Type::Null),
    })
  }

  fn eval(&self, expr: &Expr) -> Result<Value, EvalError> {
    self.evaluator.eval(expr, self.settings)
  }

  fn argv(&self, program: &ProcessProgram) -> Result<Vec<String>, EvalError> {
    match program {
      ProcessProgram::Shell(script) => {
        let fixed = ["sh", "-eu", "-c"].map(String::from);
        Ok(fixed.into_iter().chain([script.to_string()]).collect())
      }
      ProcessProgram::Exec(words) => {
        let words = self.eval(words)?;
        Ok(words.as_list().unwrap_or_default().iter().map(show).collect())
      }
    }
  }

  /// In a shell the parameters come first, so that `env` may replace them.
  fn env(&self, process: &Process) -> Result<Vec<(String, EnvText)>, EvalError> {
    let mut env: IndexMap<String, EnvText> = IndexMap::new();
    let mut set = |name: &str, value: &Value| match value {
      Value::Null => {}
      Value::Secret(parts) => _ = env.insert(name.to_owned(), EnvText(parts.clone())),
      value => _ = env.insert(name.to_owned(), show(value).into()),
    };
    if let ProcessProgram::Shell(_) = process.program {
      let parameters = self.settings.worker.params.iter().zip(&*self.settings.parameters);
      parameters.for_each(|(param, value)| set(&param.name, value));
    }
    for part in &process.env {
      match part {
        FieldPart::Field(name, value) => set(name, &self.eval(value)?),
        FieldPart::Spread(record) => {
          let record = self.eval(record)?;
          let fields = record.as_record().into_iter().flatten();
          fields.for_each(|(name, value)| set(name, value));
        }
      }
    }
    Ok(env.into_iter().collect())
  }

  fn stdin(&self, stdin: &Stdin) -> Result<Arc<[u8]>, EvalError> {
    Ok(match stdin {
      Stdin::Nothing => Arc::default(),
      Stdin::Input => json_text(&self.settings.message).into_bytes().into(),
      Stdin::Expr(expr) => match self.eval(expr)? {
        Value::Null => Arc::default(),
        Value::String(text) => text.as_bytes().into(),
        value => json_text(&value).into_bytes().into(),
      },
    })
  }

  fn permit(&self, process: &Process) -> Result<Option<Permit>, EvalError> {
    let Some(permit) = &process.permit else {
      return Ok(None);
    };
    Ok(Some(Permit {
      read: self.paths(&permit.read)?,
      write: self.paths(&permit.write)?,
      net: permit.net,
    }))
  }

  /// Paths and lists of paths, below the module's directory.
  fn paths(&self, exprs: &[Expr]) -> Result<Vec<PathBuf>, EvalError> {
    let module = &self.program.module(self.settings.worker.module).directory;
    let mut paths = Vec::new();
    for expr in exprs {
      let value = self.eval(expr)?;
      match value.as_list() {
        Some(list) => paths.extend(list.iter().map(|path| module.join(show(path)))),
        None => paths.push(module.join(show(&value))),
      }
    }
    Ok(paths)
  }

  fn cwd(&self, cwd: &Cwd) -> Result<Option<PathBuf>, EvalError> {
    let module = &self.program.module(self.settings.worker.module).directory;
    Ok(match cwd {
      Cwd::Module => Some(module.clone()),
      Cwd::Scratch => None,
      Cwd::Expr(path) => Some(module.join(show(&self.eval(path)?))),
    })
  }
}
