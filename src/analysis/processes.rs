//! The settings of workers that run a process: what is started, where, with which input, and how it is read.

use std::sync::Arc;

use super::{names::Body, signatures::Signed};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, Cwd, Expr, FieldPart, LocalId, Param, Process, ProcessProgram, Stdin},
  source::{Span, Spanned},
  syntax::ast::{self, RecordPart, Setting, SettingKind},
  types::Type,
};

/// Parameters that would change how a shell itself works.
const SHELL_NAMES: &[&str] = &["PATH", "HOME", "LANG", "IFS", "ENV"];

impl Body<'_, '_> {
  pub fn process_kind(&mut self, kind: &Setting, worker: &ast::Worker, signed: &Signed) -> Process {
    let program = match &kind.kind {
      SettingKind::Exec(argv) => ProcessProgram::Exec(self.argv(argv)),
      SettingKind::Shell(script) => {
        self.shell_params(&signed.params);
        ProcessProgram::Shell(script.value.as_str().into())
      }
      _ => ProcessProgram::Shell("".into()),
    };
    let mut made = Process {
      program,
      stdin: Stdin::Input,
      cwd: Cwd::Module,
      env: Vec::new(),
      expect: Arc::new([0..=0]),
      output: None,
      permit: None,
      stdout: LocalId(u32::MAX),
      stderr: LocalId(u32::MAX),
      exit: LocalId(u32::MAX),
    };
    for setting in &worker.settings {
      match &setting.kind {
        SettingKind::Stdin(ast::Expr {
          kind: ast::ExprKind::Null,
          ..
        }) => made.stdin = Stdin::Nothing,
        SettingKind::Stdin(value) => {
          let value = self.infer(value);
          made.stdin = Stdin::Expr(self.keeps_secrets(value, "`stdin`"));
        }
        SettingKind::Cwd(value) => made.cwd = self.cwd(value),
        SettingKind::Env(parts) => made.env = self.env(parts),
        SettingKind::Expect(codes) => made.expect = self.expect_codes(codes),
        SettingKind::Permit(entries) => made.permit = Some(self.permit(entries, setting.keyword)),
        SettingKind::Output(value) => self.output(value, setting.keyword, signed, &mut made),
        _ => {}
      }
    }
    made
  }

  fn output(&mut self, value: &ast::Expr, keyword: Span, signed: &Signed, made: &mut Process) {
    let name = |word: &str| Spanned::new(word.to_owned(), keyword);
    let output = self.scoped(|inner| {
      made.stdout = inner.bind(&name("stdout"), Type::string(), false);
      made.stderr = inner.bind(&name("stderr"), Type::string(), false);
      made.exit = inner.bind(&name("exit"), Type::int_range(0, 255), false);
      inner.check_boundary(value, &signed.output.with_paths(), "the `output` of the worker")
    });
    made.output = Some(output);
  }

  fn cwd(&mut self, value: &ast::Expr) -> Cwd {
    match &value.kind {
      ast::ExprKind::Name(name) if name == "scratch" && self.find("scratch").is_none() => Cwd::Scratch,
      _ => Cwd::Expr(self.check(value, &Type::string(), "`cwd`")),
    }
  }

  /// The argument vector: scalars, and lists of them spliced in.
  fn argv(&mut self, value: &ast::Expr) -> Expr {
    let ast::ExprKind::List(parts) = &value.kind else {
      let list = self.infer(value);
      if matches!(value.kind, ast::ExprKind::String(_)) {
        self.say(
          Diagnostic::new(&codes::BAD_OPERAND, "`exec` takes a list")
            .label(value.span, format!("this is `{}`", list.ty))
            .help("write `exec [\"program\", \"argument\"]`; a whole command line is `shell \"\"\"...\"\"\"`"),
        );
        return super::expressions::broken(value.span);
      }
      let item = self.item_type(&list, "`exec` takes");
      self.scalars(&item, list.span);
      return list;
    };
    let mut lowered = Vec::new();
    for part in parts {
      match part {
        ast::ListPart::Item(value) => lowered.push(hir::ElementPart::Item(self.scalar(value, "an argument of `exec`"))),
        ast::ListPart::Spread(value) => {
          let list = self.infer(value);
          let item = self.item_type(&list, "`...` takes");
          self.scalars(&item, list.span);
          lowered.push(hir::ElementPart::Spread(list));
        }
      }
    }
    if lowered.is_empty() {
      self.say(Diagnostic::new(&codes::BAD_SETTING, "`exec` names no program").label(value.span, "empty"));
    }
    Expr {
      kind: hir::ExprKind::List(lowered),
      ty: Type::list(Type::string()),
      span: value.span,
    }
  }

  fn scalars(&mut self, item: &Type, span: Span) {
    if !item.is_scalar() {
      let finding = Diagnostic::new(
        &codes::BAD_OPERAND,
        "the arguments of `exec` are numbers, strings and booleans",
      )
      .label(span, format!("its items are `{item}`"));
      self.say(finding);
    }
  }

  fn shell_params(&mut self, params: &[Param]) {
    for param in params {
      let name = &*param.name;
      if SHELL_NAMES.contains(&name) || name.starts_with("ORCH_") || name.starts_with("LD_") {
        let finding = Diagnostic::new(
          &codes::BAD_SETTING,
          format!("`{name}` can't be a parameter of a `shell` worker"),
        )
        .label(param.span, "the shell needs this variable itself")
        .help("give it another name");
        self.say(finding);
      }
    }
  }

  fn env(&mut self, parts: &[RecordPart]) -> Vec<FieldPart> {
    self.given_once(parts);
    let mut lowered = Vec::new();
    for part in parts {
      match part {
        RecordPart::Field { name, value } => {
          self.mark_shorthand(name, value);
          if name.value.starts_with("ORCH_") || name.value.contains(['=', '\0']) || name.value.is_empty() {
            let finding = Diagnostic::new(&codes::BAD_SETTING, format!("`{}` can't be set", name.value))
              .label(name.span, "not a variable of a worker's own");
            self.say(finding);
          }
          let value = self.infer(value);
          if *value.ty.resolved() != Type::Secret && !value.ty.without_null().is_scalar() {
            let finding = Diagnostic::new(
              &codes::BAD_OPERAND,
              "a variable is a number, string, boolean, time or duration",
            )
            .label(value.span, format!("this is `{}`", value.ty))
            .help("`json(x)` makes a text of any value; null leaves the variable out");
            self.say(finding);
          }
          lowered.push(FieldPart::Field(name.value.as_str().into(), value));
        }
        RecordPart::Spread(value) => {
          let value = self.infer(value);
          let fine = match value.ty.resolved() {
            Type::Map(of) => of.without_null().is_scalar(),
            Type::Record(record) => record.fields.values().all(|field| field.ty.without_null().is_scalar()),
            Type::Unknown => true,
            _ => false,
          };
          if !fine {
            let finding = Diagnostic::new(&codes::BAD_OPERAND, "`...` takes a map or record of scalars here")
              .label(value.span, format!("this is `{}`", value.ty));
            self.say(finding);
          }
          lowered.push(FieldPart::Spread(value));
        }
      }
    }
    lowered
  }

  fn expect_codes(&mut self, codes: &[Spanned<ast::ExitCodes>]) -> Arc<[std::ops::RangeInclusive<i32>]> {
    let mut ranges = Vec::new();
    for code in codes {
      let (first, last) = (code.value.first, code.value.last);
      if first < 0 || last > 255 || first > last {
        let finding = Diagnostic::new(&codes::BAD_SETTING, "an exit code is 0 to 255").label(code.span, "never seen");
        self.say(finding);
        continue;
      }
      ranges.push(i32::try_from(first).unwrap_or(0)..=i32::try_from(last).unwrap_or(255));
    }
    ranges.into()
  }
}
