//! Values exactly as they are, for snapshots: read back they are the same, down to what they weigh. Knows nothing of JSON,
//! in which values of different types look alike.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use super::{List, Record, SecretPart, Stored, Value, json::serialize_json};

/// The variants of [`Value`] with names of one letter, since there may be a million.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Value")]
enum Exact {
  #[serde(rename = "n")]
  Null,
  #[serde(rename = "b")]
  Bool(bool),
  #[serde(rename = "i")]
  Int(i64),
  #[serde(rename = "f")]
  Float(f64),
  #[serde(rename = "s")]
  String(Arc<str>),
  #[serde(rename = "t")]
  Time(Timestamp),
  #[serde(rename = "d")]
  Duration(i64),
  #[serde(rename = "o")]
  Stored(Arc<Stored>),
  #[serde(rename = "x")]
  Secret(Arc<[SecretPart]>),
  #[serde(rename = "l")]
  List(Arc<List>),
  #[serde(rename = "r")]
  Record(Arc<Record>),
}

/// JSON where people may read it, exact where only machines do.
impl Serialize for Value {
  fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
    match serializer.is_human_readable() {
      true => serialize_json(self, serializer),
      false => Exact::serialize(self, serializer),
    }
  }
}

/// Of the exact form only: a type is needed to read JSON, see `conform`.
impl<'de> Deserialize<'de> for Value {
  fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
    match deserializer.is_human_readable() {
      true => Err(D::Error::custom("a value is not read from JSON without its type")),
      false => Exact::deserialize(deserializer),
    }
  }
}
