//! What a worker is and was asked, as hashes: the same for the same work, wherever it is declared and whatever stands
//! around it. Knows nothing of runs.

use std::sync::Arc;

use super::exchange::{CacheKey, Signature};
use crate::{
  eval::Evaluator,
  hir::{ElementPart, Expr, ExprKind, FieldPart, FunctionId, Literal, MockAnswer, MockRule, Worker},
  protocol::{Permit, ProcessTask},
  types::{Type, schema::Schemas},
  value::{SecretPart, Value},
};

/// The part that other parts may follow from.
pub(super) const INPUT: &str = "input";

fn hasher() -> blake3::Hasher {
  blake3::Hasher::new_derive_key("orch definition 1")
}

/// Absorbs one thing after the other; each with a tag and its length, so that no two ways lead to one hash. Things that
/// people know by one name are a part, with a hash of its own.
pub(super) struct Definition<'a> {
  hasher: blake3::Hasher,
  evaluator: &'a Evaluator,
  /// The name of the part that is absorbed now, and those before.
  part: Arc<str>,
  parts: Vec<(Arc<str>, [u8; 32])>,
}

impl<'a> Definition<'a> {
  pub fn new(evaluator: &'a Evaluator) -> Self {
    Self {
      hasher: hasher(),
      evaluator,
      part: "".into(),
      parts: Vec::new(),
    }
  }

  pub fn finish(mut self) -> Signature {
    self.begin("");
    let mut hasher = hasher();
    for (name, hash) in &self.parts {
      hasher.update(&(name.len() as u64).to_le_bytes());
      hasher.update(name.as_bytes());
      hasher.update(hash);
    }
    Signature {
      key: CacheKey(*hasher.finalize().as_bytes()),
      parts: self.parts,
    }
  }

  /// What follows is a part of its own.
  fn begin(&mut self, name: &str) {
    let before = std::mem::replace(&mut self.hasher, hasher());
    let part = std::mem::replace(&mut self.part, name.into());
    if !part.is_empty() {
      self.parts.push((part, *before.finalize().as_bytes()));
    }
  }

  /// What holds for every execution: its messages, the files that it uses.
  pub fn worker(&mut self, worker: &Worker) {
    self.begin("contract");
    self.text("contract", worker.contract.as_deref().unwrap_or_default());
    self.ty(&worker.input);
    self.ty(&worker.output);
    for file in &worker.uses {
      self.begin(&format!("file {}", file.path));
      self.bytes("content", &file.digest);
    }
  }

  /// What it is asked.
  pub fn input(&mut self, message: &Value) {
    self.begin(INPUT);
    self.value(message);
  }

  /// A process with its settings evaluated, and how its answer is read.
  pub fn process(&mut self, task: &ProcessTask, output: Option<&Expr>) {
    let ProcessTask {
      argv,
      env,
      stdin,
      cwd,
      expect,
      wants_output,
      permit,
    } = task;
    self.begin("command");
    argv.iter().for_each(|word| self.text("argv", word));
    self.begin("env");
    for (name, value) in env {
      self.text("env", name);
      value.0.iter().for_each(|part| match part {
        SecretPart::Text(text) => self.text("text", text),
        // which secret it is, never what it is
        SecretPart::Variable(name) => self.text("secret", name),
      });
    }
    self.begin("stdin");
    self.bytes("stdin", stdin);
    self.begin("cwd");
    let cwd = cwd.as_ref().map(|cwd| cwd.as_os_str().as_encoded_bytes());
    self.bytes("cwd", cwd.unwrap_or_default());
    self.begin("expect");
    expect
      .iter()
      .for_each(|codes| self.text("expect", &format!("{codes:?}")));
    self.begin("permit");
    if let Some(Permit { read, write, net }) = permit {
      for (tag, paths) in [("read", read), ("write", write)] {
        let paths = paths.iter().map(|path| path.as_os_str().as_encoded_bytes());
        paths.for_each(|path| self.bytes(tag, path));
      }
      self.text("net", if *net { "any" } else { "none" });
    }
    self.begin("output");
    self.text("output", if *wants_output { "stdout" } else { "" });
    output.iter().for_each(|output| self.expr(output));
  }

  pub fn mock(&mut self, rules: &[MockRule]) {
    self.begin("mock");
    for MockRule {
      on,
      first,
      delay,
      answer,
    } in rules
    {
      self.tag("rule");
      on.iter().for_each(|pattern| self.tagged("on", [pattern]));
      first.iter().for_each(|calls| self.tagged("first", [calls]));
      delay.iter().for_each(|delay| self.tagged("delay", [delay]));
      match answer {
        MockAnswer::Echo => self.tag("echo"),
        MockAnswer::Hang => self.tag("hang"),
        MockAnswer::Malformed => self.tag("malformed"),
        MockAnswer::Return(value) => self.tagged("return", [value]),
        MockAnswer::Fail { kind, code, message } => {
          self.text("fail", &format!("{kind} {code:?}"));
          message.iter().for_each(|message| self.expr(message));
        }
      }
    }
  }

  fn value(&mut self, value: &Value) {
    self.tag("value");
    super::event::absorb(&mut self.hasher, value);
  }

  fn ty(&mut self, ty: &Type) {
    let mut schemas = Schemas::default();
    let schema = schemas.of(ty);
    self.text("type", &schemas.document(schema).to_string());
  }

  fn tag(&mut self, tag: &str) {
    self.text(tag, "");
  }

  fn text(&mut self, tag: &str, text: &str) {
    self.bytes(tag, text.as_bytes());
  }

  fn bytes(&mut self, tag: &str, bytes: &[u8]) {
    for part in [tag.as_bytes(), bytes] {
      self.hasher.update(&(part.len() as u64).to_le_bytes());
      self.hasher.update(part);
    }
  }

  fn tagged<'e>(&mut self, tag: &str, inside: impl IntoIterator<Item = &'e Expr>) {
    self.tag(tag);
    inside.into_iter().for_each(|expr| self.expr(expr));
    self.tag("end");
  }

  /// By what it says, not where it stands. Depth is bounded by the text's nesting.
  fn expr(&mut self, expr: &Expr) {
    match &expr.kind {
      ExprKind::Literal(value) => self.value(value),
      ExprKind::Local(local) => self.text("local", &local.0.to_string()),
      ExprKind::Constant(id) => match self.evaluator.constant(*id).cloned() {
        Some(value) => self.value(&value),
        None => self.tag("constant"),
      },
      ExprKind::Run => self.tag("run"),
      ExprKind::Cards(pool) => match self.evaluator.program().cards(*pool) {
        Ok(cards) => self.value(&cards),
        Err(_) => self.tag("cards"),
      },
      ExprKind::Field { base, name, optional } => {
        self.text(if *optional { "field?" } else { "field" }, name);
        self.expr(base);
      }
      ExprKind::Index { base, index } => self.tagged("index", [&**base, index]),
      ExprKind::Not(inner) => self.tagged("not", [&**inner]),
      ExprKind::Negate(inner) => self.tagged("negate", [&**inner]),
      ExprKind::Binary { operator, left, right } => self.tagged(&format!("{operator:?}"), [&**left, right]),
      ExprKind::Logic { operator, left, right } => self.tagged(&format!("{operator:?}"), [&**left, right]),
      ExprKind::Text(parts) => self.tagged("text", parts),
      ExprKind::Record(parts) => self.record(parts),
      ExprKind::List(parts) => self.list(parts),
      ExprKind::Comprehension {
        body,
        item,
        items,
        condition,
      } => {
        self.text("for", &item.0.to_string());
        self.tagged("in", [&**items, body].into_iter().chain(condition.as_deref()));
      }
      ExprKind::If {
        condition,
        then,
        otherwise,
      } => self.tagged("if", [&**condition, then].into_iter().chain(otherwise.as_deref())),
      ExprKind::Match {
        subject,
        arms,
        otherwise,
      } => self.branches(subject, arms, otherwise.as_deref()),
      ExprKind::Builtin {
        function,
        arguments,
        it,
      } => {
        self.text("it", &it.map_or(String::new(), |it| it.0.to_string()));
        self.tagged(function.name(), arguments);
      }
      ExprKind::Function { function, arguments } => self.function(*function, arguments),
      ExprKind::Cast(inner) => {
        self.ty(&expr.ty);
        self.tagged("as", [&**inner]);
      }
    }
  }

  fn record(&mut self, parts: &[FieldPart]) {
    for part in parts {
      match part {
        FieldPart::Field(name, value) => {
          self.text("name", name);
          self.expr(value);
        }
        FieldPart::Spread(value) => self.tagged("spread", [value]),
      }
    }
    self.tag("record");
  }

  fn list(&mut self, parts: &[ElementPart]) {
    for part in parts {
      match part {
        ElementPart::Item(value) => self.tagged("item", [value]),
        ElementPart::Spread(value) => self.tagged("spread", [value]),
      }
    }
    self.tag("list");
  }

  fn branches(&mut self, subject: &Expr, arms: &[(Vec<Literal>, Expr)], otherwise: Option<&Expr>) {
    for (patterns, value) in arms {
      self.text("arm", &format!("{patterns:?}"));
      self.expr(value);
    }
    self.tagged("match", [subject].into_iter().chain(otherwise));
  }

  /// By its body: functions call each other in no circle.
  fn function(&mut self, id: FunctionId, arguments: &[Expr]) {
    let program = self.evaluator.program().clone();
    let function = program.function(id);
    let params: Vec<u32> = function.params.iter().map(|param| param.local.0).collect();
    self.text("function", &format!("{params:?}"));
    self.expr(&function.body);
    self.tagged("call", arguments);
  }
}
