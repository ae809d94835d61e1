//! Habits of other languages, and what is written here instead: the helps of texts that do not parse.

use crate::diagnostics::near;

/// Where a text stopped to make sense.
pub(super) struct Stop<'t> {
  /// The file up to there.
  pub(super) before: &'t str,
  /// The mark or word there.
  pub(super) found: &'t str,
  /// The file from there on.
  pub(super) rest: &'t str,
  /// What would have made sense, in people's words.
  pub(super) expected: &'t [&'static str],
}

const IMPORT: &str = "an import is `import { a, b as c } from \"./file.orch\"`";
const CHOICE: &str = "write `if c then x else y`";
const LOOPS: &str = "once per item: `each x in xs => f(x)`; again and again: `repeat up to 5 { ... } until c`";
pub(super) const COMPARE: &str = "to compare, write `==`";
pub(super) const CONSTANT: &str = "a constant is `let name = ...`";
pub(super) const TIMES: &str = "write `repeat up to 5 { ... }`";
pub(super) const NO_MARK: &str = "the value follows its word without a mark";
pub(super) const FIELD: &str = "a field is written `name: value`";
pub(super) const RESULT: &str = "the result stands behind `->`";
pub(super) const NO_DOLLAR: &str = "a name stands without `$`";
pub(super) const NO_COMMAS: &str = "steps and declarations stand without commas, each on a line of its own";
pub(super) const LITERALS: &str = "several literals of one arm stand with commas: `1, 2 => ...`";
pub(super) const COMMAS: &str = "items of a list and arguments have commas between them, at the end of a line too";
pub(super) const ELSE: &str = "write `else => ...`";
pub(super) const ARM: &str = "an arm is written `\"a\" => ...`";
pub(super) const LIST: &str = "a list is written `[string]`";
pub(super) const CODES: &str = "codes stand without brackets: `expect 0, 1`";
const AFTER: &str = "a step that waits for another is written `x = f(y) after a`";

/// The policies of the language.
pub const POLICIES: &[&str] = &[
  "timeout",
  "deadline",
  "delay",
  "retry",
  "concurrent",
  "limit",
  "idempotent",
  "hedge",
  "breaker",
  "cache",
  "heartbeat",
  "budget",
  "collect",
];

/// Words of a worker's body whose value follows them.
pub(super) const SETTINGS: [&str; 14] = [
  "exec",
  "shell",
  "mock",
  "stdin",
  "cwd",
  "env",
  "expect",
  "output",
  "timeout",
  "deadline",
  "delay",
  "retry",
  "concurrent",
  "limit",
];

impl Stop<'_> {
  /// What to write instead, where the mistake is one that many make.
  pub(super) fn help(&self) -> Option<String> {
    if self.expects("a declaration") {
      return Some(self.declaration().to_owned());
    }
    if let Some(help) = misspelt(self.found) {
      return Some(help.to_owned());
    }
    if let Some(form) = self.form() {
      return Some(form.to_owned());
    }
    self
      .operator()
      .or_else(|| self.place())
      .or_else(|| self.word())
      .map(str::to_owned)
      .or_else(|| self.method())
  }

  fn expects(&self, word: &str) -> bool {
    self.expected.contains(&word)
  }

  /// The line up to the stop.
  fn line(&self) -> &str {
    self.before.rsplit('\n').next().unwrap_or_default()
  }

  /// Whether the line begins a declaration.
  fn outside(&self) -> bool {
    !self.line().starts_with([' ', '\t'])
  }

  /// The word right before the stop.
  pub(super) fn word_before(&self) -> &str {
    last_word(self.before)
  }

  fn declaration(&self) -> &'static str {
    match self.found {
      "def" | "fn" | "func" | "function" | "task" | "job" | "agent" | "step" | "flow" | "workflow" | "pipeline"
      | "process" | "rule" => {
        "who works is a `worker`, how work is composed an `orchestrator`, a pure function a `let`"
      }
      "const" | "var" | "val" | "static" => CONSTANT,
      "struct" | "class" | "interface" | "enum" | "record" | "schema" => "a type is `type Name = { field: string }`",
      "from" | "use" | "include" => IMPORT,
      _ => {
        "declarations begin with `import`, `type`, `let`, `contract`, `worker`, `orchestrator`, `pattern`, `pool`, \
         `limit`, `defaults`, `secret`, `profile` or `on`"
      }
    }
  }

  /// How the declaration is written at whose head the stop is.
  fn form(&self) -> Option<&'static str> {
    if !self.outside() {
      return None;
    }
    let first = first_word(self.line());
    Some(match first {
      _ if super::imports::is_import(self.line()) => IMPORT,
      "type" if self.expects("`=`") => "a type is `type Name = ...`",
      "test" if self.expects("a string") => "a test is `test \"what it shows\" { ... }`",
      "contract" if self.expects("`{`") => "a contract is `contract Name@1 { input { ... }, output T }`",
      "worker" | "orchestrator" if self.expects("`(`") => {
        "parameters stand in parentheses, also none: `name() -> T { ... }`"
      }
      _ => return None,
    })
  }

  /// Marks that other languages have.
  fn operator(&self) -> Option<&'static str> {
    Some(match self.found {
      "&&" => "write `and`",
      "||" if self.expects("`=>`") => LITERALS,
      "||" => "write `or`",
      "!" => "write `not`",
      "===" => "write `==`",
      "*" if self.before.ends_with('*') => "there is no power: multiply",
      "?" if self.rest.starts_with("?:") && self.expects("`:`") => {
        "what may be left out has a default: `name: T? = null`"
      }
      "?" if self.rest.starts_with("?:") => "write `??`",
      "|" if !self.expects("`=>`") => "a function stands before its arguments: `f(x)`; for booleans write `or`",
      "in" if !self.expects("`input` or `output`") => "write `contains(xs, x)`",
      "\"" if self.before.ends_with(is_word) => "a text takes values as it stands: `\"hi ${x}\"`",
      "=" if self.before.ends_with("==") => "write `==`",
      "!==" => "write `!=`",
      ":=" => "write `=`",
      "+" if self.before.ends_with('+') => "nothing changes its value: give the new one a name of its own",
      "=" if self.before.ends_with(['+', '-', '*', '/']) => {
        "nothing changes its value: give the new one a name of its own"
      }
      "->" if self.expects("`=>`") => "write `=>`",
      "?" => CHOICE,
      "$" => NO_DOLLAR,
      "|" if self.expects("`=>`") => LITERALS,
      ".." if self.expects("`=>`") => "an arm has literals; a range is asked for with `if`",
      "=>" if self.word_before().is_empty() && self.line().contains("catch") => {
        "the failure is `error`, right of `catch`: `a catch f(error.message)`"
      }
      "=>" if self.expects("`)`") => {
        "functions have no functions as arguments; those on lists take an expression over `it`: `count(xs, it > 1)`"
      }
      _ => return None,
    })
  }

  /// What belongs into this place.
  fn place(&self) -> Option<&'static str> {
    Some(match self.found {
      "is" | "=" if self.expects("`then`") => COMPARE,
      _ if self.expects("`then`") => CHOICE,
      "=" if self.is_name_with_marks() => "a name is made of letters, digits and `_`: `my_step`",
      "=" | "," if self.line().trim_start().starts_with(['(', '{', '[']) && !self.outside() => {
        "a step has one name: `x = f(y)`; its fields are `x.a` and `x.b`"
      }
      "," if self.expected.is_empty() => NO_COMMAS,
      "," if self.line().contains("require(") => "write `require c, \"message\"`",
      _ if self.line().trim().is_empty() && self.expects("`,`") => COMMAS,
      ":" if self.expects("`]`") => "`take(xs, n)` has the first ones of a list",
      _ if self.expects("an action") => "an answer is `mock return x`, a failure `mock fail timeout \"why\"`",
      _ if self.expects("`on`, `first`, `in order` or `else`") => {
        "`mock { ... }` holds rules; an answer is `mock return { ... }`"
      }
      "[" if self.word_before() == "expect" => CODES,
      _ if self.word_before() == "after" => "`after` takes names of steps: `after a, b`",
      _ if self.word_before() == "input" => "an input is written out: `input { name: string }`",
      _ if POLICIES.contains(&self.found) && self.expects("`=>`") => {
        "policies stand behind `with`: `each x in xs with collect => f(x)`"
      }
      _ if self.expects("`up`") => TIMES,
      _ if self.expects("`in`") || self.expects("a name") && self.word_before() == "each" => {
        "write `each x in xs => f(x)`"
      }
      _ if self.expects("`from`") && self.expects("`=>`") => "write `each x in xs => f(x)`",
      ":" if self.expects("`->`") => RESULT,
      ":" if self.expects("`=>`") => "write `=>`",
      "=" if self.expects("`:`") => FIELD,
      ":" | "=" if SETTINGS.contains(&self.word_before()) => NO_MARK,
      ":" if self.expects("an expression") => NO_MARK,
      "=" => "`=` names a step; to compare, write `==`",
      "[" if self.rest.starts_with("[]") => LIST,
      "{" if self.expects("a policy") => "policies stand without braces, with commas between them",
      _ if self.expected == ["`:`"] => "say its type: `name: string`",
      _ if self.word_before() == "env" => "write `env { NAME: value }`",
      "(" if last_word(before_word(self.before)) == "after" => {
        "`after` takes names of steps: give the call a name of its own"
      }
      "_" | "default" | "otherwise" if self.expects(super::words::ARM) => ELSE,
      "case" | "when" if self.expects(super::words::ARM) => ARM,
      _ => return None,
    })
  }

  /// Words that begin something in other languages.
  fn word(&self) -> Option<&'static str> {
    self.expects("a step").then(|| foreign(self.found))?
  }

  /// `my-step = f(x)`
  fn is_name_with_marks(&self) -> bool {
    let name = self.line().trim();
    name.contains(['-', '.']) && name.chars().all(|c| is_word(c) || "-.".contains(c))
  }

  /// `xs.len()`
  fn method(&self) -> Option<String> {
    let name = self.word_before();
    let receiver = before_word(self.before).strip_suffix('.').map(last_word)?;
    let called = self.found == "(" && !name.is_empty() && !receiver.is_empty();
    called.then(|| match name {
      "map" | "filter" | "forEach" | "collect" => {
        format!("write `[f(x) for x in {receiver} if c]`; for calls of workers `each x in {receiver} => f(x)`")
      }
      _ => format!("a function stands before its arguments: `{name}({receiver})`"),
    })
  }
}

/// Marks and words that stand for those of other languages, one for one.
const MARKS: [&str; 9] = ["and", "or", "not", "==", "!=", "=", "=>", "??", "else if"];

/// The mark or word that a help says to write, where it says nothing else.
pub(super) fn instead(help: &str) -> Option<&str> {
  let mark = help.strip_prefix("write `")?.strip_suffix('`')?;
  (MARKS.contains(&mark) || is_follower(mark)).then_some(mark)
}

/// Words that follow something on its line, and what to say of a slip of the hand.
const FOLLOWERS: [(&str, &str); 8] = [
  ("with", "write `with`"),
  ("after", "write `after`"),
  ("catch", "write `catch`"),
  ("then", "write `then`"),
  ("else", "write `else`"),
  ("until", "write `until`"),
  ("from", "write `from`"),
  ("when", "write `when`"),
];

pub(super) fn is_follower(word: &str) -> bool {
  FOLLOWERS.iter().any(|(own, _)| *own == word)
}

/// The word that was meant by one that stands where one of those must.
fn misspelt(found: &str) -> Option<&'static str> {
  let words = || FOLLOWERS.iter().map(|(word, _)| *word);
  if found.len() < 4 || words().any(|word| word == found) {
    return None;
  }
  let meant = near(found, words()).filter(|near| near.only)?;
  let (_, help) = FOLLOWERS.iter().find(|(word, _)| *word == meant.name)?;
  Some(help)
}

/// What to do about a line that goes on behind its step: `step` is the step, `next` what does not belong to it.
pub(super) fn run_on(step: &str, next: &str) -> &'static str {
  let (last, first) = (last_word(step), first_word(next));
  if let Some(help) = misspelt(first) {
    return help;
  }
  if let "let" | "const" | "var" | "val" = step {
    return "a step is written `name = ...`, without a word before it";
  }
  match first {
    "if" if step.starts_with("return") => return "a condition of `return` is written `return x when c`",
    "elif" | "elsif" | "elseif" => return "write `else if`",
    "needs" | "depends_on" | "requires" | "depends" => return AFTER,
    "is" | "equals" => return "write `==`",
    "in" => return "write `contains(xs, x)`",
    word if POLICIES.contains(&word) => return "policies stand behind `with`: `x = f(y) with retry 3, timeout 5s`",
    "backoff" | "fixed" => return "waits between attempts are `retry 3 backoff 1s..30s` or `retry 3 fixed 5s`",
    "s" | "ms" | "m" | "h" | "d" | "sec" | "min" | "seconds" | "minutes"
      if last.ends_with(|c: char| c.is_ascii_digit()) =>
    {
      return "a duration is one word: `250ms`, `5s`, `1h30m`";
    }
    _ => {}
  }
  if step.contains(" with ") && step.ends_with(" and timeout") {
    return "policies stand with commas between them: `with retry 3, timeout 5s`";
  }
  foreign(last).unwrap_or("a call is written `f(x)`; a step without a name begins its own line")
}

/// Words that begin a statement elsewhere.
fn foreign(word: &str) -> Option<&'static str> {
  Some(match word {
    "for" | "foreach" | "while" | "loop" => LOOPS,
    "switch" => "a choice by values is `match x { \"a\" => ..., else => ... }`",
    "try" => "`a catch b` goes on with `b` if `a` fails; `attempt a` makes a value of the failure",
    "await" | "async" | "call" | "do" | "new" => "a call stands alone: `x = f(y)`; what reads `x` waits for it",
    "throw" | "raise" => "write `fail \"message\"`",
    "def" | "fn" | "func" | "function" | "worker" | "orchestrator" | "type" | "import" => {
      "declarations stand at the top of the file"
    }
    _ => return None,
  })
}

pub(super) fn first_word(text: &str) -> &str {
  let text = text.trim_start();
  &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

pub(super) fn last_word(text: &str) -> &str {
  let text = text.trim_end();
  &text[text
    .rfind(|c| !is_word(c))
    .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))..]
}

/// The text before its last word, without blanks at its end.
fn before_word(text: &str) -> &str {
  let text = text.trim_end();
  text[..text.len() - last_word(text).len()].trim_end()
}

fn is_word(c: char) -> bool {
  c.is_ascii_alphanumeric() || c == '_'
}
