//! What a file is made of: its declarations, what can be folded, where imports lead, what can be run, what types steps
//! have. Knows nothing of other files.

use super::Snapshot;
use crate::{
  analysis::Kind,
  hir::DEFAULT_WINDOW,
  source::{SourceId, Span},
  syntax::ast::{self, ItemKind},
};

/// A declaration, and what is in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
  pub name: String,
  pub kind: Kind,
  /// The whole of it.
  pub span: Span,
  /// Its name.
  pub at: Span,
  pub inside: Vec<Outline>,
}

/// A path that leads to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
  pub span: Span,
  /// The file of the program that it leads to.
  pub to: SourceId,
}

/// What can be done with a declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
  Run,
  Test,
  Graph,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Lens {
  pub span: Span,
  pub command: Command,
  pub name: String,
}

/// A text that stands beside another without being in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
  /// The byte that it stands before.
  pub at: Span,
  pub text: String,
}

/// Types are shown no longer than this.
const LONGEST: usize = 60;

impl Snapshot {
  /// The declarations of a file, in order.
  pub fn outline(&self, source: SourceId) -> Vec<Outline> {
    let items = self.items(source);
    items.filter_map(|item| self.outlined(item)).collect()
  }

  fn items(&self, source: SourceId) -> impl Iterator<Item = &ast::Item> {
    self.module(source).into_iter().flat_map(|module| &module.ast.items)
  }

  fn outlined(&self, item: &ast::Item) -> Option<Outline> {
    let own = |name: &ast::Name, kind, inside| Outline {
      name: name.value.clone(),
      kind,
      span: item.span.to(name.span),
      at: name.span,
      inside,
    };
    if let ItemKind::Test(test) = &item.kind {
      return Some(Outline {
        name: format!("test \"{}\"", test.name.value),
        kind: Kind::Local,
        span: item.span.to(test.name.span),
        at: test.name.span,
        inside: Vec::new(),
      });
    }
    let declared = self
      .marks
      .symbols()
      .find(|symbol| symbol.item == item.span && symbol.kind.is_declared());
    let declared = declared?;
    let name = ast::Name::new(declared.name.clone(), declared.given);
    let inside = match &item.kind {
      ItemKind::Orchestrator(it) => steps(&it.body),
      ItemKind::PatternTemplate(it) => steps(&it.body),
      _ => Vec::new(),
    };
    Some(own(&name, declared.kind, inside))
  }

  /// Pieces of more than one line that can be hidden.
  pub fn folds(&self, source: SourceId) -> Vec<Span> {
    let mut folds: Vec<Span> = self.items(source).map(|item| item.span).collect();
    if let Some(module) = self.module(source) {
      module.ast.blocks(&mut |block| folds.push(block.span));
    }
    folds.sort_unstable();
    folds.dedup();
    folds
  }

  /// What is around a place, the smallest first.
  pub fn around(&self, at: Span) -> Vec<Span> {
    let holds = |span: &Span| span.source == at.source && span.start <= at.start && at.end <= span.end;
    let mut around: Vec<Span> = self.folds(at.source).into_iter().filter(holds).collect();
    around.extend(self.marks.types_around(at));
    around.extend(self.word_at(at).map(|(span, _)| span));
    around.push(Span::new(at.source, 0, self.source(at.source).text.len()));
    around.sort_unstable_by_key(|span| (span.end - span.start, span.start));
    around.dedup();
    let mut nested: Vec<Span> = Vec::new();
    for span in around {
      if nested
        .last()
        .is_none_or(|last| span.start <= last.start && last.end <= span.end)
      {
        nested.push(span);
      }
    }
    nested
  }

  /// The paths of imports.
  pub fn links(&self, source: SourceId) -> Vec<Link> {
    let Some(module) = self.module(source) else {
      return Vec::new();
    };
    let all = module.import_statements().zip(&module.imports);
    let links = all.filter_map(|(import, target)| {
      Some(Link {
        span: import.path.span,
        to: self.loaded.modules[(*target)?].source,
      })
    });
    links.collect()
  }

  /// What can be run, tested and drawn.
  pub fn lenses(&self, source: SourceId) -> Vec<Lens> {
    let mut lenses = Vec::new();
    for item in self.items(source) {
      let mut add = |command, name: &ast::Name| {
        lenses.push(Lens {
          span: name.span,
          command,
          name: name.value.clone(),
        });
      };
      match &item.kind {
        ItemKind::Orchestrator(it) => {
          add(Command::Run, &it.name);
          add(Command::Graph, &it.name);
        }
        ItemKind::Test(it) => add(Command::Test, &it.name),
        _ => {}
      }
    }
    lenses
  }

  /// The types of steps, and how many run at once where nothing says it.
  pub fn hints(&self, within: Span) -> Vec<Hint> {
    let mut hints = Vec::new();
    let Some(module) = self.module(within.source) else {
      return hints;
    };
    module.ast.blocks(&mut |block| {
      for step in &block.steps {
        let ast::StepKind::Named { name, node } = &step.kind else {
          continue;
        };
        if name.span.start < within.start || within.end < name.span.end {
          continue;
        }
        if let Some(ty) = self.marks.ty(name.span) {
          let mut text = ty.to_string();
          if text.chars().count() > LONGEST {
            text = text.chars().take(LONGEST).chain(['…']).collect();
          }
          hints.push(Hint {
            at: Span::new(name.span.source, name.span.range().end, name.span.range().end),
            text: format!(": {text}"),
          });
        }
        if let ast::NodeKind::Each(each) = &node.kind
          && each.seed.is_none()
          && !each
            .with
            .iter()
            .any(|policy| matches!(policy.kind, ast::PolicyKind::Concurrent(_)))
        {
          let end = each.items.span.range().end;
          hints.push(Hint {
            at: Span::new(name.span.source, end, end),
            text: format!(" with concurrent {DEFAULT_WINDOW}"),
          });
        }
      }
    });
    hints
  }
}

fn steps(block: &ast::Block) -> Vec<Outline> {
  let mut all = Vec::new();
  for step in &block.steps {
    match &step.kind {
      ast::StepKind::Named { name, .. } => all.push(Outline {
        name: name.value.clone(),
        kind: Kind::Local,
        span: step.span.to(name.span),
        at: name.span,
        inside: Vec::new(),
      }),
      ast::StepKind::Stage { name, body } => all.push(Outline {
        name: name.value.clone(),
        kind: Kind::Local,
        span: step.span.to(name.span),
        at: name.span,
        inside: steps(body),
      }),
      _ => {}
    }
  }
  all
}
