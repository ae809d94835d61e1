; What is selected as one thing.

(worker body: (_) @function.inside) @function.around
(orchestrator body: (_) @function.inside) @function.around
(pattern_item body: (_) @function.inside) @function.around
(type_item type: (_) @class.inside) @class.around
(contract) @class.around
[(comment) (doc_comment)]+ @comment.around
