//! What rules are called when speaking to people, and which words are reserved.

use super::parser::Rule;

/// Words that can't be names, in the order of the reference.
pub const RESERVED: [&str; 30] = [
  "and", "after", "attempt", "catch", "dispatch", "each", "else", "error", "fail", "false", "finally", "for", "if",
  "in", "it", "match", "not", "null", "previous", "repeat", "require", "return", "run", "stage", "then", "true",
  "undo", "until", "with", "yield",
];

/// Every word that means something in its place, in the order of the alphabet. The grammars and syntax files of
/// `editors/` know the same ones: `tests/editors.rs` holds it.
pub const KEYWORDS: [&str; 101] = [
  "after",
  "allow",
  "and",
  "as",
  "at",
  "attempt",
  "backoff",
  "breaker",
  "budget",
  "by",
  "cache",
  "calls",
  "cancel",
  "catch",
  "collect",
  "concurrent",
  "contract",
  "cwd",
  "deadline",
  "defaults",
  "delay",
  "dispatch",
  "each",
  "echo",
  "else",
  "env",
  "error",
  "exec",
  "expect",
  "fail",
  "failure",
  "false",
  "finally",
  "first",
  "fixed",
  "for",
  "from",
  "hang",
  "heartbeat",
  "hedge",
  "idempotent",
  "if",
  "import",
  "in",
  "input",
  "it",
  "last",
  "let",
  "limit",
  "malformed",
  "match",
  "mock",
  "no",
  "not",
  "null",
  "on",
  "or",
  "orchestrator",
  "order",
  "output",
  "overlap",
  "pattern",
  "per",
  "permit",
  "pool",
  "previous",
  "profile",
  "rate",
  "repeat",
  "require",
  "retry",
  "return",
  "run",
  "schedule",
  "secret",
  "seed",
  "set",
  "shell",
  "signed",
  "stage",
  "stdin",
  "stop",
  "test",
  "then",
  "timeout",
  "to",
  "tolerate",
  "true",
  "type",
  "tz",
  "undo",
  "unless",
  "until",
  "up",
  "uses",
  "wait",
  "webhook",
  "when",
  "with",
  "worker",
  "yield",
];

/// Reserved words that are values: they can be read, not defined.
const VALUES: [&str; 4] = ["error", "previous", "it", "run"];

/// Whether a word can't be the name of anything.
pub fn is_reserved(word: &str) -> bool {
  RESERVED.contains(&word)
}

/// Whether a word can't even be read as a value.
pub(super) fn is_reserved_value(word: &str) -> bool {
  is_reserved(word) && !VALUES.contains(&word)
}

/// What an arm begins with.
pub(super) const ARM: &str = "a literal or `else`";

/// What a bad piece should have been.
pub(super) fn piece(meant: Rule) -> &'static str {
  match meant {
    Rule::item_only => "a declaration",
    Rule::part_only => "`input` or `output`",
    Rule::setting_only => "a setting",
    Rule::policy_entry_only => "a policy",
    Rule::profile_entry_only => "a replacement such as `fetch = fake_fetch`",
    Rule::arm_only | Rule::value_arm_only => ARM,
    Rule::rule_only => "`on`, `first`, `in order` or `else`",
    Rule::test_line_only => "a line of a test",
    Rule::entry_only | Rule::field_only => "a field",
    _ => "a step",
  }
}

/// How an expected rule is said. `None`: not worth saying, since it could follow almost anywhere.
pub(super) fn said(rule: Rule) -> Option<&'static str> {
  Some(match rule {
    Rule::expression | Rule::reference | Rule::group | Rule::record | Rule::list => "an expression",
    Rule::value_name | Rule::if_expression | Rule::match_expression => "an expression",
    Rule::node | Rule::each | Rule::repeat | Rule::if_node | Rule::match_node | Rule::attempt | Rule::fail => "a step",
    Rule::block => "`{`",
    Rule::type_expr | Rule::type_member | Rule::type_name | Rule::type_list | Rule::type_number => "a type",
    Rule::type_record => "a record type",
    Rule::identifier => "a name",
    Rule::word | Rule::label => "a name",
    Rule::number => "a number",
    Rule::string | Rule::raw_string => "a string",
    Rule::range | Rule::lower | Rule::upper | Rule::exact => "a range such as `1..10`",
    Rule::regex => "a regular expression such as `/^a/`",
    Rule::pattern | Rule::patterns | Rule::node_arm | Rule::expression_arm => "a literal",
    Rule::else_arm | Rule::expression_else => "`else`",
    Rule::params => "`(`",
    Rule::param => "a parameter",
    Rule::contract_ref => "the name of a contract",
    Rule::policy => "a policy",
    Rule::type_worker => "a type",
    Rule::dispatch | Rule::run_plan => "a step",
    Rule::code_name => "the code of a finding",
    Rule::trigger_call => "a call",
    Rule::schedule => "`schedule`",
    Rule::webhook => "`webhook`",
    Rule::percentage => "a percentage such as `1%`",
    Rule::money => "an amount such as `$5`",
    Rule::breaker_entry => "`open`, `probe` or `close`",
    Rule::budget_entry => "`calls`, `cost`, `tokens` or `time`",
    Rule::permit_entry => "`read`, `write` or `net`",
    Rule::mock_rule => "a rule",
    Rule::mock_order => "`in order`",
    Rule::mock_action => "an action",
    Rule::input_part => "`input`",
    Rule::output_part => "`output`",
    Rule::with_clause => "`with`",
    Rule::seed => "`from`",
    Rule::repeat_bound => "`up to`",
    Rule::failure_filter => "a failure kind",
    Rule::exit_codes => "an exit code",
    Rule::imported_name => "a name",
    Rule::field_type | Rule::record_field => "a field",
    _ => return token(rule),
  })
}

fn token(rule: Rule) -> Option<&'static str> {
  Some(match rule {
    Rule::brace_open => "`{`",
    Rule::brace_close => "`}`",
    Rule::paren_open => "`(`",
    Rule::paren_close => "`)`",
    Rule::bracket_open => "`[`",
    Rule::bracket_close => "`]`",
    Rule::angle_close => "`>`",
    Rule::comma => "`,`",
    Rule::colon => "`:`",
    Rule::assign => "`=`",
    Rule::arrow => "`->`",
    Rule::fat_arrow => "`=>`",
    Rule::dots => "`..`",
    Rule::kw_if => "`if`",
    Rule::kw_then => "`then`",
    Rule::kw_else => "`else`",
    Rule::kw_in => "`in`",
    Rule::kw_up => "`up`",
    Rule::kw_to => "`to`",
    Rule::kw_from => "`from`",
    Rule::kw_per => "`per`",
    Rule::kw_calls => "`calls`",
    Rule::kw_order => "`order`",
    Rule::kw_input => "`input`",
    Rule::kw_output => "`output`",
    Rule::kw_last => "`last`",
    Rule::kw_null | Rule::kw_true | Rule::kw_false => return None,
    _ => return None,
  })
}
