//! What is kept comes back as it was, and nothing that leads elsewhere is kept.

use std::{
  fs::{self, Permissions},
  os::unix::{fs::PermissionsExt, fs::symlink, net::UnixListener},
  path::{Path, PathBuf},
};

use super::*;
use crate::value::Manifest;

struct Bench {
  root: tempfile::TempDir,
  depot: Depot,
}

impl Bench {
  fn new() -> Self {
    let root = tempfile::tempdir().expect("a directory");
    let depot = Depot::new(root.path().join(".orch"));
    Self { root, depot }
  }

  fn path(&self, below: &str) -> PathBuf {
    self.root.path().join(below)
  }

  fn write(&self, below: &str, text: &str) {
    let path = self.path(below);
    fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
    fs::write(path, text).expect("a file");
  }

  fn keep(&self, kind: StoredKind, below: &str) -> Result<Stored, String> {
    let kept = self.depot.keep(kind, &self.path(below), Path::new(below), &[]);
    kept.map_err(|error| error.to_string())
  }

  fn blobs(&self) -> usize {
    fs::read_dir(self.path(".orch/files")).map_or(0, Iterator::count)
  }
}

/// Read-only directories are no place for `tempfile` to clean up.
impl Drop for Bench {
  fn drop(&mut self) {
    remove_tree(self.root.path());
  }
}

fn mode(path: &Path) -> u32 {
  fs::symlink_metadata(path).expect("metadata").permissions().mode() & 0o777
}

#[test]
fn a_file_is_kept_once_and_copied_read_only() {
  let bench = Bench::new();
  bench.write("a/x y.csv", "1,2\n");
  bench.write("b.csv", "1,2\n");
  let stored = bench.keep(StoredKind::File, "a/x y.csv").expect("it is kept");
  assert_eq!((stored.name(), stored.size), ("x y.csv", 4));
  assert_eq!(bench.keep(StoredKind::File, "b.csv").as_ref(), Ok(&stored));
  assert_eq!(bench.blobs(), 1, "one content, no unfinished file");
  assert_eq!(mode(&bench.depot.path(&stored)), 0o400);
  let copy = bench.path("copy");
  bench.depot.place(&stored, &copy).expect("it is placed");
  assert_eq!(
    (fs::read_to_string(&copy).expect("a text"), mode(&copy)),
    ("1,2\n".into(), 0o444)
  );
  fs::set_permissions(&copy, Permissions::from_mode(0o644)).expect("a mode");
  fs::write(&copy, "other").expect("written");
  assert_eq!(fs::read_to_string(bench.depot.path(&stored)).expect("a text"), "1,2\n");
}

#[test]
fn a_directory_comes_back_with_modes_links_and_empty_directories() {
  let bench = Bench::new();
  bench.write("src/main.sh", "#!/bin/sh\n");
  bench.write("src/deep/er/text", "t");
  fs::create_dir(bench.path("src/empty")).expect("a directory");
  symlink("../main.sh", bench.path("src/deep/link")).expect("a link");
  fs::set_permissions(bench.path("src/main.sh"), Permissions::from_mode(0o755)).expect("a mode");
  let stored = bench.keep(StoredKind::Dir, "src").expect("it is kept");
  assert_eq!((stored.name(), stored.size), ("src", 11));
  let copy = bench.path("copy");
  bench.depot.place(&stored, &copy).expect("it is placed");
  assert_eq!(bench.keep(StoredKind::Dir, "copy").as_ref(), Ok(&stored));
  assert_eq!(mode(&copy.join("main.sh")), 0o555);
  assert_eq!(mode(&copy.join("deep/er/text")), 0o444);
  assert_eq!(mode(&copy.join("deep")), 0o555);
  assert!(copy.join("empty").is_dir());
  assert_eq!(
    fs::read_to_string(copy.join("deep/link")).expect("a text"),
    "#!/bin/sh\n"
  );
  let laid = bench.depot.show(&stored).expect("it is laid out");
  assert_eq!(bench.depot.show(&stored).as_ref(), Ok(&laid));
  assert_eq!(fs::read_to_string(laid.join("deep/er/text")).expect("a text"), "t");
}

#[test]
fn one_that_was_changed_is_another() {
  let bench = Bench::new();
  bench.write("d/a", "1");
  let before = bench.keep(StoredKind::Dir, "d").expect("it is kept");
  fs::set_permissions(bench.path("d/a"), Permissions::from_mode(0o755)).expect("a mode");
  assert_ne!(bench.keep(StoredKind::Dir, "d").as_ref(), Ok(&before));
}

#[test]
fn the_store_and_what_is_left_out_are_no_part_of_a_directory() {
  let bench = Bench::new();
  bench.write("a", "1");
  bench.write("given/0/b", "2");
  let without = [fs::canonicalize(bench.path("given")).expect("a path")];
  let kept = bench
    .depot
    .keep(StoredKind::Dir, bench.root.path(), Path::new("."), &without)
    .expect("it is kept");
  let again = bench
    .depot
    .keep(StoredKind::Dir, bench.root.path(), Path::new("."), &without)
    .expect("it is kept");
  assert_eq!((kept.size, &kept), (1, &again), "though the store has grown");
}

#[test]
fn what_cannot_be_kept_is_named_with_the_reason() {
  let bench = Bench::new();
  bench.write("plain", "");
  bench.write("out/text", "");
  symlink("/etc/passwd", bench.path("out/passwd")).expect("a link");
  fs::create_dir(bench.path("sock")).expect("a directory");
  let _socket = UnixListener::bind(bench.path("sock/s")).expect("a socket");
  nix::unistd::mkfifo(&bench.path("fifo"), nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
  fs::File::create(bench.path("large"))
    .and_then(|file| file.set_len(LARGEST_FILE + 1))
    .expect("a hole");
  let (file, dir) = (StoredKind::File, StoredKind::Dir);
  for (kind, path, expected) in [
    (file, "gone", "there is no file `gone`"),
    (dir, "gone", "there is no directory `gone`"),
    (file, "plain/x", "the file `plain/x` can't be read: not a directory"),
    (file, "out", "`out` is a directory, not a file"),
    (dir, "plain", "`plain` is not a directory"),
    (
      dir,
      "out",
      "`out/passwd` is a link that leads outside, to `/etc/passwd`",
    ),
    (file, "fifo", "`fifo` is no regular file"),
    (
      dir,
      "sock",
      "the file `sock/s` can't be read: no such device or address",
    ),
    (file, "large", "`large` is larger than 1 GiB"),
  ] {
    assert_eq!(bench.keep(kind, path), Err(expected.to_owned()), "{path}");
  }
  assert_eq!(bench.blobs(), 0, "nothing is left of it");
}

#[test]
fn what_was_changed_in_the_store_is_found() {
  let bench = Bench::new();
  bench.write("d/a", "1");
  let (file, dir) = (
    bench.keep(StoredKind::File, "d/a").expect("it is kept"),
    bench.keep(StoredKind::Dir, "d").expect("it is kept"),
  );
  let blob = bench.depot.path(&file);
  fs::set_permissions(&blob, Permissions::from_mode(0o600)).expect("a mode");
  fs::write(&blob, "2").expect("written");
  for (stored, at) in [(&file, "one"), (&dir, "two")] {
    let error = bench.depot.place(stored, &bench.path(at)).expect_err("it was changed");
    assert!(
      error.ends_with("is not what was stored there: it was changed"),
      "{error}"
    );
  }
  fs::remove_file(&blob).expect("removed");
  let error = bench.depot.place(&file, &bench.path("three")).expect_err("it is gone");
  assert!(error.starts_with("`a` is not in the store `"), "{error}");
}

#[test]
fn a_file_that_looks_like_a_manifest_is_no_directory() {
  let bench = Bench::new();
  bench.write("forged", &Manifest::default().to_text());
  let file = bench.keep(StoredKind::File, "forged").expect("it is kept");
  let forged = Stored::new(StoredKind::Dir, file.digest, 0, "d");
  let error = bench
    .depot
    .place(&forged, &bench.path("at"))
    .expect_err("it is no directory");
  assert!(error.ends_with("is not the directory that was stored there"), "{error}");
}
