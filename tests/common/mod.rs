//! What test binaries share: programs in memory, and the programs that stand in the documentation.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod changes;
pub mod draw;
pub mod markdown;
pub mod memory;
pub mod mistakes;
pub mod shortened;

use orch::diagnostics::Level;
use orch::session::Checked;

/// The codes found, in order, without notes and without what is lifted.
pub fn found(checked: &Checked) -> Vec<&'static str> {
  let findings = checked.findings.standing();
  findings
    .filter(|finding| finding.code.level != Level::Low)
    .map(|finding| finding.code.name)
    .collect()
}

/// All that was found, as people see it.
pub fn shown(checked: &Checked) -> String {
  orch::diagnostics::render::human::render(&checked.findings, &checked.sources, Default::default())
}

/// What was found, one finding a line, with its place.
pub fn listed(checked: &Checked) -> String {
  let line = |finding: &orch::diagnostics::Diagnostic| {
    let place = finding.span().map_or(String::new(), |span| {
      let position = checked.sources.get(span.source).position(span.range().start);
      format!(" {}:{}", position.line, position.column)
    });
    format!("{}{place} {}\n", finding.code.name, finding.message)
  };
  checked.findings.0.iter().map(line).collect()
}
