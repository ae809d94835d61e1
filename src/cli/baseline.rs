//! Findings that an old code base had when it adopted `orch check`: written to a file, and known by it later.

use std::{
  collections::BTreeMap,
  path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{files, report::Report};
use crate::{
  diagnostics::{Diagnostic, Level, Standing},
  modules::relative,
  source::{Source, Sources},
};

/// The form that this version reads and writes.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
  version: u32,
  findings: Vec<Entry>,
}

/// Findings of one kind at lines that read the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
  /// From the directory of the baseline, with `/`.
  file: String,
  code: String,
  message: String,
  /// Of the lines that the finding marks, without blanks around them, and of its sentence; so it survives other lines.
  fingerprint: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
  file: String,
  code: String,
  message: String,
  fingerprint: String,
  count: usize,
}

/// A baseline and where its file stands.
pub struct Baseline {
  directory: PathBuf,
  counts: BTreeMap<Key, usize>,
}

impl Baseline {
  /// Reads a baseline.
  ///
  /// # Errors
  /// A text that says what is wrong with the file.
  pub fn read(path: &Path) -> Result<Self, String> {
    let shown = path.display();
    let bytes = files::read(path).map_err(|error| format!("can't read the baseline `{shown}`: {error}\n"))?;
    let written: Written = serde_json::from_slice(&bytes)
      .map_err(|error| format!("`{shown}` is no baseline: {error}\n`--write-baseline {shown}` writes a new one\n"))?;
    if written.version != VERSION {
      return Err(format!(
        "the baseline `{shown}` has version {}, this orch reads version {VERSION}\n",
        written.version
      ));
    }
    let mut counts = BTreeMap::new();
    for entry in written.findings {
      let key = Key {
        file: entry.file,
        code: entry.code,
        message: entry.message,
        fingerprint: entry.fingerprint,
      };
      *counts.entry(key).or_default() += entry.count;
    }
    let directory = files::directory(path).map_err(|error| format!("can't read the baseline `{shown}`: {error}\n"))?;
    Ok(Self { directory, counts })
  }

  /// What a report says now, but for what can't be known.
  fn of(report: &Report, directory: PathBuf) -> Self {
    let mut baseline = Self {
      directory,
      counts: BTreeMap::new(),
    };
    for finding in report.findings().filter(|finding| may_be_known(finding)) {
      let key = baseline.key(finding, &report.sources);
      *baseline.counts.entry(key).or_default() += 1;
    }
    baseline
  }

  fn key(&self, finding: &Diagnostic, sources: &Sources) -> Key {
    let (file, lines) = match finding.span() {
      None => (String::new(), String::new()),
      Some(span) => {
        let source = sources.get(span.source);
        let (first, last) = (
          source.line_number(span.range().start),
          source.line_number(span.range().end),
        );
        let lines = (first..=last).map(|line| source.text[source.line_range(line)].trim());
        (self.name(source), lines.collect::<Vec<_>>().join("\n"))
      }
    };
    let hash = blake3::hash(format!("{}\n{lines}", finding.message).as_bytes());
    Key {
      file,
      code: finding.code.name.to_owned(),
      message: finding.message.clone(),
      fingerprint: hash.to_hex()[..16].to_owned(),
    }
  }

  fn name(&self, source: &Source) -> String {
    let path = source
      .path
      .is_absolute()
      .then(|| relative(&self.directory, &source.path));
    let path = path.flatten().unwrap_or_else(|| source.name.clone());
    path.strip_prefix("./").unwrap_or(&path).to_owned()
  }

  /// Marks the findings that are known, each entry at most as often as it was written.
  ///
  /// Gives the entries that no longer occur, a line for each: of files that were looked at, and of those that are gone.
  pub fn mark(mut self, report: &mut Report) -> Vec<String> {
    for (sources, finding) in report.findings_mut().filter(|(_, finding)| may_be_known(finding)) {
      let key = self.key(finding, sources);
      if let Some(count) = self.counts.get_mut(&key).filter(|count| **count > 0) {
        *count -= 1;
        finding.standing = Standing::Known;
      }
    }
    let looked_at: Vec<String> = report.sources.iter().map(|(_, source)| self.name(source)).collect();
    let gone = self.counts.iter().filter(|(key, count)| {
      **count > 0 && (looked_at.contains(&key.file) || !files::exists(&self.directory.join(&key.file)))
    });
    gone
      .map(|(key, _)| format!("{}: {}: {}", key.file, key.code, key.message))
      .collect()
  }
}

/// What refuses a program for what it is can't be lived with.
fn may_be_known(finding: &Diagnostic) -> bool {
  finding.standing == Standing::Open && finding.code.level > Level::Critical
}

/// Writes what a report says now.
///
/// # Errors
/// A text that says why the file can't be written.
pub fn write(report: &Report, path: &Path) -> Result<usize, String> {
  let said = |error: std::io::Error| format!("can't write the baseline `{}`: {error}\n", path.display());
  let baseline = Baseline::of(report, files::directory(path).map_err(said)?);
  let findings = baseline.counts.into_iter().map(|(key, count)| Entry {
    file: key.file,
    code: key.code,
    message: key.message,
    fingerprint: key.fingerprint,
    count,
  });
  let written = Written {
    version: VERSION,
    findings: findings.collect(),
  };
  let mut text = serde_json::to_string_pretty(&written).unwrap_or_default();
  text.push('\n');
  files::replace(path, text.as_bytes()).map_err(said)?;
  Ok(written.findings.iter().map(|entry| entry.count).sum())
}
