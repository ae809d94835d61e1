//! The door through which SQLite reaches simulated disks. A file system is registered for each thread, since registered
//! ones count their files without a lock; it finds the disk by the first part of a path.

use std::{
  collections::{BTreeMap, HashMap},
  io::{self, ErrorKind},
  ops::Range,
  path::{Path, PathBuf},
  sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
  },
  time::Duration,
};

use sqlite_vfs::{
  DatabaseHandle, LockKind, OpenAccess, OpenKind, OpenOptions, Vfs,
  wip::{WalIndex, WalIndexLock},
};

use crate::disk::State;

type Shared = Arc<Mutex<State>>;

static DISKS: Mutex<BTreeMap<PathBuf, Shared>> = Mutex::new(BTreeMap::new());
static HANDLES: AtomicU64 = AtomicU64::new(0);
static DOORS: AtomicU64 = AtomicU64::new(0);

thread_local! {
  static DOOR: String = {
    let name = format!("simulated{}", DOORS.fetch_add(1, Ordering::Relaxed));
    sqlite_vfs::register(&name, Door, false).expect("a name of its own");
    name
  };
}

fn disks() -> MutexGuard<'static, BTreeMap<PathBuf, Shared>> {
  DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the file system that has this disk.
pub fn mount(root: &Path, state: &Shared) -> String {
  disks().insert(root.into(), state.clone());
  DOOR.with(String::clone)
}

pub fn unmount(root: &Path) {
  disks().remove(root);
}

fn disk_of(path: &str) -> io::Result<Shared> {
  let root: PathBuf = Path::new(path).components().take(2).collect();
  disks().get(&root).cloned().ok_or_else(|| ErrorKind::NotFound.into())
}

fn locked(state: &Shared) -> MutexGuard<'_, State> {
  state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who holds what, by path and handle.
#[derive(Default)]
pub struct Locks {
  files: HashMap<PathBuf, HashMap<u64, LockKind>>,
  memory: HashMap<PathBuf, Memory>,
}

/// What the connections to one database share.
#[derive(Default)]
struct Memory {
  regions: HashMap<u32, Box<[u8; 32768]>>,
  locks: HashMap<u64, [Option<WalIndexLock>; 8]>,
}

struct Door;

impl Vfs for Door {
  type Handle = Handle;

  fn open(&self, path: &str, options: OpenOptions) -> io::Result<Handle> {
    let is_temporary = matches!(
      options.kind,
      OpenKind::TempDb | OpenKind::TempJournal | OpenKind::TransientDb | OpenKind::SubJournal
    );
    let disk = match is_temporary {
      true => Arc::new(Mutex::new(State::default())),
      false => disk_of(path)?,
    };
    let mut state = locked(&disk);
    let found = state.file(Path::new(path));
    let is_new = found.is_err();
    let file = match (found, options.access) {
      (Ok(_), OpenAccess::CreateNew) => return Err(ErrorKind::AlreadyExists.into()),
      (Ok(file), _) => file,
      (Err(_), OpenAccess::Create | OpenAccess::CreateNew) => state.make(Path::new(path))?,
      (Err(error), _) => return Err(error),
    };
    drop(state);
    Ok(Handle {
      disk,
      path: path.into(),
      file,
      id: HANDLES.fetch_add(1, Ordering::Relaxed),
      // As SQLite's own file system does.
      unsynced_name: is_new && !is_temporary,
    })
  }

  fn delete(&self, path: &str) -> io::Result<()> {
    match disk_of(path) {
      Ok(disk) => locked(&disk).remove(Path::new(path)),
      Err(_) => Ok(()),
    }
  }

  fn exists(&self, path: &str) -> io::Result<bool> {
    // SQLite takes an empty file for none.
    let disk = disk_of(path)?;
    let state = locked(&disk);
    Ok(
      state
        .file(Path::new(path))
        .is_ok_and(|file| !state.files[&file].is_empty()),
    )
  }

  fn temporary_name(&self) -> String {
    format!("/temporary/{}", HANDLES.fetch_add(1, Ordering::Relaxed))
  }

  fn random(&self, buffer: &mut [i8]) {
    buffer.fill(7);
  }

  fn sleep(&self, duration: Duration) -> Duration {
    duration
  }
}

/// An open file.
pub struct Handle {
  disk: Shared,
  path: PathBuf,
  file: u64,
  id: u64,
  /// The first sync is one of the directory too.
  unsynced_name: bool,
}

impl DatabaseHandle for Handle {
  type WalIndex = Index;

  fn size(&self) -> io::Result<u64> {
    Ok(locked(&self.disk).files[&self.file].len() as u64)
  }

  fn read_exact_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    let mut state = locked(&self.disk);
    let content = state.read(self.file)?;
    let from = content.len().min(offset as usize);
    let to = content.len().min(offset as usize + buffer.len());
    let (read, missing) = buffer.split_at_mut(to - from);
    read.copy_from_slice(&content[from..to]);
    missing.fill(0);
    match missing.is_empty() {
      true => Ok(()),
      false => Err(ErrorKind::UnexpectedEof.into()),
    }
  }

  fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
    let written = locked(&self.disk).write(self.file, offset as usize, bytes);
    written.map_err(|error| match error.kind() {
      // What this door makes `SQLITE_FULL` of.
      ErrorKind::StorageFull => ErrorKind::WriteZero.into(),
      _ => error,
    })
  }

  fn sync(&mut self, _: bool) -> io::Result<()> {
    let mut state = locked(&self.disk);
    state.sync(self.file)?;
    if std::mem::take(&mut self.unsynced_name) {
      let around = self.path.parent().unwrap_or(&self.path);
      // SQLite's own file system does not look whether it went well either.
      drop(state.sync_directory(around));
    }
    Ok(())
  }

  fn set_len(&mut self, length: u64) -> io::Result<()> {
    locked(&self.disk).set_length(self.file, length as usize)
  }

  fn lock(&mut self, lock: LockKind) -> io::Result<bool> {
    let mut state = locked(&self.disk);
    let holders = state.locks.files.entry(self.path.clone()).or_default();
    let own = holders.get(&self.id).copied().unwrap_or(LockKind::None);
    let others = || holders.iter().filter(|(id, _)| **id != self.id).map(|(_, lock)| *lock);
    let is_free = lock <= own
      || match lock {
        LockKind::None => true,
        LockKind::Shared => others().all(|other| other < LockKind::Pending),
        LockKind::Reserved | LockKind::Pending => others().all(|other| other < LockKind::Reserved),
        LockKind::Exclusive => others().all(|other| other == LockKind::None),
      };
    if is_free {
      holders.insert(self.id, lock);
    }
    Ok(is_free)
  }

  fn reserved(&mut self) -> io::Result<bool> {
    let state = locked(&self.disk);
    let holders = state.locks.files.get(&self.path);
    Ok(holders.is_some_and(|holders| holders.values().any(|lock| *lock >= LockKind::Reserved)))
  }

  fn current_lock(&self) -> io::Result<LockKind> {
    let state = locked(&self.disk);
    let own = state
      .locks
      .files
      .get(&self.path)
      .and_then(|holders| holders.get(&self.id));
    Ok(own.copied().unwrap_or(LockKind::None))
  }

  fn wal_index(&self, _: bool) -> io::Result<Index> {
    Ok(Index {
      disk: self.disk.clone(),
      path: self.path.clone(),
      id: self.id,
    })
  }
}

impl Drop for Handle {
  fn drop(&mut self) {
    if let Some(holders) = locked(&self.disk).locks.files.get_mut(&self.path) {
      holders.remove(&self.id);
    }
  }
}

/// The shared memory of a connection.
pub struct Index {
  disk: Shared,
  path: PathBuf,
  id: u64,
}

impl Index {
  fn memory<T>(&self, change: impl FnOnce(&mut Memory) -> T) -> T {
    let mut state = locked(&self.disk);
    change(state.locks.memory.entry(self.path.clone()).or_default())
  }
}

impl WalIndex for Index {
  fn map(&mut self, region: u32) -> io::Result<[u8; 32768]> {
    Ok(self.memory(|memory| {
      memory.locks.entry(self.id).or_default();
      **memory.regions.entry(region).or_insert_with(|| Box::new([0; 32768]))
    }))
  }

  fn lock(&mut self, locks: Range<u8>, lock: WalIndexLock) -> io::Result<bool> {
    Ok(self.memory(|memory| {
      let range = usize::from(locks.start)..usize::from(locks.end);
      let mut others = memory.locks.iter().filter(|(id, _)| **id != self.id);
      let is_free = others.all(|(_, held)| {
        held[range.clone()].iter().all(|held| match lock {
          WalIndexLock::None => true,
          WalIndexLock::Shared => *held != Some(WalIndexLock::Exclusive),
          WalIndexLock::Exclusive => held.is_none(),
        })
      });
      if is_free {
        let held = Some(lock).filter(|lock| *lock != WalIndexLock::None);
        memory.locks.entry(self.id).or_default()[range].fill(held);
      }
      is_free
    }))
  }

  fn delete(self) -> io::Result<()> {
    Ok(())
  }

  fn pull(&mut self, region: u32, data: &mut [u8; 32768]) -> io::Result<()> {
    self.memory(|memory| {
      if let Some(there) = memory.regions.get(&region) {
        data.copy_from_slice(&**there);
      }
    });
    Ok(())
  }

  fn push(&mut self, region: u32, data: &[u8; 32768]) -> io::Result<()> {
    self.memory(|memory| drop(memory.regions.insert(region, Box::new(*data))));
    Ok(())
  }
}

impl Drop for Index {
  fn drop(&mut self) {
    let mut state = locked(&self.disk);
    if let Some(memory) = state.locks.memory.get_mut(&self.path) {
      memory.locks.remove(&self.id);
      if memory.locks.is_empty() {
        state.locks.memory.remove(&self.path);
      }
    }
  }
}
