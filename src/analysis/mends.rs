//! Edits for what analysis finds, where more changes than one word: lists with commas, literals, imports.

use super::{checker::Checker, symbols::Space, type_exprs::BUILTIN};
use crate::{
  diagnostics::{Diagnostic, Fix, Near, near},
  modules::{Loaded, relative},
  source::Span,
  syntax::ast::{ItemKind, TypeExpr, TypeExprKind},
  types::Type,
  value::parse_duration,
};

/// Says which text was probably meant by the string literal at `span`.
pub fn text(finding: Diagnostic, span: Span, near: Near<'_>) -> Diagnostic {
  let finding = finding.help(format!("there is `{:?}`", near.name));
  match quoted(near.name).filter(|_| near.only) {
    Some(text) => finding.fix(Fix::write(span, text)),
    None => finding,
  }
}

/// A word and the number that sticks to it, with the blank between them: `timeout 30s`.
pub fn apart<'w>(name: &str, mut words: impl Iterator<Item = &'w str>) -> Option<String> {
  let number = name.find(|c: char| c.is_ascii_digit())?;
  let (word, number) = name.split_at(number);
  words.any(|known| known == word).then(|| format!("{word} {number}"))
}

/// Says that two words stand as one.
pub fn blank(finding: Diagnostic, span: Span, apart: &str) -> Diagnostic {
  finding.help(format!("write `{apart}`")).fix(Fix::write(span, apart))
}

/// The literal that was meant by one of the wrong type, written as `written`.
pub fn literal(written: &str, span: Span, found: &Type, expected: &Type) -> Option<Fix> {
  let Type::Literal(own) = found.resolved() else {
    return None;
  };
  let quotes = written.len() == own.len() + 2 && written.starts_with('"');
  if !quotes {
    return None;
  }
  let members = expected.without_null().members();
  let literals: Vec<&str> = members.iter().filter_map(literal_text).collect();
  match expected.without_null().resolved() {
    Type::Duration => parse_duration(own).map(|_| Fix::write(span, &**own)),
    Type::Bool(_) => matches!(&**own, "true" | "false").then(|| Fix::write(span, &**own)),
    Type::Int(_) => own.parse::<i64>().ok().map(|value| Fix::write(span, value.to_string())),
    _ if literals.len() == members.len() => {
      let near = near(own, literals).filter(|near| near.only)?;
      quoted(near.name).map(|text| Fix::write(span, text))
    }
    _ => None,
  }
}

fn literal_text(member: &Type) -> Option<&str> {
  match member.resolved() {
    Type::Literal(text) => Some(text),
    _ => None,
  }
}

/// A text in quotes, if it needs no escapes.
fn quoted(text: &str) -> Option<String> {
  let plain = !text.contains(['"', '\\', '$']) && !text.contains(char::is_control);
  plain.then(|| format!("\"{text}\""))
}

/// Whether a field's name stands after a dot and before a colon as it is.
pub fn is_word(name: &str) -> bool {
  let first = name.bytes().next();
  first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl Checker<'_> {
  /// Names that stand for nothing beside others of their kind, or beside texts, are texts without their quotes.
  pub fn texts_in(&mut self, module: usize, members: &[TypeExpr]) {
    let bare = |member: &TypeExpr| match &member.kind {
      TypeExprKind::Name {
        name,
        arguments,
        refine: None,
      } if arguments.is_empty() => {
        let known =
          BUILTIN.contains(&name.value.as_str()) || self.symbols.find(module, Space::Type, &name.value).is_some();
        (!known).then_some(name.span)
      }
      _ => None,
    };
    let texts: Vec<Span> = members.iter().filter_map(bare).collect();
    let written = members
      .iter()
      .any(|member| matches!(member.kind, TypeExprKind::String(_)));
    if written || texts.len() > 1 {
      self.texts.extend(texts);
    }
  }
}

/// Takes one of several things with commas between them away, and its comma.
pub fn without(text: &str, all: &[Span], at: usize) -> Fix {
  let span = all[at];
  if let Some(next) = all.get(at + 1) {
    let between = &text[span.range().end..next.range().start];
    // A comment behind the comma may be about either: it stays.
    let gone = between.find("//").unwrap_or(between.len());
    return Fix::delete(Span::new(span.source, span.range().start, span.range().end + gone));
  }
  let Some(before) = at.checked_sub(1).and_then(|at| all.get(at)) else {
    return Fix::delete(span);
  };
  let between = &text[before.range().end..span.range().start];
  if !between.contains("//") {
    return Fix::delete(Span::new(span.source, before.range().end, span.range().end));
  }
  Fix::delete(span)
}

/// Takes one name of an `after` away; the whole `after` where it is the only one.
pub fn no_after(text: &str, names: &[Span], at: usize) -> Option<Fix> {
  let [only] = names else {
    return Some(without(text, names, at));
  };
  let before = text[..only.range().start].trim_end().strip_suffix("after")?.trim_end();
  Some(Fix::delete(Span::new(only.source, before.len(), only.range().end)))
}

/// The span with the rest of its lines, if nothing else stands on them.
pub fn lines(text: &str, span: Span) -> Span {
  let range = span.range();
  let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
  let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
  let alone = text[start..range.start].trim().is_empty() && text[range.end..end].trim().is_empty();
  if alone {
    Span::new(span.source, start, end)
  } else {
    span
  }
}

/// Takes one name of an import away; the whole import where it is the only one.
pub fn no_import(loaded: &Loaded, module: usize, name: Span) -> Option<Fix> {
  let module = &loaded.modules[module];
  let text = &loaded.sources.get(module.source).text;
  for item in &module.ast.items {
    let ItemKind::Import(import) = &item.kind else { continue };
    let whole = |name: &crate::syntax::ast::ImportedName| match &name.alias {
      Some(alias) => name.name.span.to(alias.span),
      None => name.name.span,
    };
    let all: Vec<Span> = import.names.iter().map(whole).collect();
    let holds = |span: &Span| span.start <= name.start && name.end <= span.end;
    let Some(at) = all.iter().position(holds) else { continue };
    return Some(match all.len() {
      1 => Fix::delete(lines(text, item.span)),
      _ => without(text, &all, at),
    });
  }
  None
}

/// Imports a name that another module of the program declares.
pub fn import(loaded: &Loaded, module: usize, from: usize, name: &str) -> Option<Fix> {
  let importer = &loaded.modules[module];
  let title = format!("import `{name}`");
  let statements = importer.import_statements().zip(&importer.imports);
  let known = statements.filter(|(_, target)| **target == Some(from)).last();
  if let Some(last) = known.and_then(|(import, _)| import.names.last()) {
    let span = last.alias.as_ref().map_or(last.name.span, |alias| alias.span);
    let place = Span::new(span.source, span.range().end, span.range().end);
    return Some(Fix::new(title).edit(place, format!(", {name}")));
  }
  let mut items = importer.ast.items.iter();
  let last = items.rfind(|item| matches!(item.kind, ItemKind::Import(_)))?;
  let target = loaded.sources.get(loaded.modules[from].source);
  let path = match target.path.is_absolute() {
    true => relative(&importer.directory, &target.path)?,
    false if loaded.modules[from].standard => target.path.to_string_lossy().into_owned(),
    false => target.name.clone(),
  };
  let path = quoted(&path)?;
  let place = Span::new(last.span.source, last.span.range().end, last.span.range().end);
  Some(Fix::new(title).edit(place, format!("\nimport {{ {name} }} from {path}")))
}

/// `{ name }` stands for `{ name: name }`: a fix of either half of a short field writes both.
pub fn spell_out(findings: &mut [Diagnostic], short: Span, write: impl Fn(&str) -> String) {
  let fixes = findings.iter_mut().filter_map(|finding| finding.fix.as_mut());
  for fix in fixes {
    for edit in fix.edits.iter_mut().filter(|edit| edit.span == short) {
      edit.text = write(&edit.text);
      fix.title = format!("write `{}`", edit.text);
    }
  }
}

#[cfg(test)]
mod tests {
  use super::*;
  use crate::{diagnostics::apply, source::SourceId};

  fn left(text: &str, names: &[&str], at: usize) -> String {
    let spans = names.iter().map(|name| {
      let start = text.find(name).expect("a name");
      Span::new(SourceId(0), start, start + name.len())
    });
    let spans: Vec<Span> = spans.collect();
    apply(text, &without(text, &spans, at).edits)
  }

  #[test]
  fn commas_go_with_what_they_part() {
    let text = "{ aa, bb as b2, cc }";
    let names = ["aa", "bb as b2", "cc"];
    assert_eq!(left(text, &names, 0), "{ bb as b2, cc }");
    assert_eq!(left(text, &names, 1), "{ aa, cc }");
    assert_eq!(left(text, &names, 2), "{ aa, bb as b2 }");
  }

  #[test]
  fn comments_stay() {
    let text = "{\n  aa, // of a\n  bb, // of b\n  cc // of c\n}";
    let names = ["aa", "bb", "cc"];
    assert_eq!(left(text, &names, 0), "{\n  // of a\n  bb, // of b\n  cc // of c\n}");
    assert_eq!(left(text, &names, 2), "{\n  aa, // of a\n  bb, // of b\n   // of c\n}");
  }

  #[test]
  fn whole_lines_go_where_nothing_else_stands_on_them() {
    let text = "a\n  b c \nd";
    let span = |start, end| Span::new(SourceId(0), start, end);
    assert_eq!(lines(text, span(4, 7)), span(2, 9));
    assert_eq!(lines(text, span(4, 5)), span(4, 5));
    assert_eq!(lines(text, span(9, 10)), span(9, 10));
  }
}
