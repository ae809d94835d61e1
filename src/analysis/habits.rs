//! Words of other languages, and what says the same here: the helps of names that stand for nothing.

use crate::{
  diagnostics::{Diagnostic, Fix},
  source::Span,
  types::{self, Type},
};

/// What people are told about a word, and the word to write in its place where there is one for certain.
#[derive(Clone, Copy, Debug)]
pub struct Habit {
  pub help: &'static str,
  pub word: Option<&'static str>,
}

impl Habit {
  /// Adds to a finding about the name at `span`.
  pub fn told(self, finding: Diagnostic, span: Span) -> Diagnostic {
    let finding = finding.help(self.help);
    match self.word {
      Some(word) => finding.fix(Fix::write(span, word)),
      None => finding,
    }
  }
}

/// Of a name that is no value.
pub fn value(name: &str) -> Option<Habit> {
  let word = match name {
    "undefined" | "None" | "none" | "nil" | "NULL" | "Null" | "Nothing" => Some("null"),
    "True" | "TRUE" => Some("true"),
    "False" | "FALSE" => Some("false"),
    _ => None,
  };
  value_help(name).map(|help| Habit { help, word })
}

/// Of a name that can't be called.
pub fn callee(name: &str) -> Option<Habit> {
  let word = match name {
    "length" | "size" | "count_of" => Some("len"),
    "str" | "to_string" | "toString" | "String" => Some("string"),
    "parseInt" | "parse_int" | "to_int" => Some("int"),
    "stringify" | "dumps" | "to_json" | "toJSON" | "tojson" => Some("json"),
    "loads" | "from_json" | "fromJSON" | "fromjson" => Some("parse_json"),
    "distinct" | "uniq" => Some("unique"),
    _ => None,
  };
  callee_help(name).map(|help| Habit { help, word })
}

/// Of a name that is no type.
pub fn ty(name: &str) -> Option<Habit> {
  let help = type_help(name)?;
  // Of these the help says the one word to write.
  let word = help.strip_prefix("write `").and_then(|rest| rest.strip_suffix('`'));
  let word = word.filter(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic()));
  Some(Habit { help, word })
}

/// Of a word that is no setting or policy. The value behind it must mean the same.
pub fn setting(name: &str) -> Option<Habit> {
  let word = match name {
    "dir" | "directory" | "workdir" | "working_directory" | "chdir" => Some("cwd"),
    "environment" | "envs" | "vars" => Some("env"),
    "retries" | "max_retries" => Some("retry"),
    "parallel" | "parallelism" | "max_parallel" | "concurrency" => Some("concurrent"),
    _ => None,
  };
  setting_help(name).map(|help| Habit { help, word })
}

/// What to write for a value that is not there.
fn value_help(name: &str) -> Option<&'static str> {
  Some(match name {
    "previous" => "`previous` stands inside `repeat` and `each ... from`",
    "error" => "`error` stands right of `catch`",
    "it" => "`it` stands in the second argument of functions on lists: `count(xs, it > 1)`",
    "call" => "`call` stands in the settings of a worker",
    "stdout" | "stderr" | "exit" => "it stands in a worker's `output`",
    "undefined" | "None" | "none" | "nil" | "NULL" | "Null" | "Nothing" => "write `null`",
    "True" | "TRUE" => "write `true`",
    "False" | "FALSE" => "write `false`",
    "err" | "exception" | "failure" => "right of `catch` the failure is `error`",
    "now" | "today" => "`run.started` is when the run began",
    "env" | "ENV" | "process" | "os" | "secrets" => {
      "expressions know no environment: take a parameter, or let a worker print what it needs"
    }
    "args" | "argv" | "params" | "inputs" | "input" => "parameters stand by their own names",
    "steps" | "outputs" | "jobs" | "needs" => "results stand by the names of their steps",
    "output" | "result" | "response" => {
      "`stdout`, `stderr` and `exit` are what a process left, in its worker's `output`"
    }
    _ => return None,
  })
}

/// What to write for something to call that is not there.
fn callee_help(name: &str) -> Option<&'static str> {
  Some(match name {
    "now" | "today" | "date" => "`run.started` is when the run began",
    "length" | "size" | "count_of" => "write `len(xs)`",
    "map" | "filter" | "select" => "write `[f(x) for x in xs if c]`",
    "reduce" | "fold" => "write `each x in xs from seed => ...`; sums are `sum(xs)`",
    "foreach" | "for_each" | "forEach" => "write `each x in xs => f(x)`",
    "concat" | "append" | "push" => "lists and texts are put together by `+`, or `[...xs, x]`",
    "str" | "to_string" | "toString" | "String" => "write `string(x)`, or `\"${x}\"`",
    "parseInt" | "parse_int" | "to_int" | "Number" => "write `int(text)`",
    "stringify" | "dumps" | "to_json" | "toJSON" | "tojson" => "write `json(x)`",
    "loads" | "from_json" | "fromJSON" | "fromjson" => "write `parse_json(text)`",
    "sleep" | "wait" => "waiting is a policy: `f(x) with delay 5s`",
    "throw" | "raise" | "panic" | "abort" => "write `fail \"message\"`",
    "assert" | "ensure" | "check" => "write `require c, \"message\"`",
    "getenv" | "env" | "random" | "rand" | "uuid" | "read_file" | "print" | "log" | "echo" => {
      "expressions only compute: what touches the world is a worker"
    }
    "sort" | "sorted" | "order_by" => "write `sort_by(xs, it)`",
    "distinct" | "uniq" | "set" => "write `unique(xs)`",
    "success" | "failure" | "always" => "`catch`, `attempt` and `collect` say what goes on without a step",
    _ => return None,
  })
}

/// What to write for a type that is not there.
fn type_help(name: &str) -> Option<&'static str> {
  Some(match name {
    "str" | "String" | "text" | "Text" | "char" | "path" | "Path" | "url" => "write `string`",
    "number" | "Number" | "num" => "write `int` or `float`",
    "integer" | "Integer" | "Int" | "i32" | "i64" | "u32" | "u64" | "long" => "write `int`",
    "double" | "Float" | "f32" | "f64" | "decimal" => "write `float`",
    "boolean" | "Boolean" | "Bool" => "write `bool`",
    "any" | "Any" | "object" | "Object" | "unknown" | "dynamic" | "JSON" | "Json" => {
      "write `json`, or a record: `{ name: string }`"
    }
    "list" | "List" | "array" | "Array" | "Vec" | "seq" | "Set" | "set" => "a list is written `[string]`",
    "Map" | "dict" | "Dict" | "HashMap" | "Record" | "record" => "write `map<T>`, or a record: `{ name: string }`",
    "Option" | "Optional" | "optional" | "Maybe" | "Nullable" => "what may be null is written `string?`",
    "date" | "Date" | "datetime" | "DateTime" | "timestamp" | "Time" => "write `time`",
    "Duration" | "timedelta" | "interval" => "write `duration`",
    "void" | "Void" | "None" | "unit" | "Unit" | "undefined" => "leave the result out: it is null",
    "error" | "Error" | "Exception" => "write `Failure`",
    "Result" | "Either" => "write `Outcome<T>`",
    _ => return None,
  })
}

/// The setting or policy that says what another language's word says.
fn setting_help(name: &str) -> Option<&'static str> {
  Some(match name {
    "cmd" | "command" | "run" | "program" | "entrypoint" | "binary" => {
      "write `exec [\"program\", \"argument\"]`, or `shell \"\"\"script\"\"\"`"
    }
    "args" | "arguments" => "arguments stand behind the program: `exec [\"program\", \"argument\"]`",
    "script" | "sh" | "bash" => "write `shell \"\"\"script\"\"\"`",
    "dir" | "directory" | "workdir" | "working_directory" | "chdir" => "write `cwd`",
    "environment" | "envs" | "vars" => "write `env { NAME: value }`",
    "input" | "inputs" => "what the process reads is `stdin`; parameters stand behind the worker's name",
    "return" | "returns" | "result" | "stdout" | "outputs" => "write `output`",
    "exit_codes" | "exit_code" | "codes" | "ok" => "write `expect 0, 1`",
    "retries" | "attempts" | "max_retries" | "max_attempts" | "tries" => "write `retry 3`",
    "parallel" | "parallelism" | "max_parallel" | "concurrency" | "jobs" | "workers" => "write `concurrent 4`",
    "timeout_minutes" | "timeout_seconds" | "max_time" | "time" => "write `timeout 30s`",
    "backoff" | "fixed" | "on" | "unless" => "it belongs to `retry`: `retry 3 backoff 1s..30s`",
    "needs" | "depends_on" | "requires" => "write `after a` behind the call",
    "continue_on_error" | "allow_failure" | "ignore_errors" => "write `f(x) catch ...`, or `attempt f(x)`",
    _ => return None,
  })
}

/// How a value of one type becomes one of another, where there is an obvious way.
pub fn conversion(found: &Type, expected: &Type) -> Option<&'static str> {
  let (found, expected) = (found.resolved(), &expected.without_null());
  let is_text = super::operators::is_text(found);
  Some(match (found, expected.resolved()) {
    (_, Type::File | Type::Dir) if is_text => {
      "a path is only a text: files come in as parameters of the run, or from workers that give them"
    }
    (Type::File | Type::Dir, Type::String(_)) => {
      "in the settings of a worker that takes it, a file is the path of a copy: a string"
    }
    (_, Type::Int(_)) if is_text => "`int(x)` reads a number; it is null where there is none",
    (_, Type::Float(_)) if is_text => "`float(x)` reads a number; it is null where there is none",
    (Type::Float(_), Type::Int(_)) => "`round(x)`, `floor(x)` and `int(x)` make an int of a float; `/` gives a float",
    (Type::Int(_), Type::Float(_)) => "`float(x)` makes a float of an int",
    (Type::Int(_) | Type::Float(_), Type::Duration) => "a duration has a unit: `30s`, `5m`, `1h30m`",
    (Type::Literal(_), Type::Duration) => "a duration stands without quotes: `30s`",
    (Type::Literal(_), Type::Bool(_)) => "`true` and `false` stand without quotes",
    (_, Type::Bool(_)) => "a test is `x == y`, `x != null` or `len(xs) > 0`; a default is `x ?? y`",
    (Type::List(list), Type::String(_)) if list.item.is_scalar() => "`join(xs, \", \")` makes a text of it",
    (Type::List(_) | Type::Record(_) | Type::Map(_), Type::String(_)) => "`json(x)` makes a text of it",
    (_, Type::String(_)) if found.is_scalar() && !is_text => "`\"${x}\"` makes a text of it",
    (_, Type::List(list)) if types::fits(found, &list.item) && !found.is_unknown() => "a list of one is `[x]`",
    _ => return None,
  })
}

/// A help for an unknown name that may be a text without its quotes.
pub fn in_scope(name: &str, listed: &str) -> String {
  format!("in scope: {listed}; a text stands in quotes: `\"{name}\"`")
}
