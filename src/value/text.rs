//! Durations and times as text.

/// `1h30m`, `250ms`, `2d` as milliseconds.
pub fn parse_duration(text: &str) -> Option<i64> {
  let _ = text;
  unimplemented!()
}

/// RFC 3339.
pub fn parse_time(text: &str) -> Option<jiff::Timestamp> {
  text.parse().ok()
}

/// The shortest text that `parse_duration` reads back.
pub fn show_duration(milliseconds: i64) -> String {
  let _ = milliseconds;
  unimplemented!()
}
