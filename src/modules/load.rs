//! Reads modules, the root first and then whatever is imported, each file once.

use std::{
  collections::HashMap,
  path::{Component, Path, PathBuf},
  sync::Arc,
};

use super::{Files, LARGEST, Loaded, LoadedModule, ReadError, cycles, standard};
use crate::{
  diagnostics::{Code, Diagnostic, Fix, codes, near},
  source::{Span, Spanned},
  syntax,
};

/// The largest file that a worker may use, in bytes.
const LARGEST_USED: usize = 64 << 20;

/// Loads the module at `root` and all that it imports.
pub fn load(files: &dyn Files, root: &Path) -> Loaded {
  let mut loader = Loader {
    files,
    loaded: Loaded::default(),
    known: HashMap::new(),
    texts: HashMap::new(),
  };
  if let Err(refusal) = loader.module(root, &root.to_string_lossy()) {
    loader.loaded.diagnostics.push(*refusal.finding);
  }
  let mut at = 0;
  while at < loader.loaded.modules.len() {
    loader.imports(at);
    loader.includes(at);
    loader.uses(at);
    at += 1;
  }
  cycles::cut(&mut loader.loaded);
  loader.loaded
}

struct Loader<'a> {
  files: &'a dyn Files,
  loaded: Loaded,
  /// By canonical path: the module, or why there is none.
  known: HashMap<PathBuf, Result<usize, Refusal>>,
  /// Included texts by canonical path.
  texts: HashMap<PathBuf, Arc<str>>,
}

/// Why a file gives no module: a finding still without a place.
#[derive(Clone)]
struct Refusal {
  finding: Box<Diagnostic>,
  /// The name of the one file there that can have been meant.
  meant: Option<String>,
}

impl Refusal {
  fn new(code: &'static Code, message: String) -> Self {
    Self {
      finding: Box::new(Diagnostic::new(code, message)),
      meant: None,
    }
  }

  /// The finding for a path that is written in a module.
  fn written(self, path: &Spanned<String>, label: &str) -> Diagnostic {
    let finding = self.finding.label(path.span, label);
    let meant = self.meant.map(|name| Path::new(&path.value).with_file_name(name));
    let meant = meant
      .as_deref()
      .and_then(Path::to_str)
      .filter(|path| !path.contains(['"', '\\', '$']));
    match meant {
      Some(meant) => finding.fix(Fix::write(path.span, format!("\"{meant}\""))),
      None => finding,
    }
  }
}

impl Loader<'_> {
  /// Follows the import statements of a module that was read.
  fn imports(&mut self, at: usize) {
    let module = &self.loaded.modules[at];
    let paths: Vec<Spanned<String>> = module.import_statements().map(|import| import.path.clone()).collect();
    let importer = PathBuf::from(&self.loaded.sources.get(module.source).name);
    for path in paths {
      let target = self.import(at, &importer, &path);
      self.loaded.modules[at].imports.push(target);
    }
  }

  fn import(&mut self, at: usize, importer: &Path, path: &Spanned<String>) -> Option<usize> {
    let found = if path.value.starts_with(standard::PREFIX) {
      self.standard(&path.value)
    } else if path.value.is_empty() {
      Err(Refusal::new(&codes::UNREADABLE, "an import without a path".to_owned()))
    } else {
      let name = shown(importer, &path.value);
      let target = self.loaded.modules[at].directory.join(&path.value);
      self.module(&target, &name)
    };
    match found {
      Ok(index) => Some(index),
      Err(refusal) => {
        self.loaded.diagnostics.push(refusal.written(path, "imported here"));
        None
      }
    }
  }

  /// A module that comes with `orch`, added if it was not before.
  fn standard(&mut self, name: &str) -> Result<usize, Refusal> {
    let path = PathBuf::from(name);
    if let Some(known) = self.known.get(&path) {
      return known.clone();
    }
    let Some(text) = self.files.standard(name) else {
      let mut refusal = Refusal::new(&codes::UNREADABLE, format!("there is no standard module `{name}`"));
      refusal.finding.help = Some(standard::instead(name));
      return Err(refusal);
    };
    let added = self.add(&path, &format!("{name}.orch"), &text);
    self.loaded.modules[added].standard = true;
    self.known.insert(path, Ok(added));
    Ok(added)
  }

  /// Reads the texts that a module includes, each file once.
  fn includes(&mut self, at: usize) {
    let module = &self.loaded.modules[at];
    let importer = PathBuf::from(&self.loaded.sources.get(module.source).name);
    for path in module.ast.includes.clone() {
      let target = self.loaded.modules[at].directory.join(&path.value);
      let name = shown(&importer, &path.value);
      let text = match self.included(&target, &name) {
        Ok(text) => Some(text),
        Err(refusal) => {
          self.loaded.diagnostics.push(refusal.written(&path, "included here"));
          None
        }
      };
      self.loaded.modules[at].includes.insert(path.value, text);
    }
  }

  /// Reads the files that a module's workers use; they are known by what is in them.
  fn uses(&mut self, at: usize) {
    let module = &self.loaded.modules[at];
    let importer = PathBuf::from(&self.loaded.sources.get(module.source).name);
    let paths: Vec<Spanned<String>> = module.used_paths().collect();
    for path in paths {
      let target = self.loaded.modules[at].directory.join(&path.value);
      let name = shown(&importer, &path.value);
      let digest = match self.used(&target, &name) {
        Ok(digest) => {
          self.loaded.used.insert(name, digest);
          Some(digest)
        }
        Err(refusal) => {
          let finding = refusal.finding.label(path.span, "used here");
          self.loaded.diagnostics.push(finding);
          None
        }
      };
      self.loaded.modules[at].uses.insert(path.value, digest);
    }
  }

  fn used(&self, path: &Path, name: &str) -> Result<[u8; 32], Refusal> {
    let canonical = self.files.canonicalize(path);
    let digest = canonical.and_then(|canonical| self.files.digest(&canonical, LARGEST_USED));
    let digest = digest.map_err(|error| self.unreadable(path, name, &error))?;
    digest.ok_or_else(|| {
      let message = format!("can't read `{name}`: it is larger than 64 MiB");
      Refusal::new(&codes::UNREADABLE, message)
    })
  }

  /// The text of a file, as a file of the program.
  fn included(&mut self, path: &Path, name: &str) -> Result<Arc<str>, Refusal> {
    let canonical = self.files.canonicalize(path);
    let canonical = canonical.map_err(|error| self.unreadable(path, name, &error))?;
    if let Some(text) = self.texts.get(&canonical) {
      return Ok(text.clone());
    }
    let text = self.read(&canonical, name)?;
    let text: Arc<str> = text
      .strip_prefix('\u{feff}')
      .unwrap_or(&text)
      .replace("\r\n", "\n")
      .into();
    self.loaded.sources.add(name, &canonical, text.clone());
    self.texts.insert(canonical, text.clone());
    Ok(text)
  }

  /// The module at `path`, read if it was not before; `name` is the path as the user knows it.
  fn module(&mut self, path: &Path, name: &str) -> Result<usize, Refusal> {
    let canonical = self.files.canonicalize(path);
    let canonical = canonical.map_err(|error| self.unreadable(path, name, &error))?;
    if let Some(known) = self.known.get(&canonical) {
      return known.clone();
    }
    let found = self
      .read(&canonical, name)
      .map(|text| self.add(&canonical, name, &text));
    self.known.insert(canonical, found.clone());
    found
  }

  fn read(&self, path: &Path, name: &str) -> Result<String, Refusal> {
    let bytes = self.files.read(path, LARGEST + 1);
    let bytes = bytes.map_err(|error| self.unreadable(path, name, &error))?;
    if bytes.len() > LARGEST {
      return Err(Refusal::new(
        &codes::TOO_LARGE,
        format!("`{name}` is larger than 1 MiB"),
      ));
    }
    String::from_utf8(bytes).map_err(|error| {
      let valid = error.utf8_error().valid_up_to();
      let line = 1 + error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count();
      let message = format!("`{name}` is not UTF-8 text: line {line}, byte {valid} of the file");
      Refusal::new(&codes::NOT_UTF8, message)
    })
  }

  fn unreadable(&self, path: &Path, name: &str, error: &ReadError) -> Refusal {
    let mut refusal = Refusal::new(&codes::UNREADABLE, format!("can't read `{name}`: {error}"));
    if *error == ReadError::Missing
      && let Some(wanted) = path.file_name()
    {
      let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
      let names = self.files.names(directory.unwrap_or(Path::new(".")));
      if let Some(near) = near(&wanted.to_string_lossy(), names.iter().map(String::as_str)) {
        refusal.finding.help = Some(format!("there is `{}` in that directory", near.name));
        refusal.meant = near.only.then(|| near.name.to_owned());
      }
    }
    refusal
  }

  fn add(&mut self, canonical: &Path, name: &str, text: &str) -> usize {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let source = self.loaded.sources.add(name, canonical, text);
    let (ast, found) = syntax::parse(source, text);
    if ast.items.is_empty() && found.is_empty() {
      let finding = Diagnostic::new(&codes::EMPTY, format!("`{name}` declares nothing"));
      self.loaded.diagnostics.push(finding.label(Span::new(source, 0, 0), ""));
    }
    self.loaded.diagnostics.extend(found);
    self.loaded.modules.push(LoadedModule {
      source,
      directory: canonical.parent().unwrap_or(canonical).to_path_buf(),
      ast,
      imports: Vec::new(),
      includes: HashMap::new(),
      standard: false,
      uses: HashMap::new(),
    });
    self.loaded.modules.len() - 1
  }
}

/// The imported file as the user would write it from where they stand: the importing file's path, followed.
pub(super) fn shown(importer: &Path, import: &str) -> String {
  let joined = importer.parent().unwrap_or(Path::new("")).join(import);
  let mut path = PathBuf::new();
  for part in joined.components() {
    match part {
      Component::CurDir => {}
      Component::ParentDir if matches!(path.components().next_back(), Some(Component::Normal(_))) => {
        path.pop();
      }
      other => path.push(other),
    }
  }
  path.to_string_lossy().into_owned()
}

/// The path that an import in `directory` needs to reach the file at `target`, both canonical: `./a.orch`,
/// `../b/c.orch`. `None` where no text can say it.
pub fn relative(directory: &Path, target: &Path) -> Option<String> {
  let (from, to): (Vec<Component>, Vec<Component>) = (directory.components().collect(), target.components().collect());
  let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
  let up = std::iter::repeat_n("..", from.len() - shared).map(Some);
  let down = to[shared..].iter().map(|part| part.as_os_str().to_str());
  let here = (from.len() == shared).then_some(Some("."));
  let parts: Option<Vec<&str>> = here.into_iter().chain(up).chain(down).collect();
  parts.map(|parts| parts.join("/"))
}
