//! Findings, names, types and what can be written, on small programs.

use serde_json::{Value, json};

use crate::client::Client;

const LIB: &str = "\
/// Says one thing.
contract Say@1 {
  input { text: string }
  output { said: \"yes\" | \"no\", count: int }
}

/// Says it.
worker speak: Say@1 {
  exec [\"echo\", text]
  timeout 5s
}
";

const MAIN: &str = "\
import { speak } from \"./lib.orch\"

/// Speaks often.
orchestrator chat(words: [string](..9)) -> int {
  answers = each word in words => speak(text: word)
  first = speak(\"a\")
  return if first.said == \"yes\" then len(answers) else 0
}
";

fn client() -> Client {
  let mut client = Client::over(&[("lib.orch", LIB), ("main.orch", MAIN)]);
  assert_eq!(client.open("main.orch", MAIN), Vec::<Value>::new());
  client
}

/// The texts that the ranges of an answer cover, with the names of their files.
fn covered(client: &Client, answer: &Value) -> Vec<String> {
  let texts = [("lib.orch", LIB), ("main.orch", MAIN)];
  let one = |location: &Value| {
    let name = location["uri"]
      .as_str()
      .map_or("main.orch", |uri| uri.rsplit('/').next().unwrap_or_default());
    let (_, text) = texts.iter().find(|(own, _)| *own == name).expect("a file");
    let range = &location["range"];
    let line = text
      .lines()
      .nth(range["start"]["line"].as_u64().unwrap_or(0) as usize)
      .expect("a line");
    let place = |end: &str| range[end]["character"].as_u64().unwrap_or(0) as usize;
    format!(
      "{name}:{}:{}",
      range["start"]["line"],
      &line[place("start")..place("end")]
    )
  };
  _ = client;
  answer.as_array().expect("a list").iter().map(one).collect()
}

#[test]
fn findings_have_codes_places_and_fixes() {
  let mut client = Client::over(&[]);
  let text =
    "worker w() -> int {\n  mock retrun 1\n  timout 1s\n}\norchestrator o() -> int {\n  a = w()\n  return b\n}\n";
  let found = client.open("a.orch", text);
  let codes: Vec<&str> = found.iter().filter_map(|one| one["code"].as_str()).collect();
  assert!(codes.contains(&"name/unknown-setting"), "{codes:?}");
  let unknown = found
    .iter()
    .find(|one| one["code"] == "name/unknown-setting")
    .expect("it");
  assert_eq!(unknown["range"]["start"], json!({ "line": 2, "character": 2 }));
  assert_eq!((&unknown["severity"], &unknown["source"]), (&json!(1), &json!("orch")));
  let params = json!({
    "textDocument": { "uri": client.uri("a.orch") }, "range": unknown["range"], "context": { "diagnostics": [] },
  });
  let actions = client.ask("textDocument/codeAction", params).expect("actions");
  let fix = &actions[0];
  assert_eq!(
    (&fix["title"], &fix["kind"]),
    (&json!("write `timeout`"), &json!("quickfix"))
  );
  let uri = client.uri("a.orch");
  assert_eq!(fix["edit"]["changes"][uri.as_str()][0]["newText"], "timeout");
  assert!(
    actions
      .as_array()
      .expect("a list")
      .iter()
      .any(|one| one["kind"] == "source.fixAll.orch"),
    "{actions}"
  );
  client.close();
}

#[test]
fn what_is_typed_in_one_file_shows_in_another() {
  let mut client = client();
  let document =
    json!({ "uri": client.uri("lib.orch"), "languageId": "orch", "version": 1, "text": LIB.replace("speak", "talk") });
  client.tell("textDocument/didOpen", json!({ "textDocument": document }));
  let found = client.found("main.orch");
  assert_eq!(found[0]["code"], "module/unknown-export");
  client.tell(
    "textDocument/didClose",
    json!({ "textDocument": { "uri": client.uri("lib.orch") } }),
  );
  assert_eq!(
    client.found("main.orch"),
    Vec::<Value>::new(),
    "what the disk has counts again"
  );
  client.close();
}

#[test]
fn hover_says_types_comments_and_bounds() {
  let mut client = client();
  let told = |client: &mut Client, needle: &str, further: usize| {
    let hover = client
      .at("textDocument/hover", "main.orch", MAIN, needle, further)
      .expect("an answer");
    hover["contents"]["value"].as_str().unwrap_or_default().to_owned()
  };
  assert_eq!(
    told(&mut client, "speak(\"a\")", 0),
    "```orch\nworker speak: Say@1\n```\n\nSays it."
  );
  let orchestrator = told(&mut client, "chat", 1);
  assert!(
    orchestrator.contains("Speaks often.") && orchestrator.contains("- calls: |words| + 1 <= 10"),
    "{orchestrator}"
  );
  assert!(told(&mut client, "answers =", 0).starts_with("```orch\nanswers: ["));
  assert_eq!(told(&mut client, "words:", 0), "```orch\nwords: [string](..9)\n```");
  client.close();
}

#[test]
fn names_are_found_in_all_files() {
  let mut client = client();
  let answer = client
    .at("textDocument/definition", "main.orch", MAIN, "speak(\"a\")", 2)
    .expect("it");
  assert_eq!(covered(&client, &answer), ["lib.orch:7:speak"]);
  let answer = client
    .at("textDocument/definition", "main.orch", MAIN, "text: word", 2)
    .expect("it");
  assert_eq!(covered(&client, &answer), ["lib.orch:2:text"]);
  let mut places = vec![
    "lib.orch:7:speak",
    "main.orch:0:speak",
    "main.orch:4:speak",
    "main.orch:5:speak",
  ];
  let answer = client
    .at("textDocument/references", "main.orch", MAIN, "speak(\"a\")", 2)
    .expect("it");
  let mut found = covered(&client, &answer);
  found.sort();
  assert_eq!(found, places);
  places.remove(0);
  let answer = client
    .at("textDocument/documentHighlight", "main.orch", MAIN, "speak }", 2)
    .expect("it");
  assert_eq!(covered(&client, &answer), places);
  client.close();
}

#[test]
fn names_are_changed_in_all_files_or_in_none() {
  let mut client = client();
  let rename = |client: &mut Client, needle: &str, new: &str| {
    let at = MAIN.find(needle).expect("it");
    let position = crate::client::position(MAIN, at);
    let params = json!({ "textDocument": { "uri": client.uri("main.orch") }, "position": position, "newName": new });
    client.ask("textDocument/rename", params)
  };
  let edit = rename(&mut client, "speak(\"a\")", "talk").expect("an edit");
  let count = |name: &str| {
    edit["changes"][client.uri(name).as_str()]
      .as_array()
      .map_or(0, Vec::len)
  };
  assert_eq!((count("lib.orch"), count("main.orch")), (1, 3), "{edit}");
  let refused = |client: &mut Client, needle: &str, new: &str| {
    let error = rename(client, needle, new).expect_err("refused");
    error["message"].as_str().unwrap_or_default().to_owned()
  };
  assert_eq!(refused(&mut client, "answers", "each"), "`each` can't be a name");
  assert!(refused(&mut client, "answers", "first").contains("defined twice"));
  assert!(refused(&mut client, "text: word", "t").contains("a field of a message"));
  client.close();
}

#[test]
fn what_can_be_written_is_offered() {
  let mut client = client();
  let labels = |client: &mut Client, text: &str, needle: &str| {
    client.change("main.orch", json!([{ "text": text }]));
    let answer = client
      .at("textDocument/completion", "main.orch", text, needle, needle.len())
      .expect("it");
    let items = answer["items"].as_array().cloned().unwrap_or_default();
    items
      .iter()
      .filter_map(|item| item["label"].as_str().map(str::to_owned))
      .collect::<Vec<_>>()
  };
  let broken = MAIN.replace("first.said == \"yes\"", "first.");
  assert_eq!(labels(&mut client, &broken, "if first."), ["said", "count"]);
  let broken = MAIN.replace("speak(\"a\")", "speak(\"a\") with ");
  assert!(labels(&mut client, &broken, "speak(\"a\") with ").contains(&"timeout".to_owned()));
  let broken = MAIN.replace("./lib.orch", "");
  assert!(labels(&mut client, &broken, "from \"").contains(&"./lib.orch".to_owned()));
  let broken = MAIN.replace("== \"yes\"", "== ");
  assert!(labels(&mut client, &broken, "first.said == ").contains(&"\"no\"".to_owned()));
  let values = labels(&mut client, MAIN, "return ");
  assert!(
    ["first", "answers", "words", "speak", "len", "if"]
      .iter()
      .all(|word| values.contains(&(*word).to_owned()))
  );
  client.close();
}

#[test]
fn the_call_around_is_shown() {
  let mut client = client();
  let answer = client
    .at("textDocument/signatureHelp", "main.orch", MAIN, "speak(\"a\"", 6)
    .expect("it");
  assert_eq!(answer["signatures"][0]["label"], "speak(text: string)");
  assert_eq!(answer["activeParameter"], 0);
  client.close();
}

#[test]
fn a_file_is_shown_in_outline() {
  let mut client = client();
  let asked = json!({ "textDocument": { "uri": client.uri("main.orch") } });
  let symbols = client.ask("textDocument/documentSymbol", asked.clone()).expect("it");
  assert_eq!(
    (&symbols[0]["name"], &symbols[0]["children"][1]["name"]),
    (&json!("chat"), &json!("first"))
  );
  let found = client.ask("workspace/symbol", json!({ "query": "SPE" })).expect("it");
  assert_eq!(covered(&client, &json!([found[0]["location"]])), ["lib.orch:7:speak"]);
  let links = client.ask("textDocument/documentLink", asked.clone()).expect("it");
  assert_eq!(links[0]["target"], client.uri("lib.orch").as_str());
  let lenses = client.ask("textDocument/codeLens", asked.clone()).expect("it");
  assert_eq!(lenses[0]["command"]["command"], "orch.run");
  assert_eq!(
    lenses[0]["command"]["arguments"],
    json!([client.uri("main.orch"), "chat"])
  );
  let drawn = client.ask("orch/graph", asked.clone()).expect("it");
  assert!(drawn["title"] == "chat" && drawn["mermaid"].as_str().is_some_and(|text| text.contains("flowchart")));
  let whole = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
  let hints = client.ask(
    "textDocument/inlayHint",
    json!({ "textDocument": asked["textDocument"], "range": whole }),
  );
  let hints = hints.expect("it");
  let labels: Vec<&str> = hints
    .as_array()
    .expect("a list")
    .iter()
    .filter_map(|hint| hint["label"].as_str())
    .collect();
  assert!(labels.contains(&" with concurrent 8"), "{labels:?}");
  client.close();
}

#[test]
fn formatting_gives_the_few_edits_that_are_needed() {
  let mut client = client();
  let asked =
    json!({ "textDocument": { "uri": client.uri("main.orch") }, "options": { "tabSize": 2, "insertSpaces": true } });
  client.change(
    "main.orch",
    json!([{ "text": MAIN.replace("  first =", "     first   =") }]),
  );
  let edits = client.ask("textDocument/formatting", asked).expect("it");
  assert!(edits.as_array().is_some_and(|all| !all.is_empty()), "{edits}");
  client.close();
}
