; Which node is shown how, by Helix's names of captures. What it says is that of tree-sitter-orch/queries/highlights.scm.

(comment) @comment
(doc_comment) @comment.block.documentation

; ---- declarations ----

(import "import" @keyword.control.import "from" @keyword.control.import)
(imported_name "as" @keyword.control.import)
(imported_name name: (identifier) @variable)
(imported_name alias: (identifier) @variable)

["type" "let" "contract" "pool" "secret" "profile" "defaults" "limit" "pattern"] @keyword
["worker" "orchestrator" "test"] @keyword.function
(type_worker "worker" @type.builtin)
(trigger "on" @keyword)
["schedule" "tz" "webhook" "signed" "input" "output" "env"] @keyword
(event "as" @keyword)

(type_item name: (identifier) @type)
(contract name: (identifier) @type)
(contract_ref (identifier) @type)
(worker name: (identifier) @function)
(orchestrator name: (identifier) @function)
(pattern_item name: (identifier) @function)
(let_item name: (identifier) @function parameters: (params))
(let_item name: (identifier) @constant . "=")
(let_item name: (identifier) @constant . ":")
(pool name: (identifier) @constant)
(secret name: (identifier) @constant)
(profile name: (identifier) @namespace)
(defaults name: (identifier) @namespace)
(limit name: (identifier) @namespace)
(param name: (identifier) @variable.parameter)
(type_params (identifier) @type)
(replacement name: (identifier) @variable)
(webhook (identifier) @variable)
(event name: (identifier) @variable.parameter)
(version) @constant.numeric

(allow "allow" @keyword.directive code: (code_name) @label)

; ---- workers and policies ----

["exec" "shell" "mock" "stdin" "cwd" "expect" "uses" "permit"] @keyword
["timeout" "deadline" "delay" "retry" "backoff" "fixed" "unless" "concurrent" "rate" "per" "tolerate" "stop" "hedge"
 "breaker" "cache" "heartbeat" "budget" "no"] @keyword
[(idempotent_policy) (collect_policy)] @keyword
(retry_on "on" @keyword)
["echo" "hang" "malformed" "first" "calls" "order"] @keyword
(mock_rule "else" @keyword.control.conditional)
(mock_on "on" @keyword)
(mock_return "return" @keyword)
(mock_fail "fail" @keyword.control.exception)
(mock_order "in" @keyword)
(mock_fail kind: (identifier) @label)
(failure_filter kind: (identifier) @label)
(no_policy policy: (identifier) @label)
(permit_entry name: (identifier) @variable.other.member)
(budget_entry name: (identifier) @variable.other.member)
(breaker_entry name: (identifier) @variable.other.member)
(limit_policy name: (identifier) @namespace)
(group_spread (identifier) @namespace)
[(percentage) (money)] @constant.numeric

; ---- steps and nodes ----

["if" "then" "match"] @keyword.control.conditional
(if_node "else" @keyword.control.conditional)
(if_expression "else" @keyword.control.conditional)
(else_arm "else" @keyword.control.conditional)
(expression_else "else" @keyword.control.conditional)
["each" "repeat" "up" "to" "until" "for" "in" "from"] @keyword.control.repeat
(repeat_else "else" @keyword.control.repeat)
(repeat_else "last" @keyword.control.repeat)
["return" "yield"] @keyword.control.return
["attempt" "catch" "fail" "undo" "finally"] @keyword.control.exception
["require" "stage" "with" "after" "when" "dispatch" "overlap" "by"] @keyword
(run_plan "run" @keyword)
(on_failure "on" @keyword.control.exception "failure" @keyword.control.exception)
["wait" "at" "seed" "set" "cancel"] @keyword

(named_step name: (identifier) @variable)
(test_named name: (identifier) @variable)
(test_mock name: (identifier) @function)
(test_profile name: (identifier) @namespace)
(test_set name: (identifier) @variable)
(stage_step name: (identifier) @label)
(after_clause (identifier) @variable)
(each item: (identifier) @variable.parameter)
(each index: (identifier) @variable.parameter)
(overlap policy: (identifier) @label)

; ---- expressions ----

["and" "or" "not"] @keyword.operator
(cast "as" @keyword.operator)
(binary operator: _ @operator)
(unary "-" @operator)
(pattern "-" @operator)
["=" "=>" "->" ".." "..." "?" "|"] @operator
["." "?." "," ":" "@"] @punctuation.delimiter
["(" ")" "[" "]" "{" "}"] @punctuation.bracket

(reference (identifier) @variable)
(reference (special) @variable.builtin)
(call function: (identifier) @function)
(call function: (special) @variable.builtin)
((call function: (identifier) @function.builtin)
 (#any-of? @function.builtin
  "len" "count" "any" "all" "find" "sum" "min" "max" "avg" "sort_by" "group_by" "unique" "flatten" "take" "chunk" "range"
  "zip" "keys" "values" "merge" "join" "split" "lines" "trim" "lower" "upper" "replace" "contains" "starts_with"
  "ends_with" "matches" "string" "int" "float" "json" "parse_json" "format" "url_encode" "succeeded" "failures" "first"
  "last" "round" "ceil" "floor" "abs" "hash"))
(argument label: (identifier) @variable.parameter)
(argument label: (string) @variable.parameter)
(record_field name: (identifier) @variable.other.member)
(record_field name: (string) @variable.other.member)
(field_access field: (identifier) @variable.other.member)
(optional_access field: (identifier) @variable.other.member)
(comprehension item: (identifier) @variable.parameter)

; ---- types ----

(type_name name: (identifier) @type)
((type_name name: (identifier) @type.builtin)
 (#any-of? @type.builtin
  "string" "int" "float" "bool" "time" "duration" "file" "dir" "json" "map" "secret" "pool" "Failure" "Handle" "Outcome" "Plan"
  "Result_of" "WorkerCard"))
(contract_side (identifier) @variable.other.member)
(field_type name: (identifier) @variable.other.member)
(field_type name: (string) @variable.other.member)
(range (identifier) @constant)
(open_record) @operator
(regex) @string.regexp

; ---- literals ----

(number) @constant.numeric
(boolean) @constant.builtin.boolean
(null) @constant.builtin
(string) @string
(raw_string) @string
(escape) @constant.character.escape
(interpolation "${" @punctuation.special "}" @punctuation.special)
