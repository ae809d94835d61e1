//! The programs that the harnesses run: one for each way in which a run goes on.

/// Names and texts.
pub const ALL: &[(&str, &str)] = &[
  ("sequence", SEQUENCE),
  ("each", EACH),
  ("retry", RETRY),
  ("undo", UNDO),
  ("dispatch", DISPATCH),
  ("blobs", BLOBS),
];

/// In that of blobs each answer is over 64 KiB.
pub fn text(name: &str) -> String {
  let found = ALL.iter().find(|(known, _)| *known == name);
  let text = found.map(|(_, text)| *text).expect("a program");
  text.replace("LARGE", &"0123456789abcdef".repeat(4_200))
}

const SEQUENCE: &str = "
defaults { timeout 10s, idempotent }
worker next(n: int) -> int { mock { on { n: 0 } => 1, on { n: 1 } => 2, else => 3 } }
orchestrator main() -> int { a = next(0) b = next(a) c = next(b) return a + b + c }
";

const EACH: &str = "
defaults { timeout 10s, idempotent }
worker echo(x: int) -> { x: int } { mock delay 1s echo }
orchestrator main() -> [int] {
  all = each n in range(4) with concurrent 2 { e = echo(n) yield e.x * 2 }
  return all
}
";

const RETRY: &str = "
defaults { timeout 10s, idempotent }
worker flaky(x: int) -> int { mock { first 2 calls => fail exit 75, else => 1 }, retry 3 backoff 1s..30s }
worker bad(x: int) -> int { mock fail exit 3 \"broken\" }
orchestrator main() -> int { a = flaky(1) b = bad(a) catch flaky(a) return a + b }
";

const UNDO: &str = "
defaults { timeout 10s, idempotent }
worker make(id: int) -> int { mock delay 1s return 4 }
worker unmake(id: int) { mock return null }
worker bad(x: int) -> int { mock fail exit 3 \"broken\" }
orchestrator main() -> int {
  a = make(1) undo unmake(a)
  b = make(a) undo unmake(b)
  c = bad(b)
  return c
}
";

const DISPATCH: &str = "
defaults { timeout 10s, idempotent }
worker echo(x: int) -> { x: int } { mock echo }
orchestrator other(n: int) -> int { e = echo(n) return e.x }
orchestrator main() -> int {
  a = echo(1)
  dispatch other(a.x)
  dispatch other(a.x + 1)
  return a.x
}
";

const BLOBS: &str = r#"
defaults { timeout 10s, idempotent }
worker page(n: int) -> string { mock return "LARGE" }
orchestrator main() -> int { a = page(1) b = page(len(a)) return len(b) }
"#;
