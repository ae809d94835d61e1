//! `uses ["solve.py"]`: the files that are part of what a worker is. They were read with the module.

use super::names::Body;
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::UsedFile,
  syntax::ast::{Expr, ExprKind, ListPart, Setting, SettingKind},
};

impl Body<'_, '_> {
  pub(super) fn uses(&mut self, settings: &[Setting]) -> Vec<UsedFile> {
    let written = settings.iter().find_map(|setting| match &setting.kind {
      SettingKind::Uses(files) => Some(files),
      _ => None,
    });
    let Some(files) = written else { return Vec::new() };
    let paths: Option<Vec<&Expr>> = match &files.kind {
      ExprKind::List(parts) => parts.iter().map(path).collect(),
      ExprKind::Broken => return Vec::new(),
      _ => None,
    };
    let Some(paths) = paths else {
      let finding = Diagnostic::new(&codes::BAD_SETTING, "`uses` takes a list of plain texts")
        .label(files.span, "can't be read before the run")
        .help("write `uses [\"tools/solve.py\"]`; paths are relative to this file");
      self.say(finding);
      return Vec::new();
    };
    let module = &self.checker.loaded.modules[self.module];
    let texts = paths.iter().filter_map(|path| path.plain_text());
    let used = texts.filter_map(|path| {
      let digest = module.uses.get(path).copied().flatten()?;
      Some(UsedFile {
        path: path.into(),
        digest,
      })
    });
    used.collect()
  }
}

fn path(part: &ListPart) -> Option<&Expr> {
  match part {
    ListPart::Item(item) if item.plain_text().is_some() => Some(item),
    _ => None,
  }
}
