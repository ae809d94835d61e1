; Where lines go in and out, in Neovim's words.

[
  (worker_body) (block) (test_body) (type_record) (record) (list) (contract) (profile) (defaults) (limit) (permit) (budget)
  (mock_script) (breaker_policy) (match_node) (match_expression) (params) (arguments) (import) (group)
] @indent.begin

["}" "]" ")"] @indent.branch
["}" "]" ")"] @indent.end

[(comment) (doc_comment) (string) (raw_string)] @indent.auto
(ERROR) @indent.auto
