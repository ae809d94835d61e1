//! The places of a value where files and directories stand: found, filled in, replaced. Knows nothing of disks.

use std::sync::Arc;

use super::{
  ListBuilder, Mismatch, RecordBuilder, Stored, StoredKind, Value,
  conform::{fit, step_of},
};
use crate::types::Type;

/// What turns whatever stands where the type says `file` or `dir` into a stored value; the error is the reason, as
/// people read it.
pub type Capture<'f> = dyn FnMut(StoredKind, &Value) -> Result<Stored, String> + 'f;

/// The value, which is of the type `outside(ty)`, as one of `ty`: what stands in the place of a file or directory is
/// captured. What is stored already stays. Everything else is as it was.
///
/// # Errors
/// The first place that can't be captured, or a value that would be too large.
pub fn captured(
  value: &Value,
  ty: &Type,
  outside: fn(&Type) -> Type,
  capture: &mut Capture,
) -> Result<Value, Mismatch> {
  let mut walker = Walker { outside, capture };
  walker.walk(value, ty).map_err(|mismatch| mismatch.under("$"))
}

struct Walker<'w, 'f> {
  outside: fn(&Type) -> Type,
  capture: &'w mut Capture<'f>,
}

impl Walker<'_, '_> {
  fn walk(&mut self, value: &Value, ty: &Type) -> Result<Value, Mismatch> {
    if !ty.has_files() {
      return Ok(value.clone());
    }
    match (ty.resolved(), value) {
      (Type::File | Type::Dir, Value::Stored(_)) => Ok(value.clone()),
      (Type::File, _) => self.capture(StoredKind::File, value),
      (Type::Dir, _) => self.capture(StoredKind::Dir, value),
      (Type::List(list), Value::List(found)) => self.items(&found.items, &list.item),
      (Type::Map(inner), Value::Record(record)) => self.fields(&record.fields, |_| Some(&**inner)),
      (Type::Record(fields), Value::Record(record)) => {
        self.fields(&record.fields, |name| fields.fields.get(name).map(|field| &field.ty))
      }
      (Type::Union(members), _) => {
        let is = |member: &&Type| fit(value, &(self.outside)(member)).is_ok();
        match members.iter().find(is) {
          Some(member) => self.walk(value, member),
          None => Ok(value.clone()),
        }
      }
      // the null of an optional field
      _ => Ok(value.clone()),
    }
  }

  fn capture(&mut self, kind: StoredKind, value: &Value) -> Result<Value, Mismatch> {
    let stored = (self.capture)(kind, value).map_err(Mismatch::new)?;
    Ok(Value::Stored(Arc::new(stored)))
  }

  fn items(&mut self, items: &[Value], ty: &Type) -> Result<Value, Mismatch> {
    let mut list = ListBuilder::default();
    for (index, item) in items.iter().enumerate() {
      let item = self.walk(item, ty);
      list.push(item.map_err(|mismatch| mismatch.under(&format!("[{index}]")))?)?;
    }
    Ok(list.finish())
  }

  fn fields<'t>(
    &mut self,
    fields: &indexmap::IndexMap<Arc<str>, Value>,
    ty: impl Fn(&str) -> Option<&'t Type>,
  ) -> Result<Value, Mismatch> {
    let mut record = RecordBuilder::default();
    for (name, field) in fields {
      let field = match ty(name) {
        Some(ty) => self
          .walk(field, ty)
          .map_err(|mismatch| mismatch.under(&step_of(name)))?,
        None => field.clone(),
      };
      record.insert(name.clone(), field)?;
    }
    Ok(record.finish())
  }
}

impl Value {
  /// The files and directories in it, in order; those that are equal and have one name once.
  pub fn stored(&self) -> Vec<Arc<Stored>> {
    let mut found: Vec<Arc<Stored>> = Vec::new();
    self.each_stored(&mut |stored| {
      let known = |own: &Arc<Stored>| own == stored && own.name() == stored.name();
      if !found.iter().any(known) {
        found.push(stored.clone());
      }
    });
    found
  }

  fn each_stored(&self, see: &mut dyn FnMut(&Arc<Stored>)) {
    match self {
      Value::Stored(stored) => see(stored),
      Value::List(list) => list.items.iter().for_each(|item| item.each_stored(see)),
      Value::Record(record) => record.fields.values().for_each(|field| field.each_stored(see)),
      _ => {}
    }
  }

  /// The value with a text where a file or directory stands.
  ///
  /// # Errors
  /// It would be too large.
  pub fn with_texts(&self, text: &dyn Fn(&Stored) -> Arc<str>) -> Result<Value, super::TooLarge> {
    match self {
      Value::Stored(stored) => Ok(Value::String(text(stored))),
      Value::List(list) => {
        let mut items = ListBuilder::default();
        list
          .items
          .iter()
          .try_for_each(|item| items.push(item.with_texts(text)?))?;
        Ok(items.finish())
      }
      Value::Record(record) => {
        let mut fields = RecordBuilder::default();
        let all = &mut record.fields.iter();
        all.try_for_each(|(name, field)| fields.insert(name.clone(), field.with_texts(text)?))?;
        Ok(fields.finish())
      }
      other => Ok(other.clone()),
    }
  }
}

#[cfg(test)]
mod tests {
  use serde_json::json;

  use super::*;
  use crate::{
    types,
    value::{conform, from_json, to_json},
  };

  fn capture(kind: StoredKind, value: &Value) -> Result<Stored, String> {
    match value.as_str() {
      Some("gone") => Err("there is no file `gone`".into()),
      text => Ok(Stored::new(kind, blake3::hash(b""), 0, text.unwrap_or_default())),
    }
  }

  fn found(json: serde_json::Value, ty: &Type) -> Result<serde_json::Value, Mismatch> {
    let value = conform(&from_json(&json).unwrap(), &ty.with_paths())?;
    let value = captured(&value, ty, Type::with_paths, &mut capture)?;
    assert_eq!(conform(&value, ty).as_ref(), Ok(&value));
    assert_eq!(conform(&from_json(&to_json(&value)).unwrap(), ty), Ok(value.clone()));
    let names = value.with_texts(&|stored| format!("<{} {}>", stored.kind.word(), stored.name()).into());
    Ok(to_json(&names.unwrap()))
  }

  #[test]
  fn files_are_found_wherever_the_type_has_them() {
    let tagged = |tag: &str, ty: Type| Type::record([("kind", Type::literal(tag)), ("it", ty)]);
    let ty = Type::record([
      ("a", Type::list(Type::File)),
      ("b", Type::map(Type::Dir.optional())),
      (
        "c",
        Type::named(
          "Either",
          Type::union([tagged("text", Type::string()), tagged("file", Type::File)]),
        ),
      ),
      ("d", types::outcome(&Type::File)),
      ("e", Type::Json),
    ]);
    let message = json!({
      "a": ["x", "y"],
      "b": { "k": "z", "n": null },
      "c": { "kind": "text", "it": "gone" },
      "d": { "ok": true, "value": "w" },
      "e": "gone",
    });
    let expected = json!({
      "a": ["<file x>", "<file y>"],
      "b": { "k": "<dir z>", "n": null },
      "c": { "kind": "text", "it": "gone" },
      "d": { "ok": true, "value": "<file w>" },
      "e": "gone",
    });
    assert_eq!(found(message, &ty), Ok(expected));
  }

  #[test]
  fn what_cannot_be_captured_is_told_with_its_place() {
    let ty = Type::record([("a b", Type::list(Type::record([("file", Type::File)])))]);
    let error = found(json!({ "a b": [{ "file": "x" }, { "file": "gone" }] }), &ty).unwrap_err();
    assert_eq!(error.to_string(), "`$[\"a b\"][1].file`: there is no file `gone`");
    let error = found(json!({ "a b": [{ "file": 3 }] }), &ty).unwrap_err();
    assert_eq!(error.to_string(), "`$[\"a b\"][0].file`: expected `path`, found `3`");
  }

  #[test]
  fn each_file_is_listed_once() {
    let stored = |name: &str| Value::Stored(Arc::new(Stored::of_text("x", name)));
    let value = Value::list(vec![stored("a"), stored("b"), stored("a"), Value::Int(1)]).unwrap();
    let names: Vec<String> = value.stored().iter().map(|stored| stored.name().to_owned()).collect();
    assert_eq!(names, ["a", "b"]);
  }
}
