//! Rows of the database: how runs and records are written to them and read back. Knows nothing of transactions.

use blake3::Hash;
use rusqlite::{Connection, OptionalExtension, Row, params, types::ValueRef};

use super::{Entry, RunHeader, Waiting, blobs::Blobs, chain, sums};

/// A longer body is a blob, in bytes.
const LARGEST_ROW: usize = 64 << 10;

/// Whether the body of the record is a blob.
pub(super) fn is_large(entry: &Entry) -> bool {
  entry.body.len() > LARGEST_ROW
}

/// Writes the run, and its bundle if it is the first of that digest; false if there is such a run.
pub(super) fn insert_run(connection: &Connection, header: &RunHeader, modules: &str) -> rusqlite::Result<bool> {
  let hash = blake3::hash(modules.as_bytes());
  let insert = "INSERT INTO bundles (digest, hash, modules) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
  connection.execute(insert, params![header.digest, hash.as_bytes(), modules])?;
  forget_waiting(connection, &header.id)?;
  let insert = "INSERT INTO runs (name, program, orchestrator, bundle, started, tracker, head, parent, key)
    SELECT ?1, ?2, ?3, id, ?4, ?5, ?6, ?8, ?9 FROM bundles WHERE digest = ?7 ON CONFLICT DO NOTHING";
  let head = chain::first(header);
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
  let row = params![
    id,
    program,
    orchestrator,
    started,
    tracker,
    head.as_bytes(),
    digest,
    parent,
    key
  ];
  let is_new = connection.execute(insert, row)? == 1;
  if is_new {
    sums::change(connection, sums::RUNS, sums::run(header))?;
  }
  Ok(is_new)
}

const SELECT_RUNS: &str =
  "SELECT name, program, orchestrator, digest, started, tracker, parent, key, runs.id, last, head
  FROM runs JOIN bundles ON bundle = bundles.id";

pub(super) fn select_runs(connection: &Connection) -> rusqlite::Result<Vec<RunHeader>> {
  let mut statement = connection.prepare_cached(&format!("{SELECT_RUNS} ORDER BY runs.id"))?;
  let rows = statement.query_map([], read_header)?;
  rows.collect()
}

/// Remembers it, unless it is there already, asked for or begun.
pub(super) fn insert_waiting(connection: &Connection, waiting: &Waiting) -> rusqlite::Result<()> {
  let insert = "INSERT INTO waiting (name, parent, orchestrator, asked, body) SELECT ?1, ?2, ?3, ?4, ?5
    WHERE NOT EXISTS (SELECT 1 FROM runs WHERE name = ?1) ON CONFLICT DO NOTHING";
  let Waiting {
    id,
    parent,
    orchestrator,
    asked,
    order,
  } = waiting;
  if connection.execute(insert, params![id, parent, orchestrator, asked, order])? == 1 {
    sums::change(connection, sums::WAITING, sums::waiting(waiting))?;
  }
  Ok(())
}

fn forget_waiting(connection: &Connection, id: &str) -> rusqlite::Result<()> {
  let delete = "DELETE FROM waiting WHERE name = ? RETURNING name, parent, orchestrator, asked, body";
  let mut statement = connection.prepare_cached(delete)?;
  match statement.query_row([id], read_waiting).optional()? {
    Some(waiting) => sums::change(connection, sums::WAITING, sums::waiting(&waiting)),
    None => Ok(()),
  }
}

pub(super) fn select_waiting(connection: &Connection) -> rusqlite::Result<Vec<Waiting>> {
  let select = "SELECT name, parent, orchestrator, asked, body FROM waiting ORDER BY id";
  let mut statement = connection.prepare_cached(select)?;
  let rows = statement.query_map([], read_waiting)?;
  rows.collect()
}

fn read_waiting(row: &Row) -> rusqlite::Result<Waiting> {
  Ok(Waiting {
    id: row.get(0)?,
    parent: row.get(1)?,
    orchestrator: row.get(2)?,
    asked: row.get(3)?,
    order: row.get(4)?,
  })
}

/// Keys and states.
pub(super) fn select_breakers(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
  let mut statement = connection.prepare_cached("SELECT key, state FROM breakers ORDER BY key")?;
  let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
  rows.collect()
}

/// The last record of a run, and the one before, the last one first.
pub(super) fn last_records<E>(
  connection: &Connection,
  run: &Run,
  failed: impl Fn(rusqlite::Error) -> E,
  mut take: impl FnMut(&Row) -> Result<Record, E>,
) -> Result<Vec<Record>, E> {
  let select = "SELECT seq, at, body, blob, chain FROM records WHERE run = ? ORDER BY seq DESC LIMIT 2";
  let mut statement = connection.prepare_cached(select).map_err(&failed)?;
  let mut rows = statement.query([run.id]).map_err(&failed)?;
  let mut records = Vec::new();
  while let Some(row) = rows.next().map_err(&failed)? {
    records.push(take(row)?);
  }
  Ok(records)
}

/// A run as it was found.
pub(super) struct Run {
  pub(super) id: i64,
  pub(super) header: RunHeader,
  /// The number of its last record.
  pub(super) last: Option<u64>,
  /// The link of its last record, or of the header.
  pub(super) head: Vec<u8>,
}

pub(super) fn find_run(connection: &Connection, name: &str) -> rusqlite::Result<Option<Run>> {
  let mut statement = connection.prepare_cached(&format!("{SELECT_RUNS} WHERE name = ?"))?;
  let found = statement.query_row([name], |row| {
    Ok(Run {
      id: row.get(8)?,
      header: read_header(row)?,
      last: row.get::<_, Option<i64>>(9)?.map(i64::cast_unsigned),
      head: bytes(row, 10)?,
    })
  });
  found.optional()
}

/// Where a run's next record goes.
pub(super) struct Tail {
  pub(super) run: i64,
  /// The number of the last record.
  pub(super) last: Option<u64>,
  /// The link of the last record, or of the header.
  pub(super) head: Vec<u8>,
}

pub(super) fn find_tail(connection: &Connection, name: &str) -> rusqlite::Result<Option<Tail>> {
  let mut statement = connection.prepare_cached("SELECT id, last, head FROM runs WHERE name = ?")?;
  let found = statement.query_row([name], |row| {
    Ok(Tail {
      run: row.get(0)?,
      last: row.get::<_, Option<i64>>(1)?.map(i64::cast_unsigned),
      head: bytes(row, 2)?,
    })
  });
  found.optional()
}

fn read_header(row: &Row) -> rusqlite::Result<RunHeader> {
  Ok(RunHeader {
    id: row.get(0)?,
    program: row.get(1)?,
    orchestrator: row.get(2)?,
    digest: row.get(3)?,
    started: row.get(4)?,
    tracker: row.get(5)?,
    parent: row.get(6)?,
    key: row.get(7)?,
  })
}

/// The modules of a run, with the hash that they had.
pub(super) fn find_bundle(connection: &Connection, run: &str) -> rusqlite::Result<Option<(Vec<u8>, Vec<u8>)>> {
  let select = "SELECT modules, hash FROM bundles JOIN runs ON bundle = bundles.id WHERE name = ?";
  let found = connection.query_row(select, [run], |row| Ok((bytes(row, 0)?, bytes(row, 1)?)));
  found.optional()
}

/// A text that a flipped bit has made no text is read nonetheless: its hash tells.
fn bytes(row: &Row, column: usize) -> rusqlite::Result<Vec<u8>> {
  Ok(row.get_ref(column)?.as_bytes()?.to_vec())
}

/// Writes records, each with its digest and its link, after the last one.
pub(super) fn insert_records(
  connection: &Connection,
  run: i64,
  records: &[(&Entry, Hash, Hash)],
) -> rusqlite::Result<()> {
  let insert = "INSERT INTO records (run, seq, at, body, blob, chain) VALUES (?, ?, ?, ?, ?, ?)";
  let mut statement = connection.prepare_cached(insert)?;
  for (entry, digest, link) in records {
    let (body, blob) = match is_large(entry) {
      true => (None, Some(digest.as_bytes())),
      false => (Some(&entry.body), None),
    };
    statement.execute(params![run, number(entry)?, entry.at, body, blob, link.as_bytes()])?;
  }
  if let Some((entry, _, link)) = records.last() {
    let mut statement = connection.prepare_cached("UPDATE runs SET last = ?, head = ? WHERE id = ?")?;
    statement.execute(params![number(entry)?, link.as_bytes(), run])?;
  }
  Ok(())
}

fn number(entry: &Entry) -> rusqlite::Result<i64> {
  i64::try_from(entry.seq).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Does it to every record of the run from this number on, in order.
pub(super) fn each_record<E>(
  connection: &Connection,
  run: &Run,
  first: u64,
  failed: impl Fn(rusqlite::Error) -> E,
  mut take: impl FnMut(&Row) -> Result<(), E>,
) -> Result<(), E> {
  let select = "SELECT seq, at, body, blob, chain FROM records WHERE run = ? AND seq >= ? ORDER BY seq";
  let mut statement = connection.prepare_cached(select).map_err(&failed)?;
  let mut rows = statement.query(params![run.id, first.cast_signed()]).map_err(&failed)?;
  while let Some(row) = rows.next().map_err(&failed)? {
    take(row)?;
  }
  Ok(())
}

/// The first record of a run.
pub(super) fn read_first<E>(
  connection: &Connection,
  run: &Run,
  failed: impl Fn(rusqlite::Error) -> E,
  read: impl FnOnce(&Row) -> Result<Record, E>,
) -> Result<Option<Record>, E> {
  let select = "SELECT seq, at, body, blob, chain FROM records WHERE run = ? ORDER BY seq LIMIT 1";
  let mut statement = connection.prepare_cached(select).map_err(&failed)?;
  let mut rows = statement.query([run.id]).map_err(&failed)?;
  rows.next().map_err(&failed)?.map(read).transpose()
}

/// The link of the record before the one with this number.
pub(super) fn find_link(connection: &Connection, run: i64, seq: u64) -> rusqlite::Result<Option<Vec<u8>>> {
  let select = "SELECT chain FROM records WHERE run = ? AND seq < ? ORDER BY seq DESC LIMIT 1";
  let mut statement = connection.prepare_cached(select)?;
  let found = statement.query_row(params![run, seq.cast_signed()], |row| bytes(row, 0));
  found.optional()
}

/// The number of a record, in the first column.
pub(super) fn seq(row: &Row) -> rusqlite::Result<u64> {
  row.get::<_, i64>(0).map(i64::cast_unsigned)
}

/// A record as it was found.
pub(super) struct Record {
  pub(super) entry: Entry,
  /// The digest of the body.
  body: Hash,
  pub(super) link: Hash,
}

impl Record {
  /// # Errors
  /// The reason, as the rest of a sentence: what is there can't be what was written.
  pub(super) fn read(row: &Row, blobs: &Blobs) -> Result<Self, String> {
    let failed = |error: rusqlite::Error| error.to_string();
    let hash = |column| {
      let bytes = bytes(row, column).map_err(failed)?;
      Hash::from_slice(&bytes).map_err(|error| error.to_string())
    };
    let body = match row.get_ref(3).map_err(failed)? {
      ValueRef::Null => String::from_utf8(bytes(row, 2).map_err(failed)?).map_err(|_| "it is no text")?,
      _ => blobs.read(&hash(3)?)?,
    };
    Ok(Self {
      body: blake3::hash(body.as_bytes()),
      entry: Entry {
        seq: seq(row).map_err(failed)?,
        at: row.get(1).map_err(failed)?,
        body,
      },
      link: hash(4)?,
    })
  }

  /// Whether it is what was written after the record with this link.
  pub(super) fn follows(&self, before: &Hash) -> bool {
    chain::next(before, &self.entry, &self.body) == self.link
  }
}
