; The declarations of a file, and what is called.

(worker name: (identifier) @name) @definition.function
(orchestrator name: (identifier) @name) @definition.function
(pattern_item name: (identifier) @name) @definition.function
(let_item name: (identifier) @name) @definition.constant
(type_item name: (identifier) @name) @definition.type
(contract name: (identifier) @name) @definition.interface
(pool name: (identifier) @name) @definition.constant
(profile name: (identifier) @name) @definition.module
(call function: (identifier) @name) @reference.call
(type_name name: (identifier) @name) @reference.type
