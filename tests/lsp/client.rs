//! A small client: starts the real server, writes and reads messages as an editor does.

use std::{
  collections::BTreeMap,
  io::{BufRead, BufReader, Read, Write},
  path::{Path, PathBuf},
  process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// A server that runs, with the workspace that it serves.
pub struct Client {
  child: Child,
  input: ChildStdin,
  output: BufReader<ChildStdout>,
  next: i64,
  version: i64,
  pub directory: tempfile::TempDir,
  pub capabilities: Value,
  /// What was published last, by file name.
  pub published: BTreeMap<String, Value>,
}

impl Client {
  /// Starts a server over files, `(name, text)`.
  pub fn over(files: &[(&str, &str)]) -> Self {
    Self::with(
      files,
      json!({ "general": { "positionEncodings": ["utf-16"] } }),
      &json!({}),
    )
  }

  pub fn with(files: &[(&str, &str)], capabilities: Value, options: &Value) -> Self {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
      let path = directory.path().join(name);
      std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
      std::fs::write(path, text).expect("a file");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_orch"))
      .arg("lsp")
      .stdin(Stdio::piped())
      .stdout(Stdio::piped())
      .spawn()
      .expect("orch lsp");
    let input = child.stdin.take().expect("a pipe");
    let output = BufReader::new(child.stdout.take().expect("a pipe"));
    let root = format!("file://{}", directory.path().display());
    let mut client = Self {
      child,
      input,
      output,
      next: 0,
      version: 1,
      directory,
      capabilities: Value::Null,
      published: BTreeMap::new(),
    };
    let params = json!({
      "processId": null, "rootUri": root, "capabilities": capabilities, "initializationOptions": options,
      "workspaceFolders": [{ "uri": root, "name": "test" }],
    });
    let answer = client.ask("initialize", params).expect("an answer");
    client.capabilities = answer["capabilities"].clone();
    client.tell("initialized", json!({}));
    client
  }

  pub fn path(&self, name: &str) -> PathBuf {
    self.directory.path().join(name)
  }

  pub fn uri(&self, name: &str) -> String {
    format!("file://{}", self.path(name).display())
  }

  fn write(&mut self, message: &Value) {
    let text = message.to_string();
    write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("written");
    self.input.flush().expect("written");
  }

  fn read(&mut self) -> Value {
    let mut length = 0;
    loop {
      let mut line = String::new();
      assert!(
        self.output.read_line(&mut line).expect("a line") > 0,
        "the server is gone"
      );
      if let Some(value) = line.trim().strip_prefix("Content-Length: ") {
        length = value.parse().expect("a length");
      }
      if line.trim().is_empty() {
        break;
      }
    }
    let mut body = vec![0; length];
    self.output.read_exact(&mut body).expect("a body");
    serde_json::from_slice(&body).expect("JSON")
  }

  pub fn tell(&mut self, method: &str, params: Value) {
    self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
  }

  /// Sends a request and gives its number.
  pub fn send(&mut self, method: &str, params: Value) -> i64 {
    self.next += 1;
    self.write(&json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params }));
    self.next
  }

  /// The answer, or the error.
  pub fn receive(&mut self, id: i64) -> Result<Value, Value> {
    loop {
      let message = self.read();
      self.noted(&message);
      if message["id"] == id {
        return match message.get("error") {
          Some(error) => Err(error.clone()),
          None => Ok(message["result"].clone()),
        };
      }
    }
  }

  fn noted(&mut self, message: &Value) {
    if message["method"] == "textDocument/publishDiagnostics" {
      let uri = message["params"]["uri"].as_str().expect("an address");
      let name = uri.rsplit('/').next().unwrap_or_default().to_owned();
      self.published.insert(name, message["params"].clone());
    }
  }

  pub fn ask(&mut self, method: &str, params: Value) -> Result<Value, Value> {
    let id = self.send(method, params);
    self.receive(id)
  }

  /// Opens a file with a text, and gives what is found in it.
  pub fn open(&mut self, name: &str, text: &str) -> Vec<Value> {
    let document = json!({ "uri": self.uri(name), "languageId": "orch", "version": self.version, "text": text });
    self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    self.found(name)
  }

  /// Makes changes, and gives what is found after them.
  pub fn change(&mut self, name: &str, changes: Value) -> Vec<Value> {
    self.version += 1;
    let document = json!({ "uri": self.uri(name), "version": self.version });
    self.tell(
      "textDocument/didChange",
      json!({ "textDocument": document, "contentChanges": changes }),
    );
    self.found(name)
  }

  /// Waits for what is found in the file as it is now.
  pub fn found(&mut self, name: &str) -> Vec<Value> {
    loop {
      let message = self.read();
      self.noted(&message);
      let here = message["params"]["uri"] == self.uri(name).as_str();
      if here && message["params"]["version"] == self.version {
        return message["params"]["diagnostics"].as_array().cloned().unwrap_or_default();
      }
    }
  }

  /// Asks about the place of `mark` in a text: where `needle` begins, and so many characters further.
  pub fn at(&mut self, method: &str, name: &str, text: &str, needle: &str, further: usize) -> Result<Value, Value> {
    let position = position(text, text.find(needle).expect("the needle") + further);
    self.ask(
      method,
      json!({ "textDocument": { "uri": self.uri(name) }, "position": position }),
    )
  }

  /// Says goodbye; the server must go by itself.
  pub fn close(mut self) {
    self.ask("shutdown", Value::Null).expect("an answer");
    self.tell("exit", Value::Null);
    assert!(self.child.wait().expect("an end").success());
  }
}

impl Drop for Client {
  fn drop(&mut self) {
    _ = self.child.kill();
    _ = self.child.wait();
  }
}

/// A place in UTF-16.
pub fn position(text: &str, at: usize) -> Value {
  let before = &text[..at];
  let line = before.matches('\n').count();
  let start = before.rfind('\n').map_or(0, |at| at + 1);
  json!({ "line": line, "character": before[start..].encode_utf16().count() })
}

/// The examples of the repository.
pub fn examples() -> Vec<PathBuf> {
  let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
  let entries = std::fs::read_dir(directory).expect("examples");
  let mut all: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
  all.retain(|path| path.extension().is_some_and(|extension| extension == "orch"));
  all.sort();
  assert!(all.len() > 5, "the examples were not found");
  all
}
