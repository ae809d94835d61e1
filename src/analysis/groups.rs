//! Named groups of settings: `defaults name { ... }`, and what `...name` brings where it stands. What is written beside
//! it is nearer and wins.

use std::collections::HashMap;

use super::{
  checker::Checker,
  names::Body,
  policies::{Spot, WorkerPolicies, misplaced, word, written},
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  source::Span,
  syntax::ast::{Name, PolicyKind},
};

impl Checker<'_> {
  /// Each group by itself: also one that nothing spreads says what is wrong in it.
  pub fn check_groups(&mut self) {
    for at in 0..self.symbols.groups.len() {
      let declared = self.symbols.groups[at];
      for policy in declared.it {
        if let PolicyKind::Spread(name) = &policy.kind {
          let finding = Diagnostic::new(&codes::MISPLACED_POLICY, "a group spreads no other group")
            .label(name.span, "brings nothing here")
            .help("spread both where they are wanted: `...one, ...other`");
          self.say(finding);
        }
      }
      let mut body = Body::new(self, declared.module);
      body.apply_policies(written(declared.it), Spot::Group, &mut WorkerPolicies::default());
    }
  }
}

impl Body<'_, '_> {
  /// Applies the groups that are spread among these policies.
  pub(super) fn spread_groups(&mut self, policies: &[(&PolicyKind, Span)], spot: Spot, onto: &mut WorkerPolicies) {
    if spot == Spot::Group {
      return;
    }
    let mut brought: HashMap<&'static str, Span> = HashMap::new();
    for (kind, span) in policies {
      if let PolicyKind::Spread(name) = kind {
        self.spread_group(name, *span, spot, onto, &mut brought);
      }
    }
  }

  fn spread_group(
    &mut self,
    name: &Name,
    span: Span,
    spot: Spot,
    onto: &mut WorkerPolicies,
    brought: &mut HashMap<&'static str, Span>,
  ) {
    let targets = self
      .checker
      .resolve(self.module, Space::Group, name, "group of settings");
    let [Target::Group(at)] = targets[..] else { return };
    let declared = self.checker.symbols.groups[at];
    for (kind, place) in written(declared.it) {
      let word = word(kind);
      if let Some((word, right)) = word.and_then(|word| Some((word, misplaced(word, spot)?))) {
        let finding = Diagnostic::new(
          &codes::MISPLACED_POLICY,
          format!("`...{}` brings `{word}`, which can't stand here", name.value),
        )
        .label(span, "applies to nothing here")
        .label(place, "in the group")
        .help(format!("`{word}` stands on {right}"));
        self.say(finding);
        continue;
      }
      if let Some(word) = word.filter(|word| *word != "limit")
        && let Some(first) = brought.insert(word, span)
      {
        let finding = Diagnostic::new(&codes::DUPLICATE, format!("two groups bring `{word}`"))
          .label(span, "the second")
          .label(first, "the first");
        self.say(finding);
      }
      // its names are those of its own module
      let mut there = Body::new(self.checker, declared.module);
      there.apply_policy(kind, place, spot, onto);
      if let (PolicyKind::StopWhen(_), Some(stop)) = (kind, &mut onto.stop) {
        stop.group = Some(declared.module);
      }
    }
  }
}
