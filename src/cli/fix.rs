//! `orch check --fix`: makes the edits that findings carry, checks again, and writes what came out best.

use std::{
  collections::{BTreeMap, HashSet},
  path::{Path, PathBuf},
};

use super::{files, report::Report};
use crate::{
  diagnostics::{Diagnostic, Fix, Level, apart, apply, codes},
  modules::{Files, Overlay},
  session::Disk,
};

/// How often all fixes that fit together are made at once: one may show what another mends.
const ROUNDS: usize = 20;
/// How many fixes are tried alone, where together they made things worse.
const TRIES: usize = 100;

/// Texts by canonical path, without byte order marks.
type Texts = BTreeMap<PathBuf, String>;

/// What is found of programs if files hold certain texts, judged as it counts.
pub type Found<'a> = dyn Fn(&dyn Files) -> Result<Report, String> + 'a;

/// The programs to mend.
struct Job<'a> {
  found: &'a Found<'a>,
}

/// A program as some fixes leave it.
struct Draft {
  texts: Texts,
  report: Report,
  /// What was done, a line for each fix, by the name of its file.
  done: Vec<(String, String)>,
}

/// How bad the findings are, the worst first. Text that does not parse comes before all else, since what it holds is
/// not looked at.
type Badness = [usize; 5];

impl Draft {
  fn badness(&self) -> Badness {
    let mut badness = [0; 5];
    for finding in self.report.findings().filter(|finding| finding.standing.holds()) {
      let parsed = !finding.code.name.starts_with("syntax/") && finding.code != &codes::UNKNOWN_EXPORT;
      badness[match finding.code.level {
        Level::Critical if !parsed => 0,
        Level::Critical => 1,
        Level::High => 2,
        Level::Medium => 3,
        Level::Low => 4,
      }] += 1;
    }
    badness
  }

  /// The findings that can be mended, with their fixes: those that count, in files that are somebody's own.
  fn fixes(&self) -> Vec<(&Diagnostic, &Fix)> {
    let own = |fix: &Fix| {
      let mut edits = fix.edits.iter();
      edits.all(|edit| self.report.sources.get(edit.span.source).path.is_absolute())
    };
    let found = self.report.findings().filter(|finding| finding.standing.holds());
    let fixes = found.filter_map(|finding| Some((finding, finding.fix.as_deref()?)));
    fixes.filter(|(_, fix)| own(fix)).collect()
  }
}

impl Job<'_> {
  fn draft(&self, texts: Texts, done: Vec<(String, String)>) -> Result<Draft, String> {
    let report = (self.found)(&Overlay::new(&Disk, &texts))?;
    Ok(Draft { texts, report, done })
  }

  /// The draft after fixes that do not meet.
  fn after(&self, draft: &Draft, made: &[(&Diagnostic, &Fix)]) -> Result<Draft, String> {
    let mut texts = draft.texts.clone();
    for (id, source) in draft.report.sources.iter() {
      let edits = made.iter().flat_map(|(_, fix)| &fix.edits);
      let edits: Vec<_> = edits.filter(|edit| edit.span.source == id).collect();
      if !edits.is_empty() {
        texts.insert(source.path.clone(), apply(&source.text, edits));
      }
    }
    let mut done = draft.done.clone();
    done.extend(made.iter().map(|(finding, fix)| line(&draft.report, finding, fix)));
    self.draft(texts, done)
  }

  /// Makes all that fits together, and again, as long as something comes of it. Gives the best draft on the way.
  fn together(&self, start: Draft) -> Result<Draft, String> {
    let mut seen = HashSet::from([start.texts.clone()]);
    let mut here = start;
    let mut best: Option<Draft> = None;
    for _ in 0..ROUNDS {
      let fixes = here.fixes();
      let chosen = apart(fixes.iter().map(|(_, fix)| *fix));
      let made: Vec<_> = fixes
        .into_iter()
        .filter(|(_, fix)| chosen.iter().any(|chosen| std::ptr::eq(*chosen, *fix)))
        .collect();
      if made.is_empty() {
        break;
      }
      let next = self.after(&here, &made)?;
      let before = std::mem::replace(&mut here, next);
      if best.as_ref().is_none_or(|best| before.badness() <= best.badness()) {
        best = Some(before);
      }
      if !seen.insert(here.texts.clone()) {
        break;
      }
    }
    Ok(match best {
      Some(best) if best.badness() < here.badness() => best,
      _ => here,
    })
  }

  /// Makes one fix after the other, those that make nothing worse.
  fn one_by_one(&self, mut best: Draft) -> Result<Draft, String> {
    let mut tried: HashSet<String> = HashSet::new();
    for _ in 0..TRIES {
      let fixes = best.fixes();
      let next = fixes.iter().find(|(finding, fix)| {
        let (file, line) = line(&best.report, finding, fix);
        tried.insert(format!("{file} {line}"))
      });
      let Some(next) = next else { break };
      let draft = self.after(&best, &[*next])?;
      if draft.badness() <= best.badness() {
        best = draft;
      }
    }
    Ok(best)
  }
}

/// The file's name, and `5:19 name/unknown-field: write `title``.
fn line(report: &Report, finding: &Diagnostic, fix: &Fix) -> (String, String) {
  let place = finding.span().map(|span| {
    let source = report.sources.get(span.source);
    let position = source.position(span.range().start);
    (source.name.clone(), format!("{}:{} ", position.line, position.column))
  });
  let (file, place) = place.unwrap_or_default();
  (file, format!("{place}{}: {}", finding.code.name, fix.title))
}

/// Mends what can be mended and writes it. Gives what was done, for people to read.
///
/// # Errors
/// A text that says which file can't be written, or what programs lack that the command line names.
pub fn mend(found: &Found<'_>) -> Result<String, String> {
  let job = Job { found };
  let start = job.draft(Texts::new(), Vec::new())?;
  let before: BTreeMap<PathBuf, String> = texts(&start.report);
  let best = job.one_by_one(job.together(start)?)?;
  let changed = best
    .texts
    .iter()
    .filter(|(path, text)| before.get(*path) != Some(*text));
  write(&changed.collect::<Vec<_>>(), &before)?;
  Ok(said(&best.done))
}

fn texts(report: &Report) -> BTreeMap<PathBuf, String> {
  let texts = report.sources.iter();
  texts
    .map(|(_, source)| (source.path.clone(), source.text.to_string()))
    .collect()
}

/// Writes all files, or none of them if one can't be written.
fn write(changed: &[(&PathBuf, &String)], before: &Texts) -> Result<(), String> {
  let mut ready: Vec<(&Path, Vec<u8>)> = Vec::new();
  for (path, text) in changed {
    let said = |error: &dyn std::fmt::Display| format!("can't write `{}`: {error}\n", path.display());
    files::writable(path).map_err(|error| said(&error))?;
    let bytes = files::read(path).map_err(|error| said(&error))?;
    let known = before.get(*path).map_or("", String::as_str);
    let mark = bytes.strip_suffix(known.as_bytes());
    let mark = mark.filter(|mark| mark.is_empty() || *mark == b"\xef\xbb\xbf");
    let mark = mark.ok_or_else(|| said(&"it was changed meanwhile"))?;
    ready.push((path, [mark, text.as_bytes()].concat()));
  }
  for (path, bytes) in ready {
    files::replace(path, &bytes).map_err(|error| format!("can't write `{}`: {error}\n", path.display()))?;
  }
  Ok(())
}

/// A heading for each file, with a line for each fix.
fn said(done: &[(String, String)]) -> String {
  let mut by_file: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
  for (file, line) in done {
    by_file.entry(file).or_default().push(line);
  }
  if by_file.is_empty() {
    return "nothing that a machine can mend\n".to_owned();
  }
  let part = |(file, lines): (&str, Vec<&str>)| format!("{file}: {} mended\n  {}\n", lines.len(), lines.join("\n  "));
  by_file.into_iter().map(part).collect()
}
