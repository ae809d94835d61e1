//! When each attempt waited and ran, as a picture.

use std::fmt::Write;

use super::{
  Page,
  html::{class, safe},
};
use crate::{
  cli::run::words,
  history::{Attempt, Ended, State, Step},
};

/// Rows; of more steps, the failed ones first.
const ROWS: usize = 300;
const HEIGHT: usize = 16;
const LABELS: f64 = 260.0;
const WIDTH: f64 = 820.0;

pub fn draw(page: &Page) -> String {
  let called = page.steps.iter().copied().filter(|step| !step.attempts.is_empty());
  let (mut shown, left) = page.most(called, ROWS);
  if shown.is_empty() {
    return String::new();
  }
  shown.sort_by_key(|step| step.began);
  let height = (shown.len() + 1) * HEIGHT + 4;
  let mut text = format!("<div class=\"wide\"><svg width=\"1100\" height=\"{height}\" role=\"img\">\n");
  let _ = writeln!(text, "<text x=\"{LABELS}\" y=\"12\" class=\"soft\">0</text>");
  let end = words::time(page.now.0);
  let right = LABELS + WIDTH;
  let _ = writeln!(
    text,
    "<text x=\"{right}\" y=\"12\" text-anchor=\"end\" class=\"soft\">{end}</text>"
  );
  for (at, step) in shown.iter().enumerate() {
    text += &row(page, step, (at + 1) * HEIGHT);
  }
  text += "</svg></div>";
  if left > 0 {
    let _ = write!(text, "\n<p class=\"soft\">... and {left} more calls</p>");
  }
  text
}

fn row(page: &Page, step: &Step, y: usize) -> String {
  let name: String = step.path.chars().rev().take(40).collect();
  let name: String = name.chars().rev().collect();
  let mut text = format!("<text x=\"0\" y=\"{}\">{}</text>\n", y + 12, safe(&name));
  step
    .attempts
    .iter()
    .for_each(|attempt| text += &bar(page, step, attempt, y));
  text
}

/// Grey while it waits for admission, then in the colour of how it ended.
fn bar(page: &Page, step: &Step, attempt: &Attempt, y: usize) -> String {
  let whole = page.now.0.max(1) as f64;
  let place = |time: i64| LABELS + WIDTH * (time as f64 / whole).clamp(0.0, 1.0);
  let end = attempt.ended.as_ref().map_or(page.now.0, |(end, _)| end.0);
  let begin = attempt.admitted.map_or(end, |admitted| admitted.0);
  let state = match attempt.ended.as_ref().map(|(_, ended)| ended) {
    Some(Ended::Succeeded | Ended::Reused(_)) => State::Succeeded,
    Some(Ended::Failed(_)) => State::Failed,
    None => State::Running,
  };
  let (asked, begun, ended) = (place(attempt.requested.0), place(begin), place(end));
  let copy = if attempt.copy { ", a copy" } else { "" };
  let title = format!(
    "{} attempt {}{copy}: {} to {}",
    step.path,
    attempt.number,
    words::time(begin),
    words::time(end)
  );
  format!(
    "<rect class=\"wait\" x=\"{asked:.1}\" y=\"{}\" width=\"{:.1}\" height=\"2\"/>\n\
     <rect class=\"bar {}\" x=\"{begun:.1}\" y=\"{}\" width=\"{:.1}\" height=\"10\" rx=\"2\"><title>{}</title></rect>\n",
    y + 7,
    (begun - asked).max(0.0),
    class(state),
    y + 3,
    (ended - begun).max(1.5),
    safe(&title)
  )
}
