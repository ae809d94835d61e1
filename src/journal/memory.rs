//! A journal in memory, for tests and dry runs. Clones share it, so that one outlives who writes to the other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Bundle, Entry, Journal, JournalError, RunHeader, Snapshot, Waiting, follow};

/// The twin of the store, without its disk.
#[derive(Clone, Debug, Default)]
pub struct Memory {
  runs: Arc<Mutex<Vec<Run>>>,
  asked: Arc<Mutex<Vec<Waiting>>>,
}

#[derive(Debug)]
struct Run {
  header: RunHeader,
  bundle: Bundle,
  entries: Vec<Entry>,
  snapshot: Option<Snapshot>,
}

impl Memory {
  fn locked(&self) -> MutexGuard<'_, Vec<Run>> {
    self.runs.lock().unwrap_or_else(PoisonError::into_inner)
  }

  fn with<T>(&self, run: &str, look: impl FnOnce(&mut Run) -> Result<T, JournalError>) -> Result<T, JournalError> {
    let mut runs = self.locked();
    let found = runs.iter_mut().find(|one| one.header.id == run);
    look(found.ok_or_else(|| JournalError::NoRun { run: run.into() })?)
  }
}

impl Journal for Memory {
  fn begin(&mut self, header: &RunHeader, bundle: &[(String, String)], entries: &[Entry]) -> Result<(), JournalError> {
    follow(&header.id, None, entries)?;
    let mut runs = self.locked();
    if runs.iter().any(|one| one.header.id == header.id) {
      return Err(JournalError::SameRun { run: header.id.clone() });
    }
    let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
    asked.retain(|one| one.id != header.id);
    runs.push(Run {
      header: header.clone(),
      bundle: bundle.to_vec(),
      entries: entries.to_vec(),
      snapshot: None,
    });
    Ok(())
  }

  fn append(&mut self, run: &str, entries: &[Entry]) -> Result<(), JournalError> {
    self.with(run, |found| {
      follow(run, found.entries.last().map(|last| last.seq), entries)?;
      found.entries.extend_from_slice(entries);
      Ok(())
    })
  }

  fn read(&mut self, run: &str) -> Result<Vec<Entry>, JournalError> {
    self.with(run, |found| Ok(found.entries.clone()))
  }

  fn each(&mut self, run: &str, take: &mut dyn FnMut(Entry)) -> Result<(), JournalError> {
    self.read(run)?.into_iter().for_each(take);
    Ok(())
  }

  fn read_on(&mut self, run: &str) -> Result<(Option<Snapshot>, Vec<Entry>), JournalError> {
    self.with(run, |found| {
      let first = found.snapshot.as_ref().map_or(0, |snapshot| snapshot.next);
      let after = found.entries.iter().filter(|entry| entry.seq >= first);
      Ok((found.snapshot.clone(), after.cloned().collect()))
    })
  }

  fn read_from(&mut self, run: &str, first: u64) -> Result<Vec<Entry>, JournalError> {
    let mut entries = self.read(run)?;
    entries.retain(|entry| entry.seq >= first);
    Ok(entries)
  }

  fn keep_snapshot(&mut self, run: &str, snapshot: Option<&Snapshot>) -> Result<(), JournalError> {
    self.with(run, |found| {
      let next = found.entries.last().map(|last| last.seq + 1);
      match snapshot {
        Some(snapshot) if Some(snapshot.next) != next => Err(JournalError::OutOfOrder {
          run: run.into(),
          seq: snapshot.next,
        }),
        snapshot => {
          found.snapshot = snapshot.cloned();
          Ok(())
        }
      }
    })
  }

  fn first_record(&mut self, run: &str) -> Result<Option<Entry>, JournalError> {
    self.with(run, |found| Ok(found.entries.first().cloned()))
  }

  fn runs(&mut self) -> Result<Vec<RunHeader>, JournalError> {
    Ok(self.locked().iter().map(|one| one.header.clone()).collect())
  }

  fn last_records(
    &mut self,
    key: &str,
    is_enough: &mut dyn FnMut(&RunHeader, &Entry) -> bool,
  ) -> Result<(), JournalError> {
    let runs = self.locked();
    let alike = runs.iter().rev().filter(|run| run.header.key.as_deref() == Some(key));
    let mut ends = alike.filter_map(|run| Some((&run.header, run.entries.last()?)));
    ends.any(|(header, entry)| is_enough(header, entry));
    Ok(())
  }

  fn ask(&mut self, waiting: &Waiting) -> Result<(), JournalError> {
    let begun = self.locked().iter().any(|run| run.header.id == waiting.id);
    let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
    if !begun && !asked.iter().any(|one| one.id == waiting.id) {
      asked.push(waiting.clone());
    }
    Ok(())
  }

  fn waiting(&mut self) -> Result<Vec<Waiting>, JournalError> {
    Ok(self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone())
  }

  fn last_record(&mut self, run: &str) -> Result<Option<Entry>, JournalError> {
    self.with(run, |found| Ok(found.entries.last().cloned()))
  }

  fn bundle(&mut self, run: &str) -> Result<Bundle, JournalError> {
    self.with(run, |found| Ok(found.bundle.clone()))
  }
}
