; Which node is shown how, by the names of captures that Neovim, Helix, Zed and the tree-sitter tools share.

(comment) @comment
(doc_comment) @comment.documentation

; ---- declarations ----

(import "import" @keyword.import "from" @keyword.import)
(imported_name "as" @keyword.import)
(imported_name name: (identifier) @variable)
(imported_name alias: (identifier) @variable)

["type" "let" "contract" "pool" "secret" "profile" "defaults" "limit" "pattern"] @keyword
["worker" "orchestrator" "test"] @keyword.function
(type_worker "worker" @type.builtin)
(trigger "on" @keyword)
["schedule" "tz" "webhook" "signed" "input" "output" "env"] @keyword
(event "as" @keyword)

(type_item name: (identifier) @type.definition)
(contract name: (identifier) @type.definition)
(contract_ref (identifier) @type)
(worker name: (identifier) @function)
(orchestrator name: (identifier) @function)
(pattern_item name: (identifier) @function)
(let_item name: (identifier) @function parameters: (params))
(let_item name: (identifier) @constant . "=")
(let_item name: (identifier) @constant . ":")
(pool name: (identifier) @constant)
(secret name: (identifier) @constant)
(profile name: (identifier) @module)
(defaults name: (identifier) @module)
(limit name: (identifier) @module)
(param name: (identifier) @variable.parameter)
(type_params (identifier) @type)
(replacement name: (identifier) @variable)
(webhook (identifier) @variable)
(event name: (identifier) @variable.parameter)
(version) @number

(allow "allow" @keyword.directive code: (code_name) @label)

; ---- workers and policies ----

["exec" "shell" "mock" "stdin" "cwd" "expect" "uses" "permit"] @keyword
["timeout" "deadline" "delay" "retry" "backoff" "fixed" "unless" "concurrent" "rate" "per" "tolerate" "stop" "hedge"
 "breaker" "cache" "heartbeat" "budget" "no"] @keyword
[(idempotent_policy) (collect_policy)] @keyword
(retry_on "on" @keyword)
["echo" "hang" "malformed" "first" "calls" "order"] @keyword
(mock_rule "else" @keyword.conditional)
(mock_on "on" @keyword)
(mock_return "return" @keyword)
(mock_fail "fail" @keyword.exception)
(mock_order "in" @keyword)
(mock_fail kind: (identifier) @label)
(failure_filter kind: (identifier) @label)
(no_policy policy: (identifier) @label)
(permit_entry name: (identifier) @property)
(budget_entry name: (identifier) @property)
(breaker_entry name: (identifier) @property)
(limit_policy name: (identifier) @module)
(group_spread (identifier) @module)
[(percentage) (money)] @number

; ---- steps and nodes ----

["if" "then" "match"] @keyword.conditional
(if_node "else" @keyword.conditional)
(if_expression "else" @keyword.conditional)
(else_arm "else" @keyword.conditional)
(expression_else "else" @keyword.conditional)
["each" "repeat" "up" "to" "until" "for" "in" "from"] @keyword.repeat
(repeat_else "else" @keyword.repeat)
(repeat_else "last" @keyword.repeat)
["return" "yield"] @keyword.return
["attempt" "catch" "fail" "undo" "finally"] @keyword.exception
["require" "stage" "with" "after" "when" "dispatch" "overlap" "by"] @keyword
(run_plan "run" @keyword)
(on_failure "on" @keyword.exception "failure" @keyword.exception)
["wait" "at" "seed" "set" "cancel"] @keyword

(named_step name: (identifier) @variable)
(test_named name: (identifier) @variable)
(test_mock name: (identifier) @function)
(test_profile name: (identifier) @module)
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
(call function: (identifier) @function.call)
(call function: (special) @variable.builtin)
((call function: (identifier) @function.builtin)
 (#any-of? @function.builtin
  "len" "count" "any" "all" "find" "sum" "min" "max" "avg" "sort_by" "group_by" "unique" "flatten" "take" "chunk" "range"
  "zip" "keys" "values" "merge" "join" "split" "lines" "trim" "lower" "upper" "replace" "contains" "starts_with"
  "ends_with" "matches" "string" "int" "float" "json" "parse_json" "format" "url_encode" "succeeded" "failures" "first"
  "last" "round" "ceil" "floor" "abs" "hash"))
(argument label: (identifier) @variable.parameter)
(argument label: (string) @variable.parameter)
(record_field name: (identifier) @property)
(record_field name: (string) @property)
(field_access field: (identifier) @property)
(optional_access field: (identifier) @property)
(comprehension item: (identifier) @variable.parameter)

; ---- types ----

(type_name name: (identifier) @type)
((type_name name: (identifier) @type.builtin)
 (#any-of? @type.builtin
  "string" "int" "float" "bool" "time" "duration" "file" "dir" "json" "map" "secret" "pool" "Failure" "Handle" "Outcome" "Plan"
  "Result_of" "WorkerCard"))
(contract_side (identifier) @property)
(field_type name: (identifier) @property)
(field_type name: (string) @property)
(range (identifier) @constant)
(open_record) @operator
(regex) @string.regexp

; ---- literals ----

(number) @number
(boolean) @boolean
(null) @constant.builtin
(string) @string
(raw_string) @string
(escape) @string.escape
(interpolation "${" @punctuation.special "}" @punctuation.special)
