//! On a terminal: the live picture goes away and leaves the terminal as it was.
#![cfg(target_os = "linux")]

use super::room::Room;

const SOME: &str = r#"
worker look(i: int) -> int {
  shell   """[ "$i" != 3 ]; sleep 0.05; echo 1"""
  timeout 1m
}

/// Looks.
orchestrator main() -> int {
  looks_with_a_name_that_is_wider_than_the_terminal = each i in range(0, 8) with collect => look(i)
  return len(succeeded(looks_with_a_name_that_is_wider_than_the_terminal))
}
"#;

/// What a terminal of this width gets, from `script` of util-linux.
fn on_terminal(columns: u32) -> String {
  let room = Room::with(&[("some.orch", SOME)]);
  let inner = format!("stty cols {columns} rows 10; stty -g; \"$ORCH\" run some.orch; echo \"exit $?\"; stty -g");
  let quoted = inner.replace('\'', "'\\''");
  let seen = room.shell(&format!("TERM=xterm script -qec '{quoted}' /dev/null </dev/null"));
  assert_eq!(seen.exit, Some(0), "{seen:?}");
  seen.out.replace('\r', "")
}

#[test]
fn the_terminal_is_left_as_it_was() {
  for columns in [100, 20] {
    let shown = on_terminal(columns);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.first(), lines.last(), "{shown}");
    assert!(shown.contains("\n7\nexit 0\n"), "{shown}");
    assert!(shown.contains("1 failure was taken:"), "{shown}");
    let (hidden, back) = (
      shown.matches("\u{1b}[?25l").count(),
      shown.matches("\u{1b}[?25h").count(),
    );
    assert_eq!(hidden, back, "{shown}");
  }
}

#[test]
fn the_picture_shows_what_goes_on() {
  let shown = on_terminal(100);
  for part in ["running", "of 8", "exited with code 1; collected", "main succeeded in"] {
    assert!(shown.contains(part), "no `{part}` in:\n{shown}");
  }
}
