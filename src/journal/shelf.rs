//! What outlives runs, beside their records: outcomes that may be reused, and where breakers are. Knows nothing of what
//! they mean.

use blake3::{Hash, Hasher};
use rusqlite::{OptionalExtension, Row, params};

use super::{
  JournalError,
  error::{of_file, of_sqlite},
  rows::select_breakers,
  store::Store,
  sums::{self, Sum},
};

/// A longer value is a blob, in bytes.
const LARGEST_ROW: usize = 64 << 10;

/// An outcome that may be reused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
  /// When it was kept, in milliseconds of the Unix epoch.
  pub at: i64,
  /// Whose it was.
  pub run: String,
  pub step: String,
  /// JSON.
  pub value: String,
}

impl Store {
  /// The outcome under this key, if it was kept at that time or later. One that is not what was kept is none.
  ///
  /// # Errors
  /// The store can't be read.
  pub fn outcome(&mut self, key: &[u8; 32], oldest: i64) -> Result<Option<Outcome>, JournalError> {
    self.usable()?;
    let failed = |error| of_sqlite(&self.path, &error);
    let select = "SELECT at, run, step, hash, value, seal FROM outcomes WHERE key = ? AND at >= ?";
    let mut statement = self.connection.prepare_cached(select).map_err(failed)?;
    let found = statement
      .query_row(params![key, oldest], read)
      .optional()
      .map_err(failed)?;
    Ok(found.and_then(|found| {
      let Found { outcome, value, .. } = found;
      let hash = Hash::from_slice(&found.hash).ok()?;
      if seal(key, &outcome, &hash).as_bytes() != found.seal.as_slice() {
        return None;
      }
      let value = match value {
        Some(value) if blake3::hash(value.as_bytes()) == hash => value,
        Some(_) => return None,
        None => self.blobs.read(&hash).ok()?,
      };
      Some(Outcome { value, ..outcome })
    }))
  }

  /// Keeps an outcome, in place of an older one.
  ///
  /// # Errors
  /// It can't be written.
  pub fn keep_outcome(&mut self, key: &[u8; 32], outcome: &Outcome) -> Result<(), JournalError> {
    let hash = blake3::hash(outcome.value.as_bytes());
    let is_large = outcome.value.len() > LARGEST_ROW;
    let value = (!is_large).then_some(&outcome.value);
    let (path, blobs) = (self.path.clone(), self.blobs.clone());
    self.write(|transaction, failed| {
      // Under the write lock, as those of records.
      if is_large {
        let written = blobs.write(&hash, &outcome.value);
        written.map_err(|error| of_file(&path, &error))?;
      }
      let insert =
        "INSERT OR REPLACE INTO outcomes (key, at, run, step, hash, value, seal) VALUES (?, ?, ?, ?, ?, ?, ?)";
      let seal = seal(key, outcome, &hash);
      let row = params![
        key,
        outcome.at,
        outcome.run,
        outcome.step,
        hash.as_bytes(),
        value,
        seal.as_bytes()
      ];
      transaction.execute(insert, row).map(drop).map_err(failed)
    })
  }

  /// Keys and states of all breakers.
  ///
  /// # Errors
  /// They can't be read.
  pub fn breakers(&mut self) -> Result<Vec<(String, String)>, JournalError> {
    self.whole(sums::BREAKERS, select_breakers, sums::breaker)
  }

  /// Keeps where breakers are.
  ///
  /// # Errors
  /// They can't be written.
  pub fn keep_breakers(&mut self, states: &[(String, String)]) -> Result<(), JournalError> {
    self.write(|transaction, failed| {
      let insert = "INSERT OR REPLACE INTO breakers (key, state) VALUES (?, ?)";
      let mut statement = transaction.prepare_cached(insert).map_err(failed)?;
      for (key, state) in states {
        statement.execute([key, state]).map_err(failed)?;
      }
      let all = select_breakers(transaction).map_err(failed)?;
      sums::set(transaction, sums::BREAKERS, Sum::of(&all, sums::breaker)).map_err(failed)
    })
  }
}

/// Holds the parts of an outcome together; `hash` is its value's.
fn seal(key: &[u8; 32], outcome: &Outcome, hash: &Hash) -> Hash {
  let mut hasher = Hasher::new_derive_key("orch journal 1, outcome");
  hasher.update(key);
  hasher.update(&outcome.at.to_le_bytes());
  for part in [&outcome.run, &outcome.step] {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part.as_bytes());
  }
  hasher.update(hash.as_bytes());
  hasher.finalize()
}

/// An outcome as it was found, still without its value.
struct Found {
  outcome: Outcome,
  hash: Vec<u8>,
  /// `None` if it is a blob.
  value: Option<String>,
  seal: Vec<u8>,
}

fn read(row: &Row) -> rusqlite::Result<Found> {
  Ok(Found {
    outcome: Outcome {
      at: row.get(0)?,
      run: row.get(1)?,
      step: row.get(2)?,
      value: String::new(),
    },
    hash: row.get(3)?,
    value: row.get(4)?,
    seal: row.get(5)?,
  })
}
