//! What a power cut leaves of a disk: what was synced, and of the rest whatever chance wants.

use std::{
  collections::BTreeMap,
  path::{Path, PathBuf},
};

use crate::{
  chance::Chance,
  disk::{Node, Op, apply},
};

/// Bytes that a disk writes at once.
const SECTOR: usize = 512;

/// The content of each file by its path from the disk's root; a directory has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Image(pub BTreeMap<PathBuf, Option<Vec<u8>>>);

/// What became of what was not synced.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
  Nothing,
  All,
  /// Any part of it, in any order.
  Some(u64),
  /// As above, and of each write any part of its sectors.
  Torn(u64),
}

/// What is durable, and what is not yet.
#[derive(Clone, Default)]
pub struct Platter {
  names: BTreeMap<PathBuf, Node>,
  files: BTreeMap<u64, Vec<u8>>,
  /// By file.
  written: BTreeMap<u64, Vec<Op>>,
  named: Vec<Op>,
}

impl Platter {
  /// As a disk numbers its files.
  pub fn new(image: &Image) -> Self {
    let mut platter = Self::default();
    let mut next = 0;
    for (path, content) in &image.0 {
      let node = match content {
        None => Node::Directory,
        Some(bytes) => {
          next += 1;
          platter.files.insert(next, bytes.clone());
          Node::File(next)
        }
      };
      platter.names.insert(path.clone(), node);
    }
    platter
  }

  /// Goes on by what was done next.
  pub fn follow(&mut self, op: &Op) {
    match op {
      Op::Write { file, .. } | Op::SetLength { file, .. } => self.written.entry(*file).or_default().push(op.clone()),
      Op::Sync { file } => self.settle(*file),
      // Nobody writes it any more.
      Op::Lose { file } => drop(self.written.remove(file)),
      Op::Name { .. } | Op::Rename { .. } | Op::Remove { .. } => self.named.push(op.clone()),
      Op::SyncDirectory { path } => {
        let (here, elsewhere) = self.named.drain(..).partition(|op| directory(op) == path);
        self.named = elsewhere;
        let here: Vec<Op> = here;
        here.iter().for_each(|op| rename(&mut self.names, op));
      }
    }
  }

  fn settle(&mut self, file: u64) {
    let content = self.files.entry(file).or_default();
    for op in self.written.remove(&file).unwrap_or_default() {
      apply(&op, content);
    }
  }

  /// What is there after a power cut.
  pub fn cut(&self, outcome: Outcome) -> Image {
    let mut chance = match outcome {
      Outcome::Some(seed) | Outcome::Torn(seed) => Chance::new(seed),
      _ => Chance::new(0),
    };
    let mut names = self.names.clone();
    for op in &self.named {
      if kept(outcome, &mut chance) {
        rename(&mut names, op);
      }
    }
    let mut files = self.files.clone();
    for (file, ops) in &self.written {
      let content = files.entry(*file).or_default();
      for op in ops {
        match outcome {
          _ if !kept(outcome, &mut chance) => {}
          Outcome::Torn(_) => tear(op, &mut chance, content),
          _ => apply(op, content),
        }
      }
    }
    reachable(&names, &files)
  }
}

fn kept(outcome: Outcome, chance: &mut Chance) -> bool {
  match outcome {
    Outcome::Nothing => false,
    Outcome::All => true,
    Outcome::Some(_) | Outcome::Torn(_) => chance.one_in(2),
  }
}

/// Some sectors of a write.
fn tear(op: &Op, chance: &mut Chance, content: &mut Vec<u8>) {
  let Op::Write { file, at, bytes } = op else {
    return apply(op, content);
  };
  let mut from = 0;
  while from < bytes.len() {
    let to = ((at + from) / SECTOR + 1) * SECTOR - at;
    let to = to.min(bytes.len());
    if chance.one_in(2) {
      let part = Op::Write {
        file: *file,
        at: at + from,
        bytes: bytes[from..to].to_vec(),
      };
      apply(&part, content);
    }
    from = to;
  }
}

fn directory(op: &Op) -> &Path {
  let path = match op {
    Op::Name { path, .. } | Op::Remove { path } => path,
    Op::Rename { to, .. } => to,
    _ => return Path::new(""),
  };
  path.parent().unwrap_or(Path::new(""))
}

fn rename(names: &mut BTreeMap<PathBuf, Node>, op: &Op) {
  match op {
    Op::Name { path, node } => drop(names.insert(path.clone(), *node)),
    Op::Remove { path } => drop(names.remove(path)),
    Op::Rename { from, to, node } => {
      names.remove(from);
      names.insert(to.clone(), *node);
    }
    _ => {}
  }
}

/// Without what is in directories that are not there.
fn reachable(names: &BTreeMap<PathBuf, Node>, files: &BTreeMap<u64, Vec<u8>>) -> Image {
  let is_there = |path: &Path| {
    let mut above = path.ancestors().skip(1).take_while(|above| *above != Path::new(""));
    above.all(|above| names.get(above) == Some(&Node::Directory))
  };
  let reached = names.iter().filter(|(path, _)| is_there(path));
  let contents = reached.map(|(path, node)| {
    let content = match node {
      Node::Directory => None,
      Node::File(file) => Some(files.get(file).cloned().unwrap_or_default()),
    };
    (path.clone(), content)
  });
  Image(contents.collect())
}
