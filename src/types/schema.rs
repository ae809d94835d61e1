//! Types as JSON Schema 2020-12 that accepts just what a message may be. Knows nothing of programs.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};

use super::{FloatRange, IntRange, ListType, PlanType, RecordType, StringRules, Type, pattern};

/// The dialect that schemas are written in.
pub const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// One past the largest int, hence no int itself: as a float it is exact, and a value of the language.
const INT_END: f64 = 9_223_372_036_854_775_808.0;

/// What orch reads as a time: RFC 3339, days of months and leap years counted, and years before 0 as it shows them.
const TIME: &str = concat!(
  "^(?:-00)?(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)",
  "|02-(?:0[1-9]|1[0-9]|2[0-8]))",
  "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)",
  "T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$",
);

/// Schemas of types that share their `$defs`: each named type is defined once.
#[derive(Default)]
pub struct Schemas {
  definitions: IndexMap<String, Definition>,
}

struct Definition {
  name: Arc<str>,
  /// None where the definition is of no type's.
  ty: Option<Type>,
  schema: Json,
}

impl Schemas {
  /// The type's schema; names become references.
  pub fn of(&mut self, ty: &Type) -> Json {
    match ty {
      Type::Never | Type::Variable(_) => json!({ "not": {} }),
      Type::Unknown | Type::Json => json!({}),
      Type::Null => json!({ "type": "null" }),
      Type::Bool(None) => json!({ "type": "boolean" }),
      Type::Bool(Some(value)) => json!({ "const": value }),
      Type::Literal(text) => json!({ "const": &**text }),
      Type::Int(range) => int(*range),
      Type::Float(range) => float(*range),
      Type::String(rules) => string(rules),
      // Too long to stand where they are used.
      Type::Time => self.define_once("time", ty, |_| time()),
      Type::Duration => self.define_once("duration", ty, |_| duration()),
      Type::File => self.define_once("file", ty, |_| path("file", "a file")),
      Type::Dir => self.define_once("dir", ty, |_| path("dir", "a directory")),
      Type::Secret => {
        json!({ "type": "string", "pattern": "^env:.", "description": "the environment variable that holds it" })
      }
      Type::List(list) => self.list(list),
      Type::Map(value) => json!({ "type": "object", "additionalProperties": self.of(value) }),
      Type::Record(record) => self.record(record, |_| false),
      Type::Union(members) => self.union(members),
      Type::Plan(plan) => self.plan(plan),
      Type::Named(named) => self.define(&named.name, &named.ty),
    }
  }

  /// As [`Schemas::of`], without the name on the outside.
  pub fn inside(&mut self, ty: &Type) -> Json {
    self.of(ty.resolved())
  }

  /// The schema of a record. Optional fields, those that may be null, and those of which `absent` holds may be left
  /// out.
  pub fn record(&mut self, record: &RecordType, absent: impl Fn(&str) -> bool) -> Json {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    for (name, field) in &record.fields {
      properties.insert(name.to_string(), self.of(&field.read()));
      if !field.optional && !field.ty.accepts_null() && !absent(name) {
        required.push(name);
      }
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
      schema["required"] = json!(required);
    }
    schema["additionalProperties"] = json!(record.open);
    schema
  }

  /// Defines a name, and gives the reference to it. A name that is taken by something else gets a number.
  pub fn define(&mut self, name: &str, ty: &Type) -> Json {
    self.define_once(name, ty, |schemas| schemas.of(ty))
  }

  fn define_once(&mut self, name: &str, ty: &Type, schema: impl FnOnce(&mut Self) -> Json) -> Json {
    let known = |definition: &Definition| *definition.name == *name && definition.ty.as_ref() == Some(ty);
    if let Some((key, _)) = self.definitions.iter().find(|(_, definition)| known(definition)) {
      return reference(key);
    }
    let key = self.reserve(name, Some(ty.clone()));
    let schema = schema(self);
    self.set(&key, schema)
  }

  /// Defines a name by a schema that is of no type's, and gives the reference to it.
  pub fn define_as(&mut self, name: &str, schema: Json) -> Json {
    let key = self.reserve(name, None);
    self.set(&key, schema)
  }

  /// Puts a description before what the name of this type was defined as, if it was.
  pub fn describe(&mut self, name: &str, ty: &Type, doc: &str) {
    for definition in self.definitions.values_mut() {
      if *definition.name == *name && definition.ty.as_ref() == Some(ty) {
        put_first(&mut definition.schema, "description", doc.into());
      }
    }
  }

  /// A whole document: the schema, with all that it refers to.
  pub fn document(self, schema: Json) -> Json {
    let mut document = Map::new();
    document.insert("$schema".into(), DIALECT.into());
    if let Json::Object(fields) = schema {
      document.extend(fields);
    }
    let definitions = self.definitions.into_iter();
    let definitions: Map<String, Json> = definitions.map(|(key, definition)| (key, definition.schema)).collect();
    if !definitions.is_empty() {
      document.insert("$defs".into(), definitions.into());
    }
    document.into()
  }

  /// Keeps the place of a definition, so that what is named first stands first.
  fn reserve(&mut self, name: &str, ty: Option<Type>) -> String {
    let plain = plain(name);
    let mut key = plain.clone();
    let mut number = 2;
    while self.definitions.contains_key(&key) {
      key = format!("{plain}-{number}");
      number += 1;
    }
    let name = name.into();
    let schema = Json::Null;
    self.definitions.insert(key.clone(), Definition { name, ty, schema });
    key
  }

  fn set(&mut self, key: &str, schema: Json) -> Json {
    if let Some(definition) = self.definitions.get_mut(key) {
      definition.schema = schema;
    }
    reference(key)
  }

  fn list(&mut self, list: &ListType) -> Json {
    let mut schema = json!({ "type": "array", "items": self.of(&list.item) });
    put(&mut schema, "minItems", list.min);
    put(&mut schema, "maxItems", list.max);
    schema
  }

  /// All that a schema can say of a plan: ids, references and their order are between places, so it can't.
  fn plan(&mut self, plan: &PlanType) -> Json {
    let workers: Vec<&str> = plan.members.iter().map(|member| &*member.name).collect();
    let choices: Vec<Json> = plan.choices().map(|choice| self.record(&choice, |_| false)).collect();
    let mut items = json!({ "type": "object", "properties": { "worker": { "enum": workers } } });
    items["oneOf"] = choices.into();
    let mut assignments = json!({ "type": "array", "items": items });
    put(&mut assignments, "maxItems", plan.most);
    json!({
      "type": "object",
      "properties": { "assignments": assignments },
      "required": ["assignments"],
      "additionalProperties": false,
    })
  }

  /// Literals, null among them, become one `enum`.
  fn union(&mut self, members: &[Type]) -> Json {
    let literals: Vec<Json> = members.iter().filter_map(literal).collect();
    let single = literals.len() == 1;
    let mut schemas: Vec<Json> = Vec::new();
    for member in members.iter().filter(|member| single || literal(member).is_none()) {
      schemas.push(self.of(member));
    }
    if !single && !literals.is_empty() {
      schemas.push(json!({ "enum": literals }));
    }
    match schemas.len() {
      1 => schemas.remove(0),
      _ => json!({ "anyOf": schemas }),
    }
  }
}

/// Puts a keyword before all others.
pub fn put_first(schema: &mut Json, keyword: &str, value: Json) {
  if let Json::Object(fields) = schema {
    fields.shift_insert(0, keyword.into(), value);
  }
}

fn put<T: Into<Json>>(schema: &mut Json, keyword: &str, value: Option<T>) {
  if let Some(value) = value {
    schema[keyword] = value.into();
  }
}

fn literal(ty: &Type) -> Option<Json> {
  match ty {
    Type::Null => Some(Json::Null),
    Type::Bool(Some(value)) => Some((*value).into()),
    Type::Literal(text) => Some((&**text).into()),
    Type::Int(IntRange {
      min: Some(min),
      max: Some(max),
    }) if min == max => Some((*min).into()),
    _ => None,
  }
}

fn int(range: IntRange) -> Json {
  if let Some(value) = literal(&Type::Int(range)) {
    return json!({ "const": value });
  }
  let mut schema = json!({ "type": "integer", "minimum": range.min.unwrap_or(i64::MIN) });
  match range.max {
    Some(max) => put(&mut schema, "maximum", Some(max)),
    None => put(&mut schema, "exclusiveMaximum", Some(INT_END)),
  }
  schema
}

fn float(range: FloatRange) -> Json {
  let mut schema = json!({ "type": "number" });
  put(&mut schema, "minimum", range.min);
  put(&mut schema, "maximum", range.max);
  schema
}

fn string(rules: &StringRules) -> Json {
  let mut schema = json!({ "type": "string" });
  put(&mut schema, "minLength", rules.min);
  put(&mut schema, "maxLength", rules.max);
  if let Some(regex) = &rules.regex {
    match pattern::ecma(regex.as_str()) {
      Some(pattern) => put(&mut schema, "pattern", Some(pattern)),
      None => {
        let comment = format!(
          "orch also demands a match of /{}/, which `pattern` can't say",
          regex.as_str()
        );
        put(&mut schema, "$comment", Some(comment));
      }
    }
  }
  schema
}

fn time() -> Json {
  json!({ "type": "string", "format": "date-time", "pattern": TIME })
}

/// Each unit at most once, the larger first, at least one.
fn duration() -> Json {
  let units = ["d", "h", "m", "s", "ms"];
  let from = |first: usize| {
    let rest: String = units[first + 1..]
      .iter()
      .map(|unit| format!("(?:[0-9]+{unit})?"))
      .collect();
    format!("[0-9]+{}{rest}", units[first])
  };
  let all: Vec<String> = (0..units.len()).map(from).collect();
  json!({ "type": "string", "pattern": format!("^-?(?:{})$", all.join("|")) })
}

/// In messages from and to the outside.
fn path(format: &str, what: &str) -> Json {
  let description = format!("the path of {what}");
  json!({ "description": description, "type": "string", "format": format!("orch-{format}"), "minLength": 1 })
}

fn reference(key: &str) -> Json {
  json!({ "$ref": format!("#/$defs/{key}") })
}

/// The name as it may stand in a reference, where `Outcome<[string]>` may not.
fn plain(name: &str) -> String {
  let kept = |c: char| c.is_ascii_alphanumeric() || "._@".contains(c);
  let parts = name.split(|c| !kept(c)).filter(|part| !part.is_empty());
  let joined = parts.collect::<Vec<_>>().join("-");
  joined.chars().take(60).collect()
}
