//! Repositories to be measured, and what a report says of them.

use std::{
  fs,
  path::{Path, PathBuf},
  process::Command,
};

use serde_json::Value;

use crate::room::{Ran, Room};

/// A repository being made.
pub struct Repository(pub PathBuf);

impl Repository {
  pub fn new(room: &Room, name: &str) -> Self {
    let repository = Repository(room.path().join(name));
    fs::create_dir_all(&repository.0).expect("a directory");
    repository.git(&["init", "-q", "-b", "main"]);
    repository
  }

  pub fn git(&self, words: &[&str]) -> String {
    git(&self.0, words)
  }

  pub fn commit(&self, files: &[(&str, &str)], message: &str) {
    for (name, text) in files {
      let path = self.0.join(name);
      fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
      fs::write(path, text).expect("a file");
    }
    self.git(&["add", "-A"]);
    self.git(&["commit", "-q", "-m", message]);
  }

  pub fn path(&self) -> &str {
    self.0.to_str().expect("text")
  }
}

pub fn git(directory: &Path, words: &[&str]) -> String {
  let output = Command::new("git")
    .args([
      "-c",
      "user.name=Ada Ünicode",
      "-c",
      "user.email=ada@example.org",
      "-c",
      "commit.gpgsign=false",
    ])
    .args(words)
    .current_dir(directory)
    .env("GIT_CONFIG_GLOBAL", "/dev/null")
    .output()
    .expect("git runs");
  assert!(
    output.status.success(),
    "git {words:?}: {}",
    String::from_utf8_lossy(&output.stderr)
  );
  String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

/// A repository with something to find for every section.
pub fn ordinary(room: &Room, name: &str) -> Repository {
  let repository = Repository::new(room, name);
  let readme = format!(
    "# Thing\n\n{}\n\n## Installation\n\n[guide](docs/guide.md) [gone](docs/gone.md#top)\n\n```\n[no link](nowhere)\n```\n",
    "It does one thing. ".repeat(20)
  );
  repository.commit(
    &[
      ("README.md", &readme),
      (
        "docs/guide.md",
        "[back](../README.md) [out](https://example.org) [same](#here)\n",
      ),
      (
        "src/main.rs",
        "fn main() {}\n// TODO: say \"hello\"\nlet text = \"// not one\";\n",
      ),
      ("src/new\nline.rs", "// FIXME é\n"),
      ("tests/main.rs", "fn test() {}\n"),
    ],
    "Begin the thing with a guide",
  );
  for number in 0..11 {
    repository.commit(
      &[("src/main.rs", &format!("fn main() {{}}\n// TODO: {number}\n"))],
      &format!("Change the number to {number}"),
    );
  }
  repository
}

pub fn health(room: &Room, repository: &str) -> Ran {
  room.run("repo_health.orch", &["--repo", repository])
}

pub fn section<'a>(ran: &'a Ran, name: &str) -> &'a Value {
  let sections = ran.value()["report"]["sections"].as_array().expect("sections");
  sections
    .iter()
    .find(|section| section["name"] == name)
    .expect("the section")
}

pub fn measure<'a>(ran: &'a Ran, name: &str) -> &'a Value {
  let sections = ran.value()["report"]["sections"].as_array().expect("sections");
  let mut measures = sections
    .iter()
    .flat_map(|section| section["measures"].as_array().expect("measures"));
  measures.find(|measure| measure["name"] == name).expect("the measure")
}

/// `k of n`, for history, code and documentation.
pub fn counts(ran: &Ran) -> Vec<String> {
  let count = |name| {
    let section = section(ran, name);
    format!("{} of {}", section["measured"], section["of"])
  };
  ["History", "Code", "Documentation"].map(count).to_vec()
}

pub fn figure(measure: &Value, name: &str) -> Value {
  let figures = measure["figures"].as_array().expect("figures");
  figures
    .iter()
    .find(|figure| figure["name"] == name)
    .map_or(Value::Null, |figure| figure["value"].clone())
}

/// The places that the report has something to do at.
pub fn places(ran: &Ran) -> Vec<String> {
  let actions = ran.value()["report"]["actions"].as_array().expect("actions");
  actions
    .iter()
    .filter_map(|action| Some(action["place"].as_str()?.to_owned()))
    .collect()
}
