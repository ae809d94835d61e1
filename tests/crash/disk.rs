//! A disk in memory that keeps what was done to it, so that a power cut can be played at any point. Knows nothing of
//! SQLite and of what is in a file.

use std::{
  collections::{BTreeMap, BTreeSet},
  io::{self, ErrorKind},
  path::{Path, PathBuf},
  sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
  },
};

use orch::journal::Disk;

use crate::{image::Image, vfs};

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
  Directory,
  /// The number of its content.
  File(u64),
}

/// Something that was done to the disk, and nothing else is durable for.
#[derive(Clone, Debug)]
pub enum Op {
  Write {
    file: u64,
    at: usize,
    bytes: Vec<u8>,
  },
  SetLength {
    file: u64,
    length: usize,
  },
  Sync {
    file: u64,
  },
  /// A sync that failed: the system has forgotten what was to be synced.
  Lose {
    file: u64,
  },
  Name {
    path: PathBuf,
    node: Node,
  },
  Rename {
    from: PathBuf,
    to: PathBuf,
    node: Node,
  },
  Remove {
    path: PathBuf,
  },
  SyncDirectory {
    path: PathBuf,
  },
}

/// What is about to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
  Read,
  Write,
  SetLength,
  Sync,
  /// Of names.
  Change,
}

/// How it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
  /// `EIO`, and nothing is done; of a sync, that what was written is forgotten.
  Broken,
  /// `ENOSPC`, and nothing is done.
  Full,
  /// `EIO` after one half of it.
  Short,
  /// `EIO` after all of it.
  Late,
}

type Faults = Box<dyn FnMut(Act) -> Option<Fault> + Send>;

#[derive(Default)]
pub struct State {
  pub names: BTreeMap<PathBuf, Node>,
  pub files: BTreeMap<u64, Vec<u8>>,
  next: u64,
  log: Vec<Op>,
  faults: Option<Faults>,
  /// Faults so far.
  failed: usize,
  pub locks: vfs::Locks,
}

/// Clones are the same disk.
#[derive(Clone)]
pub struct SimulatedDisk {
  /// All paths of the disk begin with it.
  root: PathBuf,
  state: Arc<Mutex<State>>,
  vfs: String,
}

static DISKS: AtomicU64 = AtomicU64::new(0);

impl SimulatedDisk {
  /// A disk on which there is this, durably.
  pub fn new(image: &Image) -> Self {
    let root = PathBuf::from(format!("/disk{}", DISKS.fetch_add(1, Ordering::Relaxed)));
    let mut state = State::default();
    for (path, content) in &image.0 {
      let node = match content {
        None => Node::Directory,
        Some(bytes) => Node::File(state.add(bytes.clone())),
      };
      state.names.insert(root.join(path), node);
    }
    let state = Arc::new(Mutex::new(state));
    let vfs = vfs::mount(&root, &state);
    Self { root, state, vfs }
  }

  /// Where the store is.
  pub fn store(&self) -> PathBuf {
    self.root.join("store")
  }

  fn state(&self) -> MutexGuard<'_, State> {
    self.state.lock().expect("nobody panics with it")
  }

  /// From now on these faults happen.
  pub fn fail(&self, faults: impl FnMut(Act) -> Option<Fault> + Send + 'static) {
    self.state().faults = Some(Box::new(faults));
  }

  /// From now on all is well; how many faults there were.
  pub fn heal(&self) -> usize {
    let mut state = self.state();
    state.faults = None;
    std::mem::take(&mut state.failed)
  }

  /// How much was done so far.
  pub fn done(&self) -> usize {
    self.state().log.len()
  }

  /// All that was done, with paths from the disk's root.
  pub fn log(&self) -> Vec<Op> {
    let short = |path: &PathBuf| path.strip_prefix(&self.root).expect("on this disk").to_owned();
    let state = self.state();
    let ops = state.log.iter().map(|op| match op {
      Op::Name { path, node } => Op::Name {
        path: short(path),
        node: *node,
      },
      Op::Rename { from, to, node } => Op::Rename {
        from: short(from),
        to: short(to),
        node: *node,
      },
      Op::Remove { path } => Op::Remove { path: short(path) },
      Op::SyncDirectory { path } => Op::SyncDirectory { path: short(path) },
      other => other.clone(),
    });
    ops.collect()
  }

  /// What is there now for whoever reads it.
  pub fn image(&self) -> Image {
    let state = self.state();
    let files = state.names.iter().map(|(path, node)| {
      let content = match node {
        Node::Directory => None,
        Node::File(file) => Some(state.files[file].clone()),
      };
      (path.strip_prefix(&self.root).expect("on this disk").to_owned(), content)
    });
    Image(files.collect())
  }
}

impl Drop for SimulatedDisk {
  fn drop(&mut self) {
    if Arc::strong_count(&self.state) == 2 {
      vfs::unmount(&self.root);
    }
  }
}

impl State {
  fn add(&mut self, bytes: Vec<u8>) -> u64 {
    self.next += 1;
    self.files.insert(self.next, bytes);
    self.next
  }

  /// Asks whether this goes wrong. One that is only late is returned: it is done first.
  fn ask(&mut self, act: Act) -> Option<Fault> {
    let fault = self.faults.as_mut()?(act)?;
    self.failed += 1;
    Some(fault)
  }

  /// Does it, unless it goes wrong.
  fn change(&mut self, act: Act, change: impl FnOnce(&mut Self)) -> io::Result<()> {
    let fault = self.ask(act);
    if matches!(fault, None | Some(Fault::Late)) {
      change(self);
    }
    fault.map_or(Ok(()), |fault| Err(error(fault)))
  }

  pub fn file(&self, path: &Path) -> io::Result<u64> {
    match self.names.get(path) {
      Some(Node::File(file)) => Ok(*file),
      Some(Node::Directory) => Err(ErrorKind::IsADirectory.into()),
      None => Err(ErrorKind::NotFound.into()),
    }
  }

  /// Makes an empty file.
  pub fn make(&mut self, path: &Path) -> io::Result<u64> {
    let around = path.parent().unwrap_or(path);
    if around.parent().is_some_and(|above| above != Path::new("/")) && !self.names.contains_key(around) {
      return Err(ErrorKind::NotFound.into());
    }
    let file = self.add(Vec::new());
    self.change(Act::Change, |state| state.name(path, Node::File(file)))?;
    Ok(file)
  }

  fn name(&mut self, path: &Path, node: Node) {
    self.names.insert(path.into(), node);
    self.log.push(Op::Name {
      path: path.into(),
      node,
    });
  }

  pub fn read(&mut self, file: u64) -> io::Result<&[u8]> {
    match self.ask(Act::Read) {
      // A read can't be late.
      Some(_) => Err(error(Fault::Broken)),
      None => Ok(&self.files[&file]),
    }
  }

  pub fn write(&mut self, file: u64, at: usize, bytes: &[u8]) -> io::Result<()> {
    let fault = self.ask(Act::Write);
    let written = match fault {
      None | Some(Fault::Late) => bytes.len(),
      Some(Fault::Short) => bytes.len() / 2,
      Some(Fault::Broken | Fault::Full) => 0,
    };
    let op = Op::Write {
      file,
      at,
      bytes: bytes[..written].to_vec(),
    };
    if written > 0 {
      apply(&op, self.files.entry(file).or_default());
      self.log.push(op);
    }
    fault.map_or(Ok(()), |fault| Err(error(fault)))
  }

  pub fn set_length(&mut self, file: u64, length: usize) -> io::Result<()> {
    self.change(Act::SetLength, |state| {
      let op = Op::SetLength { file, length };
      apply(&op, state.files.entry(file).or_default());
      state.log.push(op);
    })
  }

  pub fn sync(&mut self, file: u64) -> io::Result<()> {
    let fault = self.ask(Act::Sync);
    self.log.push(match fault {
      None | Some(Fault::Late) => Op::Sync { file },
      Some(_) => Op::Lose { file },
    });
    fault.map_or(Ok(()), |fault| Err(error(fault)))
  }

  pub fn sync_directory(&mut self, path: &Path) -> io::Result<()> {
    self.change(Act::Sync, |state| {
      state.log.push(Op::SyncDirectory { path: path.into() })
    })
  }

  pub fn remove(&mut self, path: &Path) -> io::Result<()> {
    self.file(path)?;
    self.change(Act::Change, |state| {
      state.names.remove(path);
      state.log.push(Op::Remove { path: path.into() });
    })
  }
}

/// Does it to the content of a file.
pub fn apply(op: &Op, content: &mut Vec<u8>) {
  match op {
    Op::Write { at, bytes, .. } => {
      let end = at + bytes.len();
      content.resize(content.len().max(end), 0);
      content[*at..end].copy_from_slice(bytes);
    }
    Op::SetLength { length, .. } => content.resize(*length, 0),
    _ => {}
  }
}

fn error(fault: Fault) -> io::Error {
  match fault {
    Fault::Full => ErrorKind::StorageFull.into(),
    _ => io::Error::from_raw_os_error(5),
  }
}

impl Disk for SimulatedDisk {
  fn vfs(&self) -> Option<&str> {
    Some(&self.vfs)
  }

  fn exists(&self, path: &Path) -> bool {
    path == self.root || self.state().names.contains_key(path)
  }

  fn make_directory(&self, path: &Path) -> io::Result<()> {
    let mut state = self.state();
    let above = path.ancestors().take_while(|above| *above != self.root);
    let missing: BTreeSet<&Path> = above.filter(|above| !state.names.contains_key(*above)).collect();
    for path in missing {
      state.change(Act::Change, |state| state.name(path, Node::Directory))?;
    }
    Ok(())
  }

  fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut state = self.state();
    if state.names.contains_key(path) {
      return Err(ErrorKind::AlreadyExists.into());
    }
    let file = state.make(path)?;
    state.write(file, 0, bytes)?;
    state.sync(file)
  }

  fn renew(&self, path: &Path) -> io::Result<()> {
    let mut state = self.state();
    let file = state.file(path)?;
    let bytes = state.read(file)?.to_vec();
    state.write(file, 0, &bytes)?;
    state.sync(file)
  }

  fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
    let mut state = self.state();
    if state.names.contains_key(to) {
      return Err(ErrorKind::AlreadyExists.into());
    }
    let node = Node::File(state.file(from)?);
    state.change(Act::Change, |state| state.name(to, node))
  }

  fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
    let mut state = self.state();
    let node = Node::File(state.file(from)?);
    state.change(Act::Change, |state| {
      state.names.remove(from);
      state.names.insert(to.into(), node);
      let (from, to) = (from.into(), to.into());
      state.log.push(Op::Rename { from, to, node });
    })
  }

  fn remove(&self, path: &Path) -> io::Result<()> {
    self.state().remove(path)
  }

  fn sync_directory(&self, path: &Path) -> io::Result<()> {
    self.state().sync_directory(path)
  }

  fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
    let mut state = self.state();
    let file = state.file(path)?;
    state.read(file).map(<[u8]>::to_vec)
  }

  fn names(&self, directory: &Path) -> io::Result<Vec<String>> {
    let state = self.state();
    let below = state.names.keys().filter(|path| path.parent() == Some(directory));
    let names = below.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    Ok(names.collect())
  }
}
