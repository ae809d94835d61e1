//! Patterns as JSON Schema writes them (ECMA-262, mode `u`): only where both dialects mean the same. Knows nothing of
//! types.

use std::{iter::Peekable, str::Chars};

/// What `\w` stands for, to be put into a class.
const WORD: &str = r"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}";
/// What may be escaped in both dialects, and must be to stand for itself.
const SYNTAX: &str = r"^$\.*+?()[]{}|/";

/// The pattern that finds in ECMA-262 just what this one finds here; `None` where that can't be said so simply: flags,
/// word boundaries, operations on classes, characters beyond the basic plane.
pub fn ecma(pattern: &str) -> Option<String> {
  let mut scan = Scan {
    rest: pattern.chars().peekable(),
    found: String::new(),
    repeatable: false,
  };
  while let Some(c) = scan.rest.next() {
    scan.outside(c)?;
  }
  Some(scan.found)
}

struct Scan<'a> {
  rest: Peekable<Chars<'a>>,
  found: String,
  /// Whether `*` may follow: ECMA-262 repeats neither anchors nor repetitions.
  repeatable: bool,
}

impl Scan<'_> {
  fn outside(&mut self, c: char) -> Option<()> {
    match c {
      '*' | '+' | '?' | '{' => return self.repetition(c),
      '(' => return self.group(),
      '[' => self.class()?,
      '\\' => self.escape(false)?,
      '.' => self.found.push_str(r"[^\n]"),
      ']' | '}' => self.found.extend(['\\', c]),
      c => self.found.push(basic(c)?),
    }
    self.repeatable = !matches!(c, '^' | '$' | '|');
    Some(())
  }

  fn repetition(&mut self, c: char) -> Option<()> {
    if !self.repeatable {
      return None;
    }
    self.repeatable = false;
    self.found.push(c);
    if c == '{' {
      self.count()?;
    }
    self.found.extend(self.rest.next_if_eq(&'?'));
    Some(())
  }

  /// `3}`, `3,}`, `3,4}`
  fn count(&mut self) -> Option<()> {
    let mut count = String::new();
    while let Some(c) = self.rest.next_if(|c| *c != '}') {
      count.push(c);
    }
    self.rest.next()?;
    let (least, most) = count.split_once(',').unwrap_or((&count, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    self.found.push_str(&count);
    self.found.push('}');
    (!least.is_empty() && digits(least) && digits(most)).then_some(())
  }

  /// Names of groups are left out.
  fn group(&mut self) -> Option<()> {
    self.found.push('(');
    self.repeatable = false;
    if self.rest.next_if_eq(&'?').is_none() {
      return Some(());
    }
    self.rest.next_if_eq(&'P');
    match self.rest.next()? {
      ':' => self.found.push_str("?:"),
      '<' => {
        self.rest.by_ref().find(|c| *c == '>')?;
      }
      _ => return None,
    }
    Some(())
  }

  fn class(&mut self) -> Option<()> {
    self.found.push('[');
    self.found.extend(self.rest.next_if_eq(&'^'));
    if self.rest.peek() == Some(&']') {
      return None;
    }
    loop {
      match self.rest.next()? {
        ']' => break,
        '[' => return None,
        c @ ('&' | '-' | '~') if self.rest.peek() == Some(&c) => return None,
        '\\' => self.escape(true)?,
        c => self.found.push(basic(c)?),
      }
    }
    self.found.push(']');
    Some(())
  }

  fn escape(&mut self, in_class: bool) -> Option<()> {
    let c = self.rest.next()?;
    let text = match c {
      'd' => r"\p{Nd}".to_owned(),
      'D' => r"\P{Nd}".to_owned(),
      's' => r"\p{White_Space}".to_owned(),
      'S' => r"\P{White_Space}".to_owned(),
      'w' if in_class => WORD.to_owned(),
      'w' => format!("[{WORD}]"),
      'W' if !in_class => format!("[^{WORD}]"),
      'p' | 'P' => format!("\\{c}{}", self.category()?),
      'n' | 't' | 'r' | 'f' | 'v' => format!("\\{c}"),
      '-' if in_class => r"\-".to_owned(),
      c if SYNTAX.contains(c) => format!("\\{c}"),
      c if c.is_ascii_punctuation() && !"<>".contains(c) || c == ' ' => c.to_string(),
      _ => return None,
    };
    self.found.push_str(&text);
    Some(())
  }

  /// `{L}`, `{Lu}`
  fn category(&mut self) -> Option<String> {
    self.rest.next_if_eq(&'{')?;
    let mut name = String::new();
    name.push(self.rest.next_if(char::is_ascii_uppercase)?);
    name.extend(self.rest.next_if(char::is_ascii_lowercase));
    self.rest.next_if_eq(&'}')?;
    Some(format!("{{{name}}}"))
  }
}

fn basic(c: char) -> Option<char> {
  (u32::from(c) <= 0xFFFF).then_some(c)
}

#[cfg(test)]
mod tests {
  use super::ecma;

  #[test]
  fn what_both_understand_stays_and_what_differs_is_spelled_out() {
    for (pattern, expected) in [
      ("^[a-z-]+$", "^[a-z-]+$"),
      (r"^v\d+\.\d{1,3}?$", r"^v\p{Nd}+\.\p{Nd}{1,3}?$"),
      ("a.b", r"a[^\n]b"),
      (r"[\s\-_]|\S", r"[\p{White_Space}\-_]|\P{White_Space}"),
      (r"(?P<year>\p{Lu})(?:x)(?<y>z)", r"(\p{Lu})(?:x)(z)"),
      (r"a]b}\@", r"a\]b\}@"),
    ] {
      assert_eq!(ecma(pattern).as_deref(), Some(expected), "{pattern}");
    }
  }

  #[test]
  fn what_only_one_understands_is_refused() {
    for pattern in [
      "(?i)a",
      r"\bword",
      r"\A",
      r"\z",
      "[[:alpha:]]",
      "[a-z&&b]",
      "[]a]",
      "a**",
      "^*",
      "a{2}{3}",
      r"\pL",
      r"\p{Greek}",
      r"[\W]",
      "\u{1F600}",
      r"\x41",
    ] {
      assert!(regex::Regex::new(pattern).is_ok(), "{pattern}");
      assert_eq!(ecma(pattern), None, "{pattern}");
    }
  }
}
