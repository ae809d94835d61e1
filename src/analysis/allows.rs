//! `allow CODE "reason"`: which findings it lifts from its declaration, and when it is wrong itself.

use std::{
  collections::{BTreeMap, HashSet},
  sync::Arc,
};

use super::{checker::Checker, mends};
use crate::{
  diagnostics::{Code, Diagnostic, Fix, Level, Standing, codes, near},
  modules::Loaded,
  source::{SourceId, Span},
  syntax::ast::Allow,
};

/// One that may lift something.
struct Lift {
  code: &'static Code,
  reason: Arc<str>,
  /// The `allow` itself.
  place: Span,
}

/// All of a program, by their declarations.
#[derive(Default)]
pub struct Allows {
  /// By file and where the declaration begins; with where it ends. Declarations do not overlap.
  items: BTreeMap<(SourceId, u32), (u32, Vec<Lift>)>,
  used: HashSet<Span>,
}

impl Allows {
  /// Those that are right; `said` hears of the others.
  pub fn collect(loaded: &Loaded, mut said: impl FnMut(Diagnostic)) -> Self {
    let mut allows = Self::default();
    for item in loaded.modules.iter().flat_map(|module| &module.ast.items) {
      let mut lifts = Vec::new();
      for allow in &item.allows {
        match lift(allow) {
          Ok(lift) => lifts.push(lift),
          Err(finding) => said(finding),
        }
        if allow.reason.value.trim().is_empty() {
          said(no_reason(allow));
        }
      }
      if !lifts.is_empty() {
        let key = (item.span.source, item.span.start);
        allows.items.insert(key, (item.span.end, lifts));
      }
    }
    allows
  }

  /// Lifts a finding whose main place lies in a declaration with an `allow` for its code.
  pub fn lift(&mut self, finding: &mut Diagnostic) {
    let Some(span) = finding.span() else { return };
    let before = self.items.range(..=(span.source, span.start)).next_back();
    let Some(((source, _), (end, lifts))) = before else {
      return;
    };
    if *source != span.source || span.end > *end {
      return;
    }
    if let Some(lift) = lifts.iter().find(|lift| lift.code == finding.code) {
      self.used.insert(lift.place);
      finding.standing = Standing::Lifted {
        reason: lift.reason.clone(),
        place: lift.place,
      };
    }
  }

  /// What was lifted elsewhere: under a profile.
  pub fn also_used(&mut self, findings: &[Diagnostic]) {
    self
      .used
      .extend(findings.iter().filter_map(|finding| match finding.standing {
        Standing::Lifted { place, .. } => Some(place),
        _ => None,
      }));
  }
}

fn lift(allow: &Allow) -> Result<Lift, Diagnostic> {
  let name = &allow.code;
  let Some(code) = codes::find(&name.value) else {
    let message = format!("there is no code `{}`", name.value);
    let finding = Diagnostic::new(&codes::UNKNOWN_CODE, message).label(name.span, "not a code");
    return Err(match near(&name.value, codes::ALL.iter().map(|code| code.name)) {
      Some(near) => finding.meant(name.span, near),
      None => finding.help("`orch explain` lists them"),
    });
  };
  if code.level == Level::Critical {
    let message = format!("`{}` is critical, and can't be lifted", code.name);
    let finding = Diagnostic::new(&codes::ALLOW_CRITICAL, message).label(name.span, "nothing lifts this");
    return Err(finding.help("mend what it says: such a program has no meaning or no bound"));
  }
  Ok(Lift {
    code,
    reason: allow.reason.value.trim().into(),
    place: allow.span,
  })
}

fn no_reason(allow: &Allow) -> Diagnostic {
  Diagnostic::new(
    &codes::NO_REASON,
    format!("`allow {}` gives no reason", allow.code.value),
  )
  .label(allow.reason.span, "why is it right here?")
  .help("the reason stands in every report: say what makes it harmless")
}

impl Checker<'_> {
  /// Says `allow`s of the root module that lift nothing. Of other modules, what is found may differ from root to root.
  pub fn unused_allows(&mut self) {
    let Some(root) = self.loaded.modules.first() else {
      return;
    };
    let text = &self.loaded.sources.get(root.source).text;
    let lifts = self
      .allows
      .items
      .iter()
      .filter(|((source, _), _)| *source == root.source);
    let unused = lifts
      .flat_map(|(_, (_, lifts))| lifts)
      .filter(|lift| !self.allows.used.contains(&lift.place));
    let finding = |lift: &Lift| {
      Diagnostic::new(&codes::UNUSED_ALLOW, format!("nothing here is `{}`", lift.code.name))
        .label(lift.place, "lifts nothing")
        .help("take it away")
        .fix(Fix::delete(mends::lines(text, lift.place)))
    };
    let found: Vec<Diagnostic> = unused.map(finding).collect();
    found.into_iter().for_each(|finding| self.findings.push(finding));
  }
}
