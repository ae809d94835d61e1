//! Programs that nobody should write: a clear finding, soon, and never a panic.

use super::room::{Room, Seen, json};

fn check(room: &Room, exit: i32, code: &str) -> Seen {
  let seen = room.orch(&["check", "odd.orch"]);
  assert_eq!(
    (seen.exit, seen.err.as_str()),
    (Some(exit), ""),
    "{code}: {}",
    short(&seen)
  );
  assert!(seen.out.contains(code), "no {code} in:\n{}", short(&seen));
  assert!(
    seen.out.len() < 1_000_000,
    "{code}: {} bytes of findings",
    seen.out.len()
  );
  seen
}

fn short(seen: &Seen) -> String {
  seen.out.chars().take(2_000).collect()
}

fn finds(text: &[u8], exit: i32, code: &str) -> Seen {
  let room = Room::with(&[]);
  std::fs::write(room.path().join("odd.orch"), text).expect("a file");
  check(&room, exit, code)
}

fn body(text: &str) -> String {
  format!("/// Odd.\norchestrator odd(c: bool, xs: [int]) -> int {{\n{text}\n}}\n")
}

#[test]
fn files_that_are_no_text() {
  finds(b"", 0, "module/empty (medium)");
  let seen = finds(b"type A = int\ntype B = \xff\xfe\n", 3, "module/not-utf8");
  assert!(seen.out.contains("line 2, byte 22"), "{}", seen.out);
  finds(&[0; 1_000], 3, "syntax/unexpected");
  finds(&b"type A = int\n".repeat(800_000), 3, "module/too-large");
  let room = Room::with(&[]);
  check(&room, 2, "module/unreadable");
  std::fs::create_dir(room.path().join("odd.orch")).expect("a directory");
  let seen = room.orch(&["run", "odd.orch"]);
  assert_eq!(seen.exit, Some(2), "{seen:?}");
  assert!(seen.err.contains("it is a directory"), "{}", seen.err);
}

#[test]
fn nesting_beyond_measure() {
  const DEEP: usize = 5_000;
  let wrapped = |open: &str, middle: &str, close: &str| {
    let (open, close) = (open.repeat(DEEP), close.repeat(DEEP));
    body(&format!("  return {open}{middle}{close}"))
  };
  let each: String = (0..DEEP).map(|i| format!("a{i} = each x{i} in xs {{ ")).collect();
  for text in [
    wrapped("[", "", "]"),
    wrapped("(", "1", ")"),
    wrapped("{ a: ", "1", " }"),
    wrapped("not ", "c", ""),
    wrapped("-", "1", ""),
    wrapped("if c then 1 else ", "1", ""),
    wrapped("len(", "xs", ")"),
    wrapped("match c { true => ", "1", ", else => 2 }"),
    wrapped("1 + ", "1", ""),
    wrapped("[", "", ""),
    body(&format!("  a = {}1", "attempt ".repeat(DEEP))),
    body(&format!("  return \"{}1{}\"", "${\"".repeat(DEEP), "\"}".repeat(DEEP))),
    body(&format!("{each} yield 1 {}", "}".repeat(DEEP))),
    format!("type A = {}int{}\n", "[".repeat(DEEP), "]".repeat(DEEP)),
  ] {
    finds(text.as_bytes(), 3, "syntax/nesting");
  }
}

#[test]
fn lines_and_names_beyond_measure() {
  let long = "x".repeat(1_000_000);
  let seen = finds(
    body(&format!("  return len(\"{long}\") + y")).as_bytes(),
    3,
    "name/unknown",
  );
  assert!(seen.out.len() < 2_000, "{} bytes", seen.out.len());
  let seen = finds(body(&format!("  return {long}")).as_bytes(), 3, "name/unknown");
  assert!(seen.out.len() < 20_000, "{} bytes", seen.out.len());
  finds(b"let a = \"abc\n", 3, "syntax/unterminated-string");
  finds(b"let a = \"\"\"abc\n", 3, "syntax/unterminated-string");
}

/// Each of these once took minutes, or printed hundreds of megabytes.
#[test]
fn mistakes_beyond_measure() {
  const MANY: usize = 2_500;
  let unknown: String = (0..MANY).map(|i| format!("  a{i} = b{i}\n")).collect();
  for (text, code) in [
    (body(&"a b ".repeat(MANY)), "syntax/unexpected"),
    (body(&"a b\n".repeat(MANY)), "syntax/unexpected"),
    (body(&unknown), "name/unknown"),
    (
      format!("let x = {{{}}}\n", "a b c,".repeat(MANY)),
      "syntax/missing-comma",
    ),
    (format!("type X = {{{}}}\n", "a b c,".repeat(MANY)), "syntax/unexpected"),
    ("type A = int\n".repeat(MANY), "name/duplicate"),
    ("type A = int\r".repeat(MANY), "name/duplicate"),
    (
      body(&format!("  return \"{}\"", "${a b} ".repeat(MANY))),
      "syntax/bad-interpolation",
    ),
    (body(&format!("  return {}", "\" ".repeat(MANY))), "syntax/unexpected"),
  ] {
    finds(text.as_bytes(), 3, code);
  }
}

#[test]
fn what_is_left_out_is_said_and_machines_can_read_the_rest() {
  let room = Room::with(&[
    ("odd.orch", &"type A = int\n".repeat(1_500)),
    ("fine.orch", "type B = int\n"),
  ]);
  let seen = room.orch(&["check", "odd.orch"]);
  assert!(
    seen.out.trim_end().ends_with("1000 errors, and perhaps more"),
    "{}",
    short(&seen)
  );
  for format in ["json", "sarif"] {
    let seen = room.orch(&["check", "fine.orch", "odd.orch", "--format", format]);
    assert_eq!(seen.exit, Some(3));
    assert!(json(&seen.out).is_object());
  }
  let seen = room.orch(&["check", "fine.orch", "odd.orch", "--format", "github"]);
  assert_eq!(seen.exit, Some(3));
  let strange = seen.out.lines().find(|line| !line.starts_with("::"));
  assert_eq!(strange, None);
}
