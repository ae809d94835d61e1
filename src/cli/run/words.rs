//! Durations, failures and takers in words for people.

use serde_json::Value;

use crate::{
  diagnostics::render::harmless,
  engine::Taker,
  value::{Failure, FailureKind},
};

/// `350ms`, `1.2s`, `2m05s`, `1h02m`
pub fn time(milliseconds: i64) -> String {
  let ms = milliseconds.max(0);
  match ms {
    0..1_000 => format!("{ms}ms"),
    1_000..60_000 => format!("{}.{}s", ms / 1_000, ms % 1_000 / 100),
    60_000..3_600_000 => format!("{}m{:02}s", ms / 60_000, ms % 60_000 / 1_000),
    _ => format!("{}h{:02}m", ms / 3_600_000, ms % 3_600_000 / 60_000),
  }
}

/// The word of `Failure.kind`.
pub fn kind(kind: FailureKind) -> String {
  match serde_json::to_value(kind) {
    Ok(Value::String(word)) => word,
    _ => String::new(),
  }
}

/// `timeout: no answer within 30s`, on one line, harmless to a terminal and not too long.
pub fn brief(failure: &Failure) -> String {
  let first = failure.message.lines().next().unwrap_or_default();
  short(&format!("{}: {first}", kind(failure.kind)), 200)
}

/// The first so many characters.
pub fn short(text: &str, most: usize) -> String {
  let text = harmless(text);
  match text.char_indices().nth(most) {
    Some((at, _)) => format!("{}…", &text[..at]),
    None => text,
  }
}

/// What became of a failure.
pub fn taker(by: Taker) -> &'static str {
  match by {
    Taker::Catch => "caught",
    Taker::Attempt => "taken as a value",
    Taker::Collect => "collected",
    Taker::Tolerate => "tolerated",
    Taker::StopWhen => "passed over",
    Taker::Undo => "not undone",
    Taker::Finally => "not closed",
    Taker::OnFailure => "failed as well",
  }
}

#[cfg(test)]
mod tests {
  use super::time;

  #[test]
  fn times_have_two_or_three_digits() {
    let shown: Vec<String> = [-1, 0, 999, 1_000, 59_999, 60_000, 3_599_999, 3_600_000, 90_000_000]
      .into_iter()
      .map(time)
      .collect();
    assert_eq!(
      shown,
      [
        "0ms", "0ms", "999ms", "1.0s", "59.9s", "1m00s", "59m59s", "1h00m", "25h00m"
      ]
    );
  }
}
