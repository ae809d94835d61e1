; What an editor may select or jump to.

(worker body: (_) @function.inner) @function.outer
(orchestrator body: (_) @function.inner) @function.outer
(pattern_item body: (_) @function.inner) @function.outer
(test body: (_) @function.inner) @function.outer
(let_item value: (_) @function.inner) @function.outer

(type_item type: (_) @class.inner) @class.outer
(contract) @class.outer

(block) @block.outer
(each) @loop.outer
(each body: (_) @loop.inner)
(each value: (_) @loop.inner)
(repeat body: (_) @loop.inner) @loop.outer
(if_node) @conditional.outer
(if_expression) @conditional.outer
(match_node) @conditional.outer
(match_expression) @conditional.outer

(call) @call.outer
(arguments) @call.inner
(param) @parameter.outer
(argument) @parameter.outer
(param name: (_) @parameter.inner)

(named_step name: (_) @assignment.lhs value: (_) @assignment.rhs) @assignment.outer
[(named_step) (gate) (require_step) (return_step) (yield_step) (stage_step)] @statement.outer

(comment)+ @comment.outer
(doc_comment)+ @comment.outer
(number) @number.inner
