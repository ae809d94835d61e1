//! The language server: messages in, messages out. What is answered is worked out in `ide`; here is the protocol only.

mod place;
mod requests;
mod state;
mod text;
mod wire;

use std::{
  collections::{BTreeMap, VecDeque},
  panic::{AssertUnwindSafe, catch_unwind},
  path::PathBuf,
  time::{Duration, Instant},
};

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use serde_json::{Value, json};

use self::{
  state::{Document, State, canonical},
  text::Encoding,
};

/// So long after a change nothing may come before what was found is published.
const QUIET: Duration = Duration::from_millis(25);
/// So long after a change what was found is published, whatever comes.
const LATEST: Duration = Duration::from_millis(250);

/// Speaks with an editor over standard input and output until it says goodbye.
///
/// # Errors
/// The editor does not speak the protocol, or went away without a word.
pub fn serve_stdio() -> Result<(), String> {
  let (connection, threads) = Connection::stdio();
  let served = serve(&connection);
  drop(connection);
  threads.join().map_err(|error| error.to_string())?;
  served
}

/// The same over any connection.
///
/// # Errors
/// The editor does not speak the protocol, or went away without a word.
pub fn serve(connection: &Connection) -> Result<(), String> {
  let (id, params) = connection.initialize_start().map_err(|error| error.to_string())?;
  let mut server = Server::new(connection, &params);
  let result = json!({
    "capabilities": wire::capabilities(server.state.encoding),
    "serverInfo": { "name": "orch", "version": env!("CARGO_PKG_VERSION") },
  });
  connection
    .initialize_finish(id, result)
    .map_err(|error| error.to_string())?;
  server.serve()
}

struct Server<'c> {
  connection: &'c Connection,
  state: State,
  /// Whether findings of level low are published.
  notes: bool,
  /// Came and is not yet answered.
  waiting: VecDeque<Message>,
  /// When the oldest change came whose findings are not published.
  changed: Option<Instant>,
  /// What was published last, by file.
  published: BTreeMap<PathBuf, Vec<Value>>,
}

impl<'c> Server<'c> {
  fn new(connection: &'c Connection, params: &Value) -> Self {
    let encodings = params.pointer("/capabilities/general/positionEncodings");
    let utf8 = encodings
      .and_then(Value::as_array)
      .is_some_and(|all| all.iter().any(|one| one == "utf-8"));
    let folders = params.get("workspaceFolders").and_then(Value::as_array);
    let folders = folders.map(|all| all.iter().filter_map(|folder| folder.get("uri")).collect());
    let folders: Vec<&Value> = folders.unwrap_or_else(|| params.get("rootUri").into_iter().collect());
    let workspaces = folders
      .into_iter()
      .filter_map(Value::as_str)
      .map(|uri| canonical(&place::path(uri)));
    Self {
      connection,
      state: State::new(
        if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
        workspaces.collect(),
      ),
      notes: params.pointer("/initializationOptions/notes") == Some(&Value::Bool(true)),
      waiting: VecDeque::new(),
      changed: None,
      published: BTreeMap::new(),
    }
  }

  fn serve(&mut self) -> Result<(), String> {
    while let Some(message) = self.next() {
      match message {
        Message::Request(request) if request.method == "shutdown" => {
          self.send(Response::new_ok(request.id, Value::Null));
          return self.goodbye();
        }
        Message::Request(request) => self.answer(request),
        Message::Notification(notification) if notification.method == "exit" => {
          return Err("the editor left without a shutdown".to_owned());
        }
        Message::Notification(notification) => {
          let noted = catch_unwind(AssertUnwindSafe(|| self.note(&notification)));
          if noted.is_err() {
            self.state.forget_all();
          }
        }
        Message::Response(_) => {}
      }
    }
    Ok(())
  }

  /// After `shutdown` nothing counts but `exit`.
  fn goodbye(&mut self) -> Result<(), String> {
    while let Ok(message) = self.connection.receiver.recv() {
      match message {
        Message::Notification(notification) if notification.method == "exit" => return Ok(()),
        Message::Request(request) => {
          let said = "the server is shutting down".to_owned();
          self.send(Response::new_err(request.id, ErrorCode::InvalidRequest as i32, said));
        }
        _ => {}
      }
    }
    Ok(())
  }

  /// The next message; while there is none, what was found is published. `None`: the editor is gone.
  fn next(&mut self) -> Option<Message> {
    loop {
      self.collect();
      if self.changed.is_some_and(|since| since.elapsed() >= LATEST) {
        self.publish();
      }
      if let Some(message) = self.waiting.pop_front() {
        return Some(message);
      }
      if self.changed.is_none() {
        return self.connection.receiver.recv().ok();
      }
      match self.connection.receiver.recv_timeout(QUIET) {
        Ok(message) => self.waiting.push_back(message),
        Err(error) if error.is_timeout() => self.publish(),
        Err(_) => return None,
      }
    }
  }

  /// Takes in all that has come, and answers requests that were taken back before anybody began with them.
  fn collect(&mut self) {
    while let Ok(message) = self.connection.receiver.try_recv() {
      if let Message::Notification(notification) = &message
        && notification.method == "$/cancelRequest"
      {
        self.cancel(&notification.params["id"]);
      } else {
        self.waiting.push_back(message);
      }
    }
  }

  fn cancel(&mut self, id: &Value) {
    let is = |message: &Message| match message {
      Message::Request(request) => serde_json::to_value(&request.id).is_ok_and(|own| own == *id),
      _ => false,
    };
    if let Some(at) = self.waiting.iter().position(is)
      && let Some(Message::Request(request)) = self.waiting.remove(at)
    {
      let said = "taken back".to_owned();
      self.send(Response::new_err(request.id, ErrorCode::RequestCanceled as i32, said));
    }
  }

  fn send(&self, message: impl Into<Message>) {
    // nobody listens: then nobody will ask either
    _ = self.connection.sender.send(message.into());
  }

  fn answer(&mut self, request: Request) {
    let Request { id, method, params } = request;
    let answer = catch_unwind(AssertUnwindSafe(|| requests::answer(&mut self.state, &method, &params)));
    let response = match answer {
      Ok(Ok(result)) => Response::new_ok(id, result),
      Ok(Err(failure)) => Response::new_err(id, failure.code as i32, failure.message),
      Err(_) => {
        self.state.forget_all();
        let said = format!("a mistake of orch's in `{method}`");
        Response::new_err(id, ErrorCode::InternalError as i32, said)
      }
    };
    self.send(response);
  }

  fn note(&mut self, notification: &Notification) {
    let params = &notification.params;
    let uri = params.pointer("/textDocument/uri").and_then(Value::as_str);
    let path = uri.map(|uri| canonical(&place::path(uri)));
    match (notification.method.as_str(), uri, path) {
      ("textDocument/didOpen", Some(uri), Some(path)) => {
        let document = &params["textDocument"];
        let text = document["text"].as_str().unwrap_or_default();
        self.state.open(
          path,
          Document {
            uri: uri.to_owned(),
            version: document["version"].as_i64().unwrap_or_default(),
            text: text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
          },
        );
      }
      ("textDocument/didChange", _, Some(path)) => {
        let encoding = self.state.encoding;
        let Some(document) = self.state.documents.get_mut(&path) else {
          return;
        };
        document.version = params["textDocument"]["version"].as_i64().unwrap_or(document.version);
        for change in params["contentChanges"].as_array().into_iter().flatten() {
          if text::change(&mut document.text, change, encoding).is_none() {
            break;
          }
        }
        self.state.changed(&path);
      }
      ("textDocument/didClose", _, Some(path)) => self.state.close(&path),
      ("textDocument/didSave" | "workspace/didChangeWatchedFiles", ..) => self.state.forget_all(),
      ("workspace/didChangeWorkspaceFolders", ..) => {
        let folders = |name: &str| {
          let all = params.pointer(&format!("/event/{name}")).and_then(Value::as_array);
          let uris = all.into_iter().flatten().filter_map(|folder| folder["uri"].as_str());
          uris.map(|uri| canonical(&place::path(uri))).collect::<Vec<_>>()
        };
        let (added, removed) = (folders("added"), folders("removed"));
        self.state.workspaces.retain(|path| !removed.contains(path));
        self.state.workspaces.extend(added);
        self.state.forget_all();
      }
      _ => return,
    }
    self.changed.get_or_insert_with(Instant::now);
  }

  /// Says what is found in the programs of all open files, where it differs from what was said last.
  fn publish(&mut self) {
    self.changed = None;
    let state = &mut self.state;
    let found = catch_unwind(AssertUnwindSafe(|| wire::diagnostics(state, self.notes)));
    let Ok(found) = found else {
      self.state.forget_all();
      return;
    };
    let gone: Vec<PathBuf> = self
      .published
      .keys()
      .filter(|path| !found.contains_key(*path))
      .cloned()
      .collect();
    for path in gone {
      self.published.remove(&path);
      self.show(&path, &[]);
    }
    for (path, diagnostics) in found {
      let open = self.state.documents.contains_key(&path);
      if open || self.published.get(&path) != Some(&diagnostics) {
        self.show(&path, &diagnostics);
      }
      self.published.insert(path, diagnostics);
    }
  }

  fn show(&self, path: &std::path::Path, diagnostics: &[Value]) {
    let mut params = json!({ "uri": self.state.uri(path), "diagnostics": diagnostics });
    if let Some(document) = self.state.documents.get(path) {
      params["version"] = document.version.into();
    }
    self.send(Notification::new("textDocument/publishDiagnostics".to_owned(), params));
  }
}
