//! The page as one HTML file: nothing in it is loaded from anywhere, and whatever a module says stands in it as text.

use std::{collections::HashMap, fmt::Write};

use super::{Entry, Page};
use crate::cli::page::{html, picture};

pub fn render(page: &Page) -> String {
  let mut text = html::head_of(&page.title);
  let _ = writeln!(text, "<h1>{}</h1>", html::safe(&page.title));
  text += &paragraphs(page.doc.as_deref());
  for (title, entries) in &page.sections {
    let _ = writeln!(text, "<h2>{title}</h2>");
    entries.iter().for_each(|each| text += &entry(each));
  }
  text + "</body>\n</html>\n"
}

/// An empty line begins another one; what is indented stays as it is.
fn paragraphs(doc: Option<&str>) -> String {
  let paragraphs = doc.unwrap_or_default().split("\n\n");
  let paragraphs = paragraphs.filter(|paragraph| !paragraph.trim().is_empty());
  let each = |paragraph: &str| match paragraph.lines().all(|line| line.starts_with("    ")) {
    true => format!("<pre>{}</pre>\n", html::safe(paragraph)),
    false => format!("<p>{}</p>\n", html::safe(paragraph.trim())),
  };
  paragraphs.map(each).collect()
}

fn entry(entry: &Entry) -> String {
  let mut text = format!(
    "<h3>{}</h3>\n<pre>{}</pre>\n",
    html::safe(&entry.name),
    html::safe(&entry.signature)
  );
  text += &paragraphs(entry.doc.as_deref());
  if !entry.facts.is_empty() {
    let facts = entry.facts.join(" ").replace('`', "");
    let _ = writeln!(text, "<p class=\"soft\">{}</p>", html::safe(&facts));
  }
  if !entry.fields.is_empty() {
    text += "<table><tr><th>parameter</th><th>type</th><th>default</th></tr>\n";
    for (name, ty, default) in &entry.fields {
      let default = default.as_deref().map_or("required".to_owned(), code);
      let _ = writeln!(
        text,
        "<tr><td>{}</td><td>{}</td><td>{default}</td></tr>",
        code(name),
        code(ty)
      );
    }
    text += "</table>\n";
  }
  if let Some(graph) = &entry.picture {
    let _ = writeln!(text, "{}", picture::draw_graph(graph, &HashMap::new()));
  }
  text
}

fn code(text: &str) -> String {
  format!("<code>{}</code>", html::safe(text))
}
