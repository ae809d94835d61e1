//! Directories that go away for good. Knows nothing of what they were for.

use std::{
  fs::{self, Permissions},
  io,
  os::unix::fs::PermissionsExt,
  path::Path,
};

/// Removes a directory with all that is in it, also what was made read-only, also while something still writes there.
pub fn remove_tree(path: &Path) {
  for _ in 0..3 {
    match fs::remove_dir_all(path) {
      Err(error) if error.kind() == io::ErrorKind::PermissionDenied => open_up(path),
      Err(error) if error.kind() != io::ErrorKind::NotFound => {}
      _ => return,
    }
  }
}

/// Makes every directory below writable for its owner; follows no link.
fn open_up(path: &Path) {
  let _ = fs::set_permissions(path, Permissions::from_mode(0o700));
  let Ok(entries) = fs::read_dir(path) else { return };
  for entry in entries.flatten() {
    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
      open_up(&entry.path());
    }
  }
}
