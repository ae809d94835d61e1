//! The page as one HTML file: nothing in it is loaded from anywhere, and whatever a run holds stands in it as text.

use std::fmt::Write;

use super::{Page, picture, timeline};
use crate::{
  cli::run::words,
  diagnostics::render::harmless,
  history::{End, State, Step},
  value::Failure,
};

/// Rows of the tree of steps.
const STEPS: usize = 2_000;
/// Failures that are told whole.
const FAILURES: usize = 50;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #d9d9e0; --page: #fff; --box: #f6f7f9;
  --ok: #2b9a66; --failed: #d13438; --wait: #c98a00; --off: #9a9da3; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #a0a4ab; --line: #3a3d42; --page: #141517;
  --box: #1e2023; --ok: #4cc38a; --failed: #ff6369; --wait: #f1a10d; --off: #74777d; } }
body { font: 14px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
p { margin: .3rem 0; } .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .15rem .6rem .15rem 0;
  border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } th { color: var(--soft); font-weight: 500; }
pre { background: var(--box); padding: .6rem; overflow: auto; white-space: pre-wrap; border-radius: 4px; }
code, pre { font: 12px/1.4 ui-monospace, monospace; } .wide { overflow-x: auto; }
svg text { fill: var(--ink); font: 11px system-ui, sans-serif; } svg .soft { fill: var(--soft); }
svg rect.box { fill: var(--box); stroke: var(--line); } svg rect.leaf { fill: var(--page); stroke-width: 1.5; stroke: var(--line); }
svg path { fill: none; stroke: var(--off); } svg rect.wait { fill: var(--line); }
.ok { color: var(--ok); } .failed { color: var(--failed); } .wait { color: var(--wait); } .off { color: var(--off); }
svg rect.bar.ok { fill: var(--ok); } svg rect.bar.failed { fill: var(--failed); } svg rect.bar.wait { fill: var(--wait); }
svg rect.bar.off { fill: var(--off); } svg rect.leaf.ok { stroke: var(--ok); } svg rect.leaf.failed { stroke: var(--failed); }
svg rect.leaf.wait { stroke: var(--wait); } svg rect.leaf.off { stroke-dasharray: 3 3; }
";

pub(super) fn render(page: &Page) -> String {
  let title = format!("{} {}", page.orchestrator(), page.state());
  let mut text = head_of(&title);
  text += &head(page);
  text += &failures(page);
  section(&mut text, "Timeline", &timeline::draw(page));
  section(&mut text, "Graph", &picture::draw(page));
  section(&mut text, "Workers", &workers(page));
  section(&mut text, "Steps", &steps(page));
  section(&mut text, "Result", &result(page));
  text + "</body>\n</html>\n"
}

/// The beginning of a page, up to its body.
pub fn head_of(title: &str) -> String {
  format!(
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
     <meta name=\"viewport\" content=\"width=device-width\">\n\
     <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
     <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
    safe(title)
  )
}

fn section(text: &mut String, title: &str, body: &str) {
  if !body.is_empty() {
    let _ = writeln!(text, "<h2>{title}</h2>\n{body}");
  }
}

/// As text of HTML, also within quotes.
pub fn safe(text: &str) -> String {
  let mut safe = String::with_capacity(text.len());
  for letter in harmless(text).chars() {
    match letter {
      '&' => safe.push_str("&amp;"),
      '<' => safe.push_str("&lt;"),
      '>' => safe.push_str("&gt;"),
      '"' => safe.push_str("&quot;"),
      '\'' => safe.push_str("&#39;"),
      other => safe.push(other),
    }
  }
  safe
}

/// The class that colours a state.
pub(super) fn class(state: State) -> &'static str {
  match state {
    State::Succeeded => "ok",
    State::Failed | State::Cancelled => "failed",
    State::Waiting | State::Running | State::InDoubt => "wait",
    State::Skipped | State::NotTaken => "off",
  }
}

fn head(page: &Page) -> String {
  let class = match page.state() {
    "succeeded" => "ok",
    "failed" | "crashed" => "failed",
    _ => "wait",
  };
  let mut text = format!(
    "<h1>{} <span class=\"{class}\">{}</span></h1>\n<p>after {}, at most {} at once</p>\n",
    safe(page.orchestrator()),
    page.state(),
    words::time(page.now.0),
    page.summary.peak
  );
  if let Some(started) = &page.history.started {
    let _ = writeln!(
      text,
      "<p class=\"soft\">run <code>{}</code>, begun {}, orch {}</p>\n<pre>{}</pre>",
      safe(&started.run),
      started.started,
      safe(&started.engine),
      safe(&words::short(&started.arguments.to_string(), 4_000))
    );
  }
  text
}

fn failures(page: &Page) -> String {
  let mut text = String::new();
  if let Some(End::Failed(failure)) = &page.history.end {
    text += &failure_whole(failure);
  }
  let taken = &page.summary.taken;
  for taken in taken.iter().take(FAILURES) {
    let _ = writeln!(
      text,
      "<p><code>{}</code> {}: {}</p>",
      safe(&taken.path),
      words::taker(taken.by),
      safe(&words::brief(&taken.failure))
    );
  }
  let more = page
    .summary
    .taken_count
    .saturating_sub(taken.len().min(FAILURES) as u64);
  if more > 0 {
    let _ = writeln!(text, "<p class=\"soft\">... and {more} more that were taken</p>");
  }
  match text.is_empty() {
    true => text,
    false => format!("<h2>Failures</h2>\n{text}"),
  }
}

fn failure_whole(failure: &Failure) -> String {
  let mut text = format!(
    "<p class=\"failed\">{}: {}</p>\n<p>step <code>{}</code>",
    failure.kind,
    safe(&failure.message),
    safe(&failure.step)
  );
  if let Some(worker) = &failure.worker {
    let plural = if failure.attempts == 1 { "" } else { "s" };
    let _ = write!(text, ", worker {}, {} attempt{plural}", safe(worker), failure.attempts);
  }
  text += "</p>\n";
  for cause in &failure.causes {
    let _ = writeln!(
      text,
      "<p>cause: <code>{}</code>: {}: {}</p>",
      safe(&cause.step),
      cause.kind,
      safe(&cause.message)
    );
  }
  if let Some(log) = failure.log.as_deref().filter(|log| !log.trim().is_empty()) {
    let _ = writeln!(text, "<pre>{}</pre>", safe(log.trim_end()));
  }
  text
}

fn workers(page: &Page) -> String {
  if page.summary.workers.is_empty() {
    return String::new();
  }
  let heads = ["calls", "failed", "retries", "cost", "tokens", "p50", "p95"];
  let heads: String = heads
    .iter()
    .map(|head| format!("<th class=\"n\">{head}</th>"))
    .collect();
  let mut text = format!("<table><tr><th>worker</th>{heads}</tr>\n");
  for (worker, tally) in &page.summary.workers {
    let time = |percent| tally.percentile(percent).map_or("-".to_owned(), words::time);
    let known = |amount: Option<String>| amount.unwrap_or_else(|| "unknown".to_owned());
    let cells = [
      tally.calls.to_string(),
      tally.failed().to_string(),
      tally.retries.to_string(),
      known(tally.cost.map(|cost| cost.to_string())),
      known(tally.tokens.map(|tokens| tokens.to_string())),
      time(50),
      time(95),
    ];
    let cells: String = cells
      .iter()
      .map(|cell| format!("<td class=\"n\">{cell}</td>"))
      .collect();
    let _ = writeln!(text, "<tr><td>{}</td>{cells}</tr>", safe(worker));
  }
  text + "</table>"
}

fn steps(page: &Page) -> String {
  let (shown, left) = page.most(page.steps.iter().copied(), STEPS);
  let mut text =
    "<table><tr><th>step</th><th>state</th><th class=\"n\">time</th><th>attempts</th><th></th></tr>\n".to_owned();
  shown.iter().for_each(|step| text += &row(page, step));
  text += "</table>";
  if left > 0 {
    let _ = write!(text, "\n<p class=\"soft\">... and {left} more steps</p>");
  }
  text
}

fn row(page: &Page, step: &Step) -> String {
  let time = words::time(step.ended.unwrap_or(page.now).0 - step.began.0);
  let worker = step.worker().map_or(String::new(), |worker| safe(worker));
  let attempts = match step.attempts.len() {
    0 => String::new(),
    attempts => attempts.to_string(),
  };
  format!(
    "<tr><td style=\"padding-left:{}em\"><code>{}</code></td><td class=\"{}\">{}</td><td class=\"n\">{time}</td>\
     <td>{attempts}</td><td>{worker} {}</td></tr>\n",
    step.depth(),
    safe(&step.path),
    class(step.state),
    step.state.word(),
    safe(&reason(step))
  )
}

/// Why it ended so, in a line.
pub(super) fn reason(step: &Step) -> String {
  match (&step.failure, step.cause.as_deref()) {
    (Some(failure), _) if step.state != State::Succeeded => words::brief(failure),
    (_, Some("")) => "the run was lost".to_owned(),
    (_, Some(cause)) => format!("since {cause} was lost"),
    _ => String::new(),
  }
}

fn result(page: &Page) -> String {
  match &page.history.end {
    Some(End::Succeeded(value)) => {
      let value = serde_json::to_string_pretty(value).unwrap_or_default();
      let short: String = value.chars().take(20_000).collect();
      let more = if short.len() < value.len() { "\n..." } else { "" };
      format!("<pre>{}{more}</pre>", safe(&short))
    }
    _ => String::new(),
  }
}

#[cfg(test)]
mod tests {
  use super::safe;

  #[test]
  fn nothing_that_a_run_holds_is_markup() {
    assert_eq!(
      safe("</pre><script>a('\"&\u{1b}[0m\u{202e}')"),
      "&lt;/pre&gt;&lt;script&gt;a(&#39;&quot;&amp;?[0m\u{fffd}&#39;)"
    );
  }
}
