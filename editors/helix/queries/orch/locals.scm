; Where names are defined and what they reach.

[(worker) (orchestrator) (pattern_item) (let_item) (block) (each) (list) (test_body)] @local.scope

(param name: (identifier) @local.definition.variable.parameter)
(each item: (identifier) @local.definition.variable.parameter)
(each index: (identifier) @local.definition.variable.parameter)
(comprehension item: (identifier) @local.definition.variable.parameter)

(reference (identifier) @local.reference)
