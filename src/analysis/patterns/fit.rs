//! Whether a worker value fits what a pattern takes: it takes at least what it will be given, and gives at most what is
//! wanted of it.

use super::{
  super::names::Body,
  WorkerType, WorkerValue,
  passed::{Given, Passed, Place, counted},
  signature::Takes,
  solve::Solved,
};
use crate::{
  diagnostics::{Diagnostic, codes},
  types::{Type, fits_from},
};

/// What a parameter that takes workers stands for in one call.
#[derive(Clone, Debug)]
pub enum Fitted {
  One(WorkerValue),
  Many(Vec<WorkerValue>),
}

impl Fitted {
  pub fn members(&self) -> &[WorkerValue] {
    match self {
      Fitted::One(value) => std::slice::from_ref(value),
      Fitted::Many(values) => values,
    }
  }

  pub fn same(&self, other: &Self) -> bool {
    let (own, others) = (self.members(), other.members());
    own.len() == others.len() && own.iter().zip(others).all(|(a, b)| a.same(b))
  }
}

impl Body<'_, '_> {
  /// Compares; gives what fits, or nothing where something was said or is not known yet.
  pub fn fits(&mut self, given: Given, takes: &Takes, place: &Place, solved: &[Solved]) -> Option<Fitted> {
    let (Takes::Worker(ty) | Takes::Workers(ty)) = takes else {
      return None;
    };
    let fitted: Vec<Option<WorkerValue>> = given
      .members()
      .iter()
      .map(|passed| {
        let fits = self.worker_fits(passed, ty, takes, place, solved);
        let value = passed.value.clone().filter(|_| fits);
        value.map(|value| value.taking(ty.inputs.len()))
      })
      .collect();
    match given {
      Given::One(_) => fitted.into_iter().next().flatten().map(Fitted::One),
      Given::Many { known: true, .. } => fitted.into_iter().collect::<Option<Vec<_>>>().map(Fitted::Many),
      Given::Many { known: false, .. } | Given::Broken => None,
    }
  }

  fn worker_fits(&mut self, passed: &Passed, ty: &WorkerType, takes: &Takes, place: &Place, solved: &[Solved]) -> bool {
    let Some(reason) = misfit(passed, ty) else { return true };
    let message = format!("`{}` does not fit {}: {reason}", passed.shown, place.shown());
    let mut finding = Diagnostic::new(&codes::MISMATCH, message)
      .label(passed.span, format!("this is `{}`", shown(passed)))
      .label(place.declared, format!("takes `{takes}`"));
    let mut named: Vec<&Solved> = Vec::new();
    for param in solved {
      if let Some(source) = &param.source
        && source.span != passed.span
        && !named.iter().any(|named| named.name == param.name)
      {
        finding = finding.label(source.span, format!("so `{}` is `{}`", param.name, param.ty));
        named.push(param);
      }
    }
    let needs = passed.inputs.iter().skip(ty.inputs.len()).find(|input| input.needed);
    if let Some(input) = needs {
      let holes = vec!["_"; ty.inputs.len()].join(", ");
      let comma = if holes.is_empty() { "" } else { ", " };
      finding = finding.help(format!(
        "fill it in here: `{}({holes}{comma}{}: ...)`",
        passed.shown, input.name
      ));
    } else if passed.inputs.len() < ty.inputs.len() {
      finding = finding.help("a worker may leave nothing unread: wrap it in an orchestrator that takes both");
    }
    self.say(finding);
    false
  }
}

/// The worker's own type, parameters by name.
fn shown(passed: &Passed) -> String {
  let input = |input: &super::passed::Input| match input.name.parse::<usize>() {
    Ok(_) => input.ty.to_string(),
    Err(_) => format!("{}: {}", input.name, input.ty),
  };
  let inputs: Vec<String> = passed.inputs.iter().map(input).collect();
  match passed.output {
    Type::Null => format!("worker({})", inputs.join(", ")),
    _ => format!("worker({}) -> {}", inputs.join(", "), passed.output),
  }
}

/// Why a worker can't stand for a parameter.
fn misfit(passed: &Passed, ty: &WorkerType) -> Option<String> {
  if passed.inputs.len() < ty.inputs.len() {
    let takes = counted(passed.inputs.len(), "argument");
    return Some(format!("it takes {takes}, and is called with {}", ty.inputs.len()));
  }
  if let Some(input) = passed.inputs.iter().skip(ty.inputs.len()).find(|input| input.needed) {
    return Some(format!("it also needs `{}: {}`", input.name, input.ty));
  }
  for (given, input) in ty.inputs.iter().zip(&passed.inputs) {
    if given.is_unknown() || input.ty.is_unknown() {
      continue;
    }
    if let Err(misfit) = fits_from(given, &input.ty) {
      return Some(format!(
        "its parameter `{}` is given `{given}`{}: {}",
        input.name,
        at(&misfit.path),
        misfit.reason
      ));
    }
  }
  if passed.output.is_unknown() || ty.output.is_unknown() {
    return None;
  }
  let misfit = fits_from(&passed.output, &ty.output).err()?;
  Some(format!(
    "what it gives does not fit{}: {}",
    at(&misfit.path),
    misfit.reason
  ))
}

fn at(path: &str) -> String {
  if path.is_empty() {
    String::new()
  } else {
    format!(", at `{path}`")
  }
}
