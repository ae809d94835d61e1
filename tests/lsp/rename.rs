//! Every name of every example is given another one: the program stays the same program.

use serde_json::{Value, json};

use crate::client::{Client, examples, position};

/// The text after the edits that an answer has for a file.
fn edited(text: &str, edits: &Value) -> String {
  let offset = |place: &Value| {
    let line = usize::try_from(place["line"].as_u64().expect("a line")).expect("small");
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = &text[start..];
    let mut units = place["character"].as_u64().expect("a character");
    let end = rest.char_indices().find(|(_, c)| {
      let before = units;
      units = units.saturating_sub(c.len_utf16() as u64);
      before == 0
    });
    start + end.map_or(rest.len(), |(at, _)| at)
  };
  let all = edits.as_array().expect("edits").iter();
  let mut all: Vec<_> = all
    .map(|edit| {
      (
        offset(&edit["range"]["start"]),
        offset(&edit["range"]["end"]),
        edit["newText"].as_str().expect("text"),
      )
    })
    .collect();
  all.sort_unstable();
  let mut text = text.to_owned();
  for (start, end, new) in all.into_iter().rev() {
    text.replace_range(start..end, new);
  }
  text
}

#[test]
fn every_name_can_be_changed_and_back() {
  let (mut changed, mut refused) = (0, 0);
  for path in examples().iter().step_by(5) {
    let text = std::fs::read_to_string(path).expect("an example");
    if text.contains("from \"./") || text.contains("include(") {
      continue;
    }
    let mut client = Client::over(&[]);
    let uri = client.uri("a.orch");
    let before = client.open("a.orch", &text);
    let symbols = client
      .ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }))
      .expect("it");
    let inner = |one: &Value| one["children"].as_array().cloned().unwrap_or_default();
    let all: Vec<Value> = symbols
      .as_array()
      .expect("a list")
      .iter()
      .flat_map(|one| [vec![one.clone()], inner(one)].concat())
      .collect();
    for symbol in all {
      let at = json!({ "textDocument": { "uri": uri }, "position": symbol["selectionRange"]["start"], "newName": "quite_new" });
      let Ok(edit) = client.ask("textDocument/rename", at) else {
        refused += 1;
        continue;
      };
      let new = edited(&text, &edit["changes"][uri.as_str()]);
      let codes = |found: &[Value]| found.iter().map(|one| one["code"].clone()).collect::<Vec<_>>();
      let found = client.change("a.orch", json!([{ "text": new }]));
      assert_eq!(
        codes(&found),
        codes(&before),
        "{}: {}\n{new}",
        path.display(),
        symbol["name"]
      );
      let place = position(&new, new.find("quite_new").expect("it"));
      let back = json!({ "textDocument": { "uri": uri }, "position": place, "newName": symbol["name"] });
      let back = client.ask("textDocument/rename", back).expect("back");
      // `{ name }` comes back as `{ name: name }`
      let name = symbol["name"].as_str().expect("a name");
      let short = |text: &str| text.replace(&format!("{name}: {name}"), name);
      assert_eq!(short(&edited(&new, &back["changes"][uri.as_str()])), short(&text));
      client.change("a.orch", json!([{ "text": text }]));
      changed += 1;
    }
    client.close();
  }
  assert!(
    changed > 20 && refused * 2 < changed,
    "{changed} changed, {refused} refused"
  );
}
