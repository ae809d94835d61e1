; Where lines go in and out.

[
  (worker_body) (block) (test_body) (type_record) (record) (list) (contract) (profile) (defaults) (limit) (permit) (budget)
  (mock_script) (breaker_policy) (match_node) (match_expression) (params) (arguments) (import) (group)
] @indent

["}" "]" ")"] @outdent
