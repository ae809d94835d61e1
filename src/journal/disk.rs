//! The disk below the store: the few operations on files that it does itself, and the name of the system through which
//! SQLite does the rest. Knows nothing of what is in a file.

use std::{
  fs::{self, DirBuilder, File, OpenOptions},
  io::{self, Read, Write},
  os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
  path::Path,
};

/// What a store needs of a disk. A name is durable once its directory was synced.
pub trait Disk: Send + Sync {
  /// The file system that SQLite is to use, as it was registered; `None` is its own.
  fn vfs(&self) -> Option<&str> {
    None
  }

  fn exists(&self, path: &Path) -> bool;

  /// Makes a directory, and those around it that are missing; only this user can read them.
  ///
  /// # Errors
  /// It can't be made.
  fn make_directory(&self, path: &Path) -> io::Result<()>;

  /// Writes a new file that only this user can read, and syncs what is in it.
  ///
  /// # Errors
  /// There is one of this name already, or it can't be written.
  fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

  /// Writes what a file holds in its place once more, and syncs it: the system may have forgotten to. Nobody else may
  /// write to it meanwhile.
  ///
  /// # Errors
  /// It is not there, or it can't be written.
  fn renew(&self, path: &Path) -> io::Result<()>;

  /// Gives a file a second name.
  ///
  /// # Errors
  /// There is a file of this name already, or it can't be done.
  fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

  /// Gives a file another name, in place of a file that has it.
  ///
  /// # Errors
  /// It can't be done.
  fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

  /// # Errors
  /// It is not there, or it can't be removed.
  fn remove(&self, path: &Path) -> io::Result<()>;

  /// Makes the names in a directory durable.
  ///
  /// # Errors
  /// They may not be.
  fn sync_directory(&self, path: &Path) -> io::Result<()>;

  /// # Errors
  /// It is not there, or it can't be read.
  fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

  /// The names in a directory, in no order.
  ///
  /// # Errors
  /// It is not there, or it can't be read.
  fn names(&self, directory: &Path) -> io::Result<Vec<String>>;
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
  fn exists(&self, path: &Path) -> bool {
    path.exists()
  }

  fn make_directory(&self, path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
  }

  fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
  }

  fn renew(&self, path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let mut bytes = Vec::new();
    (&file).read_to_end(&mut bytes)?;
    file.write_all_at(&bytes, 0)?;
    file.sync_all()
  }

  fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
      // of a disk that has no second names
      Err(error) if error.kind() == io::ErrorKind::PermissionDenied && !to.exists() => fs::rename(from, to),
      other => other,
    }
  }

  fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
  }

  fn remove(&self, path: &Path) -> io::Result<()> {
    fs::remove_file(path)
  }

  fn sync_directory(&self, path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
  }

  fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
  }

  fn names(&self, directory: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(directory)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
  }
}
