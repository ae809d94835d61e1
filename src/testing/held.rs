//! What the files of a test hold: in a test a file is its text, and a directory a map of texts by path.
#![expect(
  clippy::disallowed_methods,
  reason = "files that real processes left are read to be looked at"
)]

use std::{collections::HashMap, sync::Arc};

use blake3::Hash;

use crate::{
  files::Depot,
  protocol::FileText,
  value::{Entry, ListBuilder, Manifest, RecordBuilder, Stored, StoredKind, TooLarge, Value, show},
};

#[derive(Debug, Default)]
pub(super) struct Held {
  texts: HashMap<Hash, Arc<str>>,
  /// Where real processes find and leave files.
  depot: Option<Depot>,
}

impl Held {
  pub fn with_depot(depot: Depot) -> Self {
    Held {
      depot: Some(depot),
      ..Held::default()
    }
  }

  /// # Errors
  /// One line: the store can't be written.
  pub fn keep(&mut self, texts: Vec<FileText>) -> Result<(), String> {
    for FileText { digest, text } in texts {
      if let Some(depot) = &self.depot {
        depot.keep_text(&digest, &text).map_err(|error| error.to_string())?;
      }
      self.texts.insert(digest, text);
    }
    Ok(())
  }

  /// The value with texts where files and directories stand, and with the names of secrets.
  ///
  /// # Errors
  /// It would be too large.
  pub fn open(&self, value: &Value) -> Result<Value, TooLarge> {
    match value {
      Value::Stored(stored) => self.opened(stored),
      Value::Secret(_) => Ok(Value::string(show(value))),
      Value::List(_) => {
        let mut items = ListBuilder::default();
        let mut all = value.as_list().into_iter().flatten();
        all.try_for_each(|item| items.push(self.open(item)?))?;
        Ok(items.finish())
      }
      Value::Record(_) => {
        let mut fields = RecordBuilder::default();
        let mut all = value.as_record().into_iter().flatten();
        all.try_for_each(|(name, field)| fields.insert(name.clone(), self.open(field)?))?;
        Ok(fields.finish())
      }
      other => Ok(other.clone()),
    }
  }

  fn opened(&self, stored: &Stored) -> Result<Value, TooLarge> {
    let text = self.text(&stored.digest, stored.name());
    if stored.kind == StoredKind::File {
      return Ok(Value::String(text));
    }
    let manifest = Manifest::parse(&text).unwrap_or_default();
    let mut fields = RecordBuilder::default();
    for (path, entry) in manifest.entries() {
      if let Entry::File { digest, .. } = entry {
        fields.insert(path.into(), Value::String(self.text(digest, path)))?;
      }
    }
    Ok(fields.finish_sorted())
  }

  /// What is not text is shown by its name.
  fn text(&self, digest: &Hash, name: &str) -> Arc<str> {
    let left = || {
      let stored = Stored::new(StoredKind::File, *digest, 0, name);
      let path = self.depot.as_ref()?.path(&stored);
      std::fs::read_to_string(path).ok().map(Arc::from)
    };
    let kept = self.texts.get(digest).cloned();
    kept.or_else(left).unwrap_or_else(|| format!("<{name}>").into())
  }
}
