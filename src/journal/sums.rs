//! Sums over whole tables, for rows that no chain holds together: a row that was changed or lost is found when all are
//! read. Pure but for the table of sums.

use blake3::Hasher;
use rusqlite::{Connection, OptionalExtension, params};

use super::{RunHeader, Waiting, chain, rows};

/// The hashes of all rows, combined so that their order is of no matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum([u8; 32]);

impl Sum {
  pub(super) fn of<T>(rows: &[T], hash: impl Fn(&T) -> Sum) -> Sum {
    rows.iter().fold(Sum::default(), |sum, row| sum.with(hash(row)))
  }

  /// With a row that was not there, or without one that was.
  pub(super) fn with(self, row: Sum) -> Sum {
    let mut sum = self.0;
    sum.iter_mut().zip(row.0).for_each(|(byte, other)| *byte ^= other);
    Sum(sum)
  }
}

/// What a table's sum is kept under.
pub(super) const RUNS: &str = "runs";
pub(super) const WAITING: &str = "waiting";
pub(super) const BREAKERS: &str = "breakers";

pub(super) fn run(header: &RunHeader) -> Sum {
  Sum(*chain::first(header).as_bytes())
}

pub(super) fn waiting(row: &Waiting) -> Sum {
  let Waiting {
    id,
    parent,
    orchestrator,
    asked,
    order,
  } = row;
  parts("orch journal 1, waiting", &[id, parent, orchestrator, asked, order])
}

pub(super) fn breaker((key, state): &(String, String)) -> Sum {
  parts("orch journal 1, breaker", &[key, state])
}

fn parts(context: &str, parts: &[&String]) -> Sum {
  let mut hasher = Hasher::new_derive_key(context);
  for part in parts {
    hasher.update(&(part.len() as u64).to_le_bytes());
    hasher.update(part.as_bytes());
  }
  Sum(*hasher.finalize().as_bytes())
}

/// The sum that a table has to have.
pub(super) fn find(connection: &Connection, name: &str) -> rusqlite::Result<Sum> {
  let mut statement = connection.prepare_cached("SELECT sum FROM sums WHERE name = ?")?;
  let found = statement.query_row([name], |row| row.get(0)).optional()?;
  Ok(Sum(found.unwrap_or_default()))
}

/// Adds a row to the sum of a table, or takes it away.
pub(super) fn change(connection: &Connection, name: &str, row: Sum) -> rusqlite::Result<()> {
  set(connection, name, find(connection, name)?.with(row))
}

pub(super) fn set(connection: &Connection, name: &str, sum: Sum) -> rusqlite::Result<()> {
  let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO sums (name, sum) VALUES (?, ?)")?;
  statement.execute(params![name, sum.0]).map(drop)
}

/// The sums of what an earlier orch has written.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
  set(connection, RUNS, Sum::of(&rows::select_runs(connection)?, run))?;
  set(
    connection,
    WAITING,
    Sum::of(&rows::select_waiting(connection)?, waiting),
  )?;
  set(
    connection,
    BREAKERS,
    Sum::of(&rows::select_breakers(connection)?, breaker),
  )
}
