; The declarations of a file.

(worker "worker" @context name: (identifier) @name) @item
(orchestrator "orchestrator" @context name: (identifier) @name) @item
(pattern_item "pattern" @context name: (identifier) @name) @item
(type_item "type" @context name: (identifier) @name) @item
(contract "contract" @context name: (identifier) @name) @item
(let_item "let" @context name: (identifier) @name) @item
(pool "pool" @context name: (identifier) @name) @item
(profile "profile" @context name: (identifier) @name) @item
(test "test" @context name: (string) @name) @item
[(comment) (doc_comment)] @annotation
