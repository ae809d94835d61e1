; What may be folded away.

[
  (worker_body) (block) (test_body) (type_record) (record) (list) (contract) (profile) (defaults) (limit) (permit) (budget)
  (mock_script) (breaker_policy) (match_node) (match_expression) (params) (import) (raw_string) (string)
] @fold

((doc_comment)+ @fold)
((comment)+ @fold)
