//! Texts as they change, in both encodings, broken ones too: the server has the same text as the editor, finds what
//! `orch check` finds, and never falls.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::client::{Client, examples, position};

/// Numbers that only look random, the same each time.
struct Draw(u64);

impl Draw {
  fn below(&mut self, most: usize) -> usize {
    self.0 = self
      .0
      .wrapping_mul(6_364_136_223_846_793_005)
      .wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(self.0 >> 33).expect("31 bits") % most.max(1)
  }
}

/// What `orch check` finds in a file, as code and line.
fn checked(path: &Path) -> Vec<(String, u64)> {
  let output = Command::new(env!("CARGO_BIN_EXE_orch"))
    .args(["check", "--format", "json"])
    .arg(path)
    .output()
    .expect("orch check");
  let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
  let findings = report["diagnostics"].as_array().expect("findings");
  let mut all: Vec<(String, u64)> = findings
    .iter()
    .map(|one| {
      let line = one["labels"][0]["start"]["line"].as_u64().unwrap_or(1);
      (one["code"].as_str().unwrap_or_default().to_owned(), line)
    })
    .collect();
  all.sort();
  all.dedup();
  all
}

fn published(found: &[Value]) -> Vec<(String, u64)> {
  let one = |one: &Value| {
    let line = one["range"]["start"]["line"].as_u64().unwrap_or(0) + 1;
    (one["code"].as_str().unwrap_or_default().to_owned(), line)
  };
  let mut all: Vec<_> = found.iter().map(one).collect();
  all.sort();
  all.dedup();
  all
}

fn edited(encoding: &str) {
  let capabilities = json!({ "general": { "positionEncodings": [encoding] } });
  let mut client = Client::with(&[], capabilities, &json!({}));
  assert_eq!(client.capabilities["positionEncoding"], encoding);
  let mut draw = Draw(7);
  let pieces = [
    "",
    "😀",
    "é = 1\r\n",
    "\n",
    "}",
    "{",
    "\"",
    "worker w() -> int { mock return 1 }\n",
    "x.",
    " with ",
  ];
  for (at, path) in examples().iter().enumerate().take(6) {
    let name = format!("{at}.orch");
    let mut text = std::fs::read_to_string(path).expect("an example");
    client.open(&name, &text);
    for _ in 0..4 {
      let mut changes = Vec::new();
      for _ in 0..=draw.below(3) {
        let start = text.floor_char_boundary(draw.below(text.len()));
        let end = text.floor_char_boundary((start + draw.below(9)).min(text.len()));
        if text[..start].ends_with('\r') || text[..end].ends_with('\r') {
          continue;
        }
        let piece = pieces[draw.below(pieces.len())];
        let place = |at: usize| {
          let mut place = position(&text, at);
          if encoding == "utf-8" {
            place["character"] = (at - text[..at].rfind('\n').map_or(0, |at| at + 1)).into();
          }
          place
        };
        changes.push(json!({ "range": { "start": place(start), "end": place(end) }, "text": piece }));
        text.replace_range(start..end, piece);
      }
      let found = client.change(&name, changes.into());
      std::fs::write(client.path(&name), &text).expect("written");
      assert_eq!(published(&found), checked(&client.path(&name)), "{name}:\n{text}");
    }
    client.tell(
      "textDocument/didClose",
      json!({ "textDocument": { "uri": client.uri(&name) } }),
    );
  }
  client.close();
}

#[test]
fn edits_in_utf_16_give_what_check_finds() {
  edited("utf-16");
}

#[test]
fn edits_in_utf_8_give_what_check_finds() {
  edited("utf-8");
}

const ALL: [&str; 17] = [
  "textDocument/hover",
  "textDocument/definition",
  "textDocument/references",
  "textDocument/documentHighlight",
  "textDocument/completion",
  "textDocument/signatureHelp",
  "textDocument/prepareRename",
  "textDocument/rename",
  "textDocument/documentSymbol",
  "textDocument/foldingRange",
  "textDocument/selectionRange",
  "textDocument/documentLink",
  "textDocument/inlayHint",
  "textDocument/formatting",
  "textDocument/codeAction",
  "textDocument/codeLens",
  "orch/graph",
];

/// Asks everything at one place; an error must be one that is meant.
fn ask_all(client: &mut Client, name: &str, text: &str, at: usize) {
  let here = position(text, at);
  let range = json!({ "start": here, "end": here });
  for method in ALL {
    let answer = client.ask(
      method,
      json!({
        "textDocument": { "uri": client.uri(name) }, "position": here, "positions": [here], "range": range,
        "newName": "another", "context": { "diagnostics": [] }, "options": {},
      }),
    );
    if let Err(error) = answer {
      assert_eq!(error["code"], -32803, "{method} at {here} of\n{text}\n{error}");
    }
  }
}

#[test]
fn broken_texts_are_answered_too() {
  let mut client = Client::over(&[]);
  let mut draw = Draw(3);
  for path in examples() {
    let text = std::fs::read_to_string(path).expect("an example");
    client.open("a.orch", &text);
    let step = (text.len() / 12).max(1);
    for cut in (0..text.len()).step_by(step) {
      let mut broken = text[..text.floor_char_boundary(cut)].to_owned();
      if cut % 2 == 1 {
        let hole = text.floor_char_boundary(draw.below(text.len()));
        broken = format!(
          "{}{}",
          &text[..hole],
          &text[text.floor_char_boundary((hole + 7).min(text.len()))..]
        );
      }
      client.change("a.orch", json!([{ "text": broken }]));
      let at = broken.floor_char_boundary(draw.below(broken.len() + 1));
      ask_all(&mut client, "a.orch", &broken, at);
      let end = broken.len();
      ask_all(&mut client, "a.orch", &broken, end);
    }
    client.tell(
      "textDocument/didClose",
      json!({ "textDocument": { "uri": client.uri("a.orch") } }),
    );
  }
  client.close();
}

#[test]
fn what_is_no_request_gets_an_error_and_the_server_goes_on() {
  let mut client = Client::over(&[]);
  client.open("a.orch", "let a = 1\n");
  assert_eq!(client.ask("orch/nothing", json!({})).expect_err("none")["code"], -32601);
  assert_eq!(
    client.ask("textDocument/hover", json!({})).expect_err("none")["code"],
    -32602
  );
  let asked = json!({ "textDocument": { "uri": client.uri("b.orch") }, "position": { "line": 0, "character": 0 } });
  assert_eq!(
    client.ask("textDocument/hover", asked).expect_err("no file")["code"],
    -32803
  );
  client.tell("textDocument/didChange", json!({ "contentChanges": 3 }));
  let hover = client
    .at("textDocument/hover", "a.orch", "let a = 1\n", "a =", 0)
    .expect("it goes on");
  assert_eq!(hover["contents"]["value"], "```orch\nlet a = 1\n```");
  client.close();
}
