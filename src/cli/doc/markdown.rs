//! The page as Markdown, with pictures as Mermaid.

use std::fmt::Write;

use super::{Entry, Page};
use crate::graph::mermaid;

pub fn render(page: &Page) -> String {
  let mut text = format!("# {}\n", page.title);
  if let Some(doc) = &page.doc {
    let _ = write!(text, "\n{}\n", doc.trim());
  }
  for (title, entries) in &page.sections {
    let _ = write!(text, "\n## {title}\n");
    entries.iter().for_each(|each| text += &entry(each));
  }
  text
}

fn entry(entry: &Entry) -> String {
  let mut text = format!("\n### {}\n\n```\n{}\n```\n", entry.name, entry.signature);
  if let Some(doc) = &entry.doc {
    let _ = write!(text, "\n{}\n", doc.trim());
  }
  if !entry.facts.is_empty() {
    let _ = write!(text, "\n{}\n", entry.facts.join(" "));
  }
  if !entry.fields.is_empty() {
    text += "\n| parameter | type | default |\n|---|---|---|\n";
    for (name, ty, default) in &entry.fields {
      let default = default.as_deref().map_or("required".to_owned(), cell);
      let _ = writeln!(text, "| {} | {} | {default} |", cell(name), cell(ty));
    }
  }
  if let Some(graph) = &entry.picture {
    let _ = write!(text, "\n```mermaid\n{}```\n", mermaid::render(graph));
  }
  text
}

/// Code within a table, which no bar may end.
fn cell(text: &str) -> String {
  let fence = if text.contains('`') { "``" } else { "`" };
  let space = if text.contains('`') { " " } else { "" };
  format!("{fence}{space}{}{space}{fence}", text.replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
  use super::cell;

  #[test]
  fn a_type_with_bars_stays_in_its_cell() {
    assert_eq!(cell(r#""a" | "b""#), r#"`"a" \| "b"`"#);
    assert_eq!(cell("`"), "`` ` ``");
  }
}
