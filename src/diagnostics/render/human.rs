//! Findings for people: the one file that knows miette.

use std::fmt::{self, Display, Write};

use miette::{
  GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode,
  SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::{
  Counts,
  excerpt::{Excerpt, Excerpts},
  harmless,
};
use crate::{
  diagnostics::{Diagnostic, Diagnostics, MOST, Standing, Weight},
  source::Sources,
};

/// How findings look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
  pub color: bool,
  /// Boxes and arrows; else plain ASCII.
  pub unicode: bool,
  /// Columns.
  pub width: usize,
}

impl Default for Look {
  fn default() -> Self {
    Self {
      color: false,
      unicode: true,
      width: 100,
    }
  }
}

/// All findings that count in the order given, each ending with an empty line, then a line for each that was lifted, then
/// their counts.
pub fn render(diagnostics: &Diagnostics, sources: &Sources, look: Look) -> String {
  let mut text: String = diagnostics.standing().map(|found| one(found, sources, look)).collect();
  text.extend(
    diagnostics
      .0
      .iter()
      .filter_map(|diagnostic| lifted(diagnostic, sources)),
  );
  if !diagnostics.is_empty() {
    let more = if diagnostics.0.len() >= MOST {
      ", and perhaps more"
    } else {
      ""
    };
    let _ = writeln!(text, "{}{more}", Counts::of(diagnostics));
  }
  text
}

/// One finding, ending with an empty line.
pub fn one(diagnostic: &Diagnostic, sources: &Sources, look: Look) -> String {
  let mut text = String::new();
  let report = Report::new(diagnostic, sources);
  // Writing to a string fails only where a span lies outside of its text, which excerpts rule out.
  if handler(look).render_report(&mut text, &report).is_err() {
    let _ = writeln!(text, "{}: {}", diagnostic.code.name, report.message);
  }
  text.push('\n');
  text
}

/// `main.orch:12:3: worker/retry-unsafe is lifted: the tracker drops doubles`
fn lifted(diagnostic: &Diagnostic, sources: &Sources) -> Option<String> {
  let Standing::Lifted { reason, .. } = &diagnostic.standing else {
    return None;
  };
  let place = diagnostic.span().map_or(String::new(), |span| {
    let source = sources.get(span.source);
    let position = source.position(span.range().start);
    format!("{}:{}:{}: ", source.name, position.line, position.column)
  });
  let line = format!("{place}{} is lifted: {reason}", diagnostic.code.name);
  Some(format!("{}\n", harmless(&line.replace('\n', " "))))
}

fn handler(look: Look) -> GraphicalReportHandler {
  let characters = if look.unicode {
    ThemeCharacters::unicode()
  } else {
    ThemeCharacters::ascii()
  };
  let styles = if look.color {
    ThemeStyles::ansi()
  } else {
    ThemeStyles::none()
  };
  GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
    .with_width(look.width.max(40))
    .with_links(false)
    .without_syntax_highlighting()
    .with_context_lines(1)
    .tab_width(2)
}

/// One finding as miette wants it.
#[derive(Debug)]
struct Report {
  code: String,
  weight: Weight,
  message: String,
  help: Option<String>,
  labels: Vec<LabeledSpan>,
  text: Text,
}

impl Report {
  fn new(diagnostic: &Diagnostic, sources: &Sources) -> Self {
    let excerpts = Excerpts::around(&diagnostic.labels, sources);
    let level = diagnostic.code.level.name();
    let denied = if diagnostic.standing == Standing::Denied {
      ", denied"
    } else {
      ""
    };
    Self {
      code: format!("{} ({level}{denied})", diagnostic.code.name),
      weight: diagnostic.weight(),
      message: harmless(&diagnostic.message),
      help: diagnostic.help.as_deref().map(harmless),
      labels: labels(&excerpts),
      text: Text(excerpts),
    }
  }
}

fn labels(excerpts: &Excerpts) -> Vec<LabeledSpan> {
  let labels = excerpts.marks.iter().enumerate().map(|(index, mark)| {
    let text = Some(mark.text.clone()).filter(|text| !text.is_empty());
    let span = SourceSpan::from((mark.range.start, mark.range.len()));
    if index == 0 {
      LabeledSpan::new_primary_with_span(text, span)
    } else {
      LabeledSpan::new_with_span(text, span)
    }
  });
  labels.collect()
}

impl std::error::Error for Report {}

impl Display for Report {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&self.message)
  }
}

impl miette::Diagnostic for Report {
  fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
    Some(Box::new(&self.code))
  }

  fn severity(&self) -> Option<Severity> {
    Some(match self.weight {
      Weight::Error => Severity::Error,
      Weight::Warning => Severity::Warning,
      Weight::Note => Severity::Advice,
    })
  }

  fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
    let help = self.help.as_ref()?;
    Some(Box::new(help))
  }

  fn source_code(&self) -> Option<&dyn SourceCode> {
    (!self.labels.is_empty()).then_some(&self.text)
  }

  fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
    Some(Box::new(self.labels.iter().cloned()))
  }
}

/// The excerpts one after another, as one text; a span that lies in two of them can't be read, so miette draws each
/// excerpt in a frame of its own.
#[derive(Debug)]
struct Text(Excerpts);

impl Text {
  fn part(&self, span: &SourceSpan) -> Option<&Excerpt> {
    let end = span.offset() + span.len();
    let holds = |part: &&Excerpt| part.offset <= span.offset() && end < part.offset + part.text.len();
    self.0.parts.iter().find(holds)
  }
}

impl SourceCode for Text {
  /// The whole excerpt around the span: what is worth showing was chosen before. Without context lines miette asks
  /// for the place of a label only.
  fn read_span<'a>(
    &'a self,
    span: &SourceSpan,
    before: usize,
    after: usize,
  ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
    let part = self.part(span).ok_or(MietteError::OutOfBounds)?;
    let mark = self.0.marks.iter().find(|mark| mark.range.start == span.offset());
    let (line, column) = match mark {
      Some(mark) if before + after == 0 => (mark.position.line - 1, mark.position.column - 1),
      _ => (part.first_line - 1, 0),
    };
    Ok(Box::new(MietteSpanContents::new_named(
      part.name.clone(),
      part.text.as_bytes(),
      SourceSpan::from((part.offset, part.text.len())),
      line,
      column,
      part.text.matches('\n').count(),
    )))
  }
}
