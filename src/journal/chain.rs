//! The chain of a run: each link is a hash of the one before and of its record, so that a change is found. Pure.

use blake3::{Hash, Hasher};

use super::{Entry, RunHeader};

/// The link before the first record: it holds the header, so that records of another run do not fit.
pub(super) fn first(header: &RunHeader) -> Hash {
  let mut hasher = Hasher::new_derive_key("orch journal 1, header");
  let RunHeader {
    id,
    program,
    orchestrator,
    digest,
    started,
    tracker,
    parent,
    key,
  } = header;
  let (parent, key) = (
    parent.as_deref().unwrap_or_default(),
    key.as_deref().unwrap_or_default(),
  );
  for part in [id, program, orchestrator, digest, started, tracker, parent, key] {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part.as_bytes());
  }
  hasher.finalize()
}

/// The link of a record whose body has this digest.
pub(super) fn next(before: &Hash, entry: &Entry, body: &Hash) -> Hash {
  let mut hasher = Hasher::new_derive_key("orch journal 1, record");
  hasher.update(before.as_bytes());
  hasher.update(&entry.seq.to_le_bytes());
  hasher.update(&entry.at.to_le_bytes());
  hasher.update(body.as_bytes());
  hasher.finalize()
}
