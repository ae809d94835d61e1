//! The results of tests in the form of JUnit: a suite for each file. The one file that knows quick-junit.
#![expect(
  clippy::disallowed_methods,
  reason = "this is the door through which the report is written"
)]

use std::{fs::File, path::Path};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Tried, report};
use crate::{
  diagnostics::render::human::{self, Look},
  source::Sources,
  testing::{Timed, Verdict},
};

/// Writes the report to a file.
///
/// # Errors
/// The file can't be written.
pub fn write(path: &Path, tried: &[Tried]) -> Result<(), String> {
  let refused = |error: &dyn std::fmt::Display| format!("can't write to `{}`: {error}\n", path.display());
  let file = File::create(path).map_err(|error| refused(&error))?;
  document(tried).serialize(file).map_err(|error| refused(&error))
}

fn document(tried: &[Tried]) -> Report {
  let mut report = Report::new("orch");
  for Tried { suite, verdicts } in tried {
    let mut tests = TestSuite::new(suite.name.clone());
    tests.add_test_cases(verdicts.iter().map(|timed| case(timed, &suite.name, &suite.sources)));
    report.add_test_suite(tests);
  }
  report
}

fn case(timed: &Timed<Verdict>, file: &str, sources: &Sources) -> TestCase {
  let verdict = &timed.result;
  let status = match verdict.problems.first() {
    None => TestCaseStatus::success(),
    Some(first) => {
      let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
      let whole = verdict.problems.iter().map(|problem| {
        let finding = human::one(&problem.finding, sources, Look::default());
        format!("{finding}{}", report::details(problem))
      });
      status
        .set_type(first.finding.code.name)
        .set_message(allowed(&first.finding.message))
        .set_description(allowed(&whole.collect::<String>()));
      status
    }
  };
  let mut case = TestCase::new(allowed(&verdict.name), status);
  case.set_classname(file).set_time(timed.took);
  case
}

/// Without the characters that quick-junit lets through and XML does not have.
fn allowed(text: &str) -> String {
  text.replace(['\u{fffe}', '\u{ffff}'], "")
}
