; Which nodes are text of another language.

((shell_setting (raw_string (raw_text) @injection.content))
 (#set! injection.language "bash"))

((regex) @injection.content
 (#set! injection.language "regex"))
