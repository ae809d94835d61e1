//! The page as Markdown, for a pull request or a chat.

use std::fmt::Write;

use super::{Page, html::reason};
use crate::{
  cli::run::{report, words},
  diagnostics::render::harmless,
  history::End,
};

/// Rows of the table of steps.
const STEPS: usize = 200;

pub fn render(page: &Page) -> String {
  let mut text = format!(
    "# {} {}\n\nafter {}, at most {} at once; run `{}`\n",
    safe(page.orchestrator()),
    page.state(),
    words::time(page.now.0),
    page.summary.peak,
    page.past.run
  );
  if let Some(End::Failed(failure)) = &page.history.end {
    let _ = write!(text, "\n## Failure\n\n{}", block(&report::failure(failure)));
  }
  text += &workers(page);
  text += &steps(page);
  text
}

/// Lines as a block that nothing in them ends.
fn block(lines: &str) -> String {
  let lines = lines.lines().map(|line| format!("    {line}\n"));
  lines.collect()
}

/// As text in a cell of a table: what marks something is marked as a letter.
fn safe(text: &str) -> String {
  let mut safe = String::new();
  for letter in harmless(text).chars() {
    match letter {
      '\n' => safe.push(' '),
      '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '@' | '!' => {
        safe.push('\\');
        safe.push(letter);
      }
      other => safe.push(other),
    }
  }
  safe
}

fn workers(page: &Page) -> String {
  if page.summary.workers.is_empty() {
    return String::new();
  }
  let mut text =
    "\n## Workers\n\n| worker | calls | failed | retries | cost | p50 | p95 |\n|---|---|---|---|---|---|---|\n"
      .to_owned();
  for (worker, tally) in &page.summary.workers {
    let time = |percent| tally.percentile(percent).map_or("-".to_owned(), words::time);
    let cost = tally.cost.map_or("unknown".to_owned(), |cost| cost.to_string());
    let _ = writeln!(
      text,
      "| {} | {} | {} | {} | {cost} | {} | {} |",
      safe(worker),
      tally.calls,
      tally.failed(),
      tally.retries,
      time(50),
      time(95)
    );
  }
  text
}

fn steps(page: &Page) -> String {
  let (shown, left) = page.most(page.steps.iter().copied(), STEPS);
  let mut text = "\n## Steps\n\n| step | state | time | worker | why |\n|---|---|---|---|---|\n".to_owned();
  for step in shown {
    let time = words::time(step.ended.unwrap_or(page.now).0 - step.began.0);
    let worker = step.worker().map_or(String::new(), |worker| safe(worker));
    let (path, state) = (safe(&step.path), step.state.word());
    let _ = writeln!(
      text,
      "| {path} | {state} | {time} | {worker} | {} |",
      safe(&reason(step))
    );
  }
  if left > 0 {
    let _ = writeln!(text, "\n... and {left} more steps");
  }
  text
}

#[cfg(test)]
mod tests {
  use super::safe;

  #[test]
  fn nothing_that_a_run_holds_is_a_mark() {
    assert_eq!(safe("a|b\n<b>[x](y)`"), "a\\|b \\<b\\>\\[x\\](y)\\`");
  }
}
