//! The one table of finding codes. Each has a page in `docs/codes/` with an example that breaks it and one that mends it.

use super::Level;

/// A kind of finding: its stable name (`stage/slug`), its level and a title of a few words.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Code {
  pub name: &'static str,
  pub level: Level,
  pub title: &'static str,
}

macro_rules! codes {
  ($($ident:ident = $name:literal, $level:ident, $title:literal;)*) => {
    $(#[doc = $title] pub static $ident: Code = Code { name: $name, level: Level::$level, title: $title };)*
    /// Every code, in the order of the table.
    pub static ALL: &[&Code] = &[$(&$ident),*];
  };
}

codes! {
  // syntax
  SYNTAX = "syntax/unexpected", Critical, "text that does not parse";
  UNTERMINATED_STRING = "syntax/unterminated-string", Critical, "a string without an end";
  BAD_ESCAPE = "syntax/bad-escape", Critical, "an escape that does not exist";
  BAD_INTERPOLATION = "syntax/bad-interpolation", Critical, "`${` that does not parse";
  BAD_NUMBER = "syntax/bad-number", Critical, "a number or duration out of range";
  NESTING = "syntax/nesting", Critical, "nesting deeper than 200";
  MISSING_COMMA = "syntax/missing-comma", Critical, "no comma between two things on one line";
  RESERVED = "syntax/reserved-word", Critical, "a reserved word used as a name";
  // files and modules
  NOT_UTF8 = "module/not-utf8", Critical, "a file that is not UTF-8";
  TOO_LARGE = "module/too-large", Critical, "a file over 1 MiB";
  UNREADABLE = "module/unreadable", Critical, "a file that can't be read";
  EMPTY = "module/empty", Medium, "a module that declares nothing";
  UNKNOWN_EXPORT = "module/unknown-export", Critical, "an import of a name that is not there";
  // cycles
  IMPORT_CYCLE = "cycle/imports", Critical, "modules that import each other";
  TYPE_CYCLE = "cycle/types", Critical, "a type that contains itself";
  VALUE_CYCLE = "cycle/constants", Critical, "constants or functions that need each other";
  CALL_CYCLE = "cycle/calls", Critical, "orchestrators that call each other";
  STEP_CYCLE = "cycle/steps", Critical, "steps that wait for each other";
  // names
  UNKNOWN_NAME = "name/unknown", Critical, "a name that is not defined";
  DUPLICATE = "name/duplicate", Critical, "two definitions of one name";
  SHADOWED = "name/shadowed", Critical, "a name that hides another";
  WRONG_KIND = "name/wrong-kind", Critical, "a name used as what it is not";
  UNKNOWN_FIELD = "name/unknown-field", Critical, "a field that the type does not have";
  UNKNOWN_SETTING = "name/unknown-setting", Critical, "a setting or policy that does not exist";
  // types
  MISMATCH = "type/mismatch", Critical, "a value that does not fit";
  NO_JOIN = "type/no-join", Critical, "alternatives that have no common type";
  BAD_OPERAND = "type/bad-operand", Critical, "an operator or function on values it does not take";
  BAD_CAST = "type/bad-cast", Critical, "`as` between types that can't be checked";
  BAD_REFINEMENT = "type/bad-refinement", Critical, "a refinement that nothing can satisfy";
  AMBIGUOUS_UNION = "type/ambiguous-union", Critical, "a union that its values do not tell apart";
  MAYBE_NULL = "type/maybe-null", Critical, "a value that may be null, used as if it were not";
  // calls
  BAD_ARGUMENTS = "call/arguments", Critical, "arguments that do not match the parameters";
  CALL_IN_EXPRESSION = "call/in-expression", Critical, "a worker called inside an expression";
  // workers
  WORKER_KIND = "worker/kind", Critical, "a worker without exactly one kind";
  NO_TIMEOUT = "worker/no-timeout", Critical, "a worker without a timeout";
  BAD_SETTING = "worker/bad-setting", Critical, "a setting that can't stand here";
  PERMIT_EXCEEDED = "permit/exceeds", Critical, "a worker that asks for more than is permitted";
  RETRY_UNSAFE = "worker/retry-unsafe", High, "a retry of a worker that is not idempotent";
  SECRET_LEAK = "secret/leak", Critical, "a secret that would go where it can be seen";
  // policies and bounds
  MISPLACED_POLICY = "policy/misplaced", Critical, "a policy where it can't apply";
  UNBOUNDED = "bound/unbounded", Critical, "a loop, retry or fan-out without a bound";
  BAD_BOUND = "bound/out-of-range", Critical, "a bound that allows nothing";
  // pools
  SMALL_POOL = "pool/too-small", Medium, "a pool with nothing to choose from";
  IDENTICAL_MEMBERS = "pool/identical", Low, "members of a pool that do the same";
  // flow
  INEXHAUSTIVE = "match/inexhaustive", Critical, "a match that misses a case";
  UNREACHABLE = "match/unreachable", Critical, "an arm that can never be taken";
  CONSTANT_UNTIL = "loop/constant-until", Critical, "an `until` that the body cannot change";
  CONSTANT_STOP = "loop/constant-stop", Critical, "a `stop when` that no value can change";
  DROPS_PREVIOUS = "loop/drops-previous", High, "a loop that keeps its last page only";
  CONTRADICTS = "condition/contradicts", High, "two conditions that draw one line in two places";
  BLOCK_END = "flow/block-end", Critical, "a block without its one result";
  MISPLACED_STEP = "flow/misplaced-step", Critical, "a step where it can't stand";
  CONSTANT_PLAN = "flow/constant-plan", Medium, "a run of a plan that is always the same";
  LOOSE_EFFECT = "flow/loose-effect", High, "an effect that no gate holds back";
  // failures
  NO_EFFECT = "undo/no-effect", Critical, "an `undo` or `finally` of what calls nothing";
  ENDING_CALL = "undo/not-a-call", Critical, "an `undo` or `finally` that is no call";
  UNDO_OF_FAILED = "undo/of-failed", High, "a fallback that undoes the call that failed";
  FAILURE_AS_SUCCESS = "failure/as-success", High, "a group that takes failures for what it looks for";
  // what is lifted
  UNKNOWN_CODE = "allow/unknown-code", Critical, "an `allow` of a code that does not exist";
  ALLOW_CRITICAL = "allow/critical", Critical, "an `allow` of what nothing lifts";
  NO_REASON = "allow/no-reason", Critical, "an `allow` without a reason";
  UNUSED_ALLOW = "allow/unused", Medium, "an `allow` that lifts nothing";
  // tests
  TEST_FAILED = "test/failed", Critical, "an expectation of a test that does not hold";
  TEST_RUN_FAILED = "test/run-failed", Critical, "a run of a test that fails unexpectedly";
  UNMOCKED = "test/unmocked", Critical, "a call of a worker that its test does not mock";
  UNUSED_MOCK = "test/unused-mock", Medium, "a mock that no run of its test can ask";
  // triggers
  BAD_TRIGGER = "trigger/bad", Critical, "a trigger that could start nothing";
  UNSIGNED_WEBHOOK = "trigger/unsigned", High, "a webhook that anybody could call";
  // hygiene
  UNUSED = "unused/name", Medium, "a name that nothing uses";
  UNUSED_STEP = "unused/step", Medium, "a result that nothing reads";
  IGNORED_FAILURES = "failure/ignored", Medium, "collected failures that nothing looks at";
  NEEDLESS_AFTER = "flow/needless-after", Medium, "an `after` that the data already implies";
  TOO_DEEP = "flow/too-deep", Medium, "orchestrators nested deeper than 3";
  FIXED_DELAY = "retry/fixed-delay", Medium, "retries that never wait longer";
  NO_VERSION = "contract/no-version", Medium, "a contract without a version";
  BARE_OUTPUT = "contract/bare-output", Low, "an answer that may be any text";
  UNPROTECTED = "each/unprotected", Low, "a fan-out whose calls are not retried";
  ONE_WORKER = "flow/one-worker", Low, "an orchestrator with one call";
  DEFAULT_TAKEN = "default/taken", Low, "a default that nobody wrote";
  BARE_FIELDS = "doc/fields", Low, "fields of a contract without a doc comment";
  NO_DOC = "doc/missing", Low, "a contract or orchestrator without a doc comment";
}

/// The code with this name.
pub fn find(name: &str) -> Option<&'static Code> {
  ALL.iter().copied().find(|code| code.name == name)
}
