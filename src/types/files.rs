//! Types with files in them, and what stands for those files in messages from and to the outside.

use std::sync::Arc;

use super::{Field, ListType, RecordType, StringRules, Type};

impl Type {
  /// Whether a file or directory may be somewhere in its values, `json` aside.
  pub fn has_files(&self) -> bool {
    match self.resolved() {
      Type::File | Type::Dir => true,
      Type::List(list) => list.item.has_files(),
      Type::Map(value) => value.has_files(),
      Type::Record(record) => record.fields.values().any(|field| field.ty.has_files()),
      Type::Union(members) => members.iter().any(Type::has_files),
      _ => false,
    }
  }

  /// With a path where a file or directory stands: what a process is sent and what it answers.
  pub fn with_paths(&self) -> Type {
    self.replaced(&|_| path())
  }

  /// With what a mock may give in the place of a file or directory: its text, its texts by their path, or a file or
  /// directory that the mock was given.
  pub fn with_texts(&self) -> Type {
    self.replaced(&|ty| {
      let given = match ty {
        Type::Dir => Type::map(Type::string()),
        _ => Type::string(),
      };
      Type::Union(Arc::new([given, ty.clone()]))
    })
  }

  /// With what a file or directory holds in its place: its text, its texts by their path.
  pub fn as_texts(&self) -> Type {
    self.replaced(&|ty| match ty {
      Type::Dir => Type::map(Type::string()),
      _ => Type::string(),
    })
  }

  fn replaced(&self, by: &dyn Fn(&Type) -> Type) -> Type {
    if !self.has_files() {
      return self.clone();
    }
    match self {
      Type::File | Type::Dir => by(self),
      Type::Named(named) => Type::named(&named.name, named.ty.replaced(by)),
      Type::Map(value) => Type::map(value.replaced(by)),
      Type::Union(members) => Type::union(members.iter().map(|member| member.replaced(by))),
      Type::List(list) => Type::List(Arc::new(ListType {
        item: list.item.replaced(by),
        ..**list
      })),
      Type::Record(record) => {
        let fields = record.fields.iter();
        let fields = fields.map(|(name, field)| {
          let ty = field.ty.replaced(by);
          (name.clone(), Field { ty, ..*field })
        });
        Type::Record(Arc::new(RecordType {
          fields: fields.collect(),
          open: record.open,
        }))
      }
      other => other.clone(),
    }
  }
}

/// Called so in messages.
fn path() -> Type {
  let rules = StringRules {
    min: Some(1),
    ..StringRules::default()
  };
  Type::named("path", Type::String(Arc::new(rules)))
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn what_stands_outside_is_seen_by_its_name() {
    let ty = Type::named(
      "Report",
      Type::record([
        ("of", Type::list(Type::File)),
        ("at", Type::Time),
        ("dir", Type::Dir.optional()),
      ]),
    );
    assert!(ty.has_files());
    assert_eq!(
      ty.with_paths().resolved().to_string(),
      "{ of: [path], at: time, dir: path? }"
    );
    assert_eq!(
      ty.with_texts().resolved().to_string(),
      "{ of: [string | file], at: time, dir: map<string> | dir | null }"
    );
    assert!(!ty.with_paths().has_files());
  }
}
