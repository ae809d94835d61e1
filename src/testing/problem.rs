//! Why a test failed, as findings with the part of the trace that shows it.

use std::sync::Arc;

use crate::{
  diagnostics::{Diagnostic, codes},
  eval::EvalError,
  source::Span,
  value::{Failure, clip},
};

/// One reason for which a test failed.
#[derive(Clone, Debug)]
pub struct Problem {
  pub finding: Diagnostic,
  /// What the parts of the expression were: text and value.
  pub values: Vec<(String, String)>,
  /// The calls that matter, one a line.
  pub trace: Vec<String>,
}

/// The longest line of a worker's log, in characters.
const LINE: usize = 200;

impl Problem {
  pub(super) fn new(finding: Diagnostic) -> Self {
    Problem {
      finding,
      values: Vec::new(),
      trace: Vec::new(),
    }
  }

  /// A line of the test whose expression has no value.
  pub(super) fn no_value(error: &EvalError) -> Self {
    let message = format!("this line has no value: {}", error.message);
    Self::new(Diagnostic::new(&codes::TEST_FAILED, message).label(error.span, "no value"))
  }

  /// A run that could not begin.
  pub(super) fn no_run(span: Span, why: &str) -> Self {
    let message = format!("the run can't begin: {why}");
    Self::new(Diagnostic::new(&codes::TEST_RUN_FAILED, message).label(span, "this run"))
  }

  pub(super) fn run_failed(span: Span, orchestrator: &str, failure: &Failure) -> Self {
    let message = format!(
      "`{orchestrator}` failed: {}: {}",
      failure.kind,
      one_line(&failure.message)
    );
    let place = match &*failure.step {
      "" => "failed".to_owned(),
      step => format!("failed at `{step}`"),
    };
    let finding = Diagnostic::new(&codes::TEST_RUN_FAILED, message)
      .label(span, place)
      .help("a run that is to fail is bound as an outcome: `outcome = attempt ...`");
    Problem {
      values: details(failure),
      ..Self::new(finding)
    }
  }

  pub(super) fn stuck(span: Span, orchestrator: &str, waits: &[String]) -> Self {
    let message = format!("the run of `{orchestrator}` would never end");
    let finding = Diagnostic::new(&codes::TEST_RUN_FAILED, message).label(span, "waits for ever");
    let finding = match waits {
      [] => finding,
      waits => finding.help(format!("it waits for {}", waits.join(", "))),
    };
    Self::new(finding)
  }

  pub(super) fn unmocked(span: Span, worker: &str, step: &Arc<str>) -> Self {
    let finding = Diagnostic::new(&codes::UNMOCKED, format!("`{worker}` is called and not mocked"))
      .label(span, format!("called at `{step}` of this run"))
      .help(format!(
        "mock it (`mock {worker} => ...`), or let it run for real: `orch test --live`"
      ));
    Self::new(finding)
  }
}

/// What is known of a failure beside its kind and message.
fn details(failure: &Failure) -> Vec<(String, String)> {
  let mut lines = Vec::new();
  let mut line = |name: &str, value: Option<String>| {
    lines.extend(value.map(|value| (name.to_owned(), one_line(&value))));
  };
  line("worker", failure.worker.as_deref().map(str::to_owned));
  line("attempts", (failure.attempts > 1).then(|| failure.attempts.to_string()));
  line("item", failure.item.as_ref().map(ToString::to_string));
  line("at", failure.at.clone());
  for cause in &failure.causes {
    line(
      "cause",
      Some(format!("{}: {}: {}", cause.step, cause.kind, cause.message)),
    );
  }
  for log in failure.log.iter().flat_map(|log| log.lines()) {
    line("log", Some(log.to_owned()));
  }
  lines
}

pub(super) fn one_line(text: &str) -> String {
  clip(&text.split_whitespace().collect::<Vec<_>>().join(" "), LINE)
}
