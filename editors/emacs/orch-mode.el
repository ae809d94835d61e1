;;; orch-mode.el --- Major mode for orch programs  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Colours, indentation, `compile' with `orch check', imenu, and eglot with `orch lsp'.
;; tests/editors.rs of orch holds the words below equal to those of the language.

;;; Code:

(defgroup orch nil
  "Programs of orch."
  :group 'languages
  :prefix "orch-")

(defcustom orch-program "orch"
  "The orch program: a name, or where it is."
  :type 'string
  :group 'orch)

(defcustom orch-indent-offset 2
  "By how many columns what is in brackets is indented."
  :type 'integer
  :safe #'integerp
  :group 'orch)

(defconst orch-declaration-words
  '("import" "from" "as" "type" "let" "contract" "input" "output" "worker" "orchestrator" "pattern" "pool"
    "secret" "profile" "defaults" "limit" "test" "allow" "on" "schedule" "tz" "webhook" "signed" "env")
  "Words of declarations.")

(defconst orch-control-words
  '("if" "then" "else" "match" "each" "in" "repeat" "up" "to" "until" "last" "for" "attempt" "catch" "fail"
    "require" "return" "when" "yield" "stage" "with" "after" "undo" "finally" "dispatch" "run")
  "Words of steps and nodes.")

(defconst orch-setting-words
  '("exec" "shell" "mock" "stdin" "cwd" "expect" "uses" "permit" "timeout" "deadline" "delay" "retry"
    "backoff" "fixed" "unless" "concurrent" "rate" "per" "idempotent" "collect" "no" "tolerate" "stop" "hedge"
    "breaker" "cache" "heartbeat" "budget" "echo" "hang" "malformed" "first" "calls" "order" "failure"
    "overlap" "by" "cancel" "wait" "at" "seed" "set")
  "Words of settings, policies and tests.")

(defconst orch-operator-words
  '("and" "or" "not")
  "Words between values.")

(defconst orch-constant-words
  '("true" "false" "null")
  "Words that are values.")

(defconst orch-special-words
  '("error" "it" "previous")
  "Names that the language defines.")

(defconst orch-type-names
  '("string" "int" "float" "bool" "time" "duration" "file" "dir" "json" "secret" "pool" "map" "Failure"
    "Handle" "Outcome" "Plan" "Result_of" "WorkerCard")
  "Types that are always there.")

(defconst orch-function-names
  '("len" "count" "any" "all" "find" "sum" "min" "max" "avg" "sort_by" "group_by" "unique" "flatten" "take"
    "chunk" "range" "zip" "keys" "values" "merge" "join" "split" "lines" "trim" "lower" "upper" "replace"
    "contains" "starts_with" "ends_with" "matches" "string" "int" "float" "json" "parse_json" "format"
    "url_encode" "succeeded" "failures" "first" "last" "round" "ceil" "floor" "abs" "hash")
  "Functions that are always there.")


(defvar orch-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?_ "w" table)
    (modify-syntax-entry ?/ ". 12" table)
    (modify-syntax-entry ?\n ">" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    (modify-syntax-entry ?' "." table)
    table)
  "Comments, strings and words of orch.")

(defun orch--words (words &optional behind)
  "A regexp of WORDS that are no fields, with BEHIND after them."
  (concat "\\(?:^\\|[^.[:word:]]\\)" "\\(" (regexp-opt words) "\\)\\>" (or behind "")))

(defun orch--free-word (words)
  "A matcher of WORDS where they are no names.
Before `:', `=', `.' and `(' they are."
  (let ((regexp (orch--words words)))
    (lambda (limit)
      (let (found)
        (while (and (not found) (re-search-forward regexp limit t))
          (goto-char (match-end 1))
          (setq found (save-match-data
                        (not (looking-at "[ \t]*\\(?::\\|=[^=>]\\|\\?\\.\\|[.(]\\)")))))
        found))))

(defvar orch-font-lock-keywords
  `(("^[ \t]*\\(worker\\|orchestrator\\|pattern\\)[ \t]+\\(\\w+\\)"
     (1 font-lock-keyword-face) (2 font-lock-function-name-face))
    ("^[ \t]*\\(type\\|contract\\)[ \t]+\\(\\w+\\)" (1 font-lock-keyword-face) (2 font-lock-type-face))
    ("^[ \t]*\\(let\\|pool\\|secret\\)[ \t]+\\(\\w+\\)" (1 font-lock-keyword-face) (2 font-lock-constant-face))
    ("^\\(profile\\|limit\\|defaults\\)[ \t]+\\(\\w+\\)" (1 font-lock-keyword-face) (2 font-lock-constant-face))
    ("^[ \t]*\\(allow\\)[ \t]+\\([[:word:]/-]+\\)" (1 font-lock-preprocessor-face) (2 font-lock-constant-face))
    ("^[ \t]*\\(\\w+\\)[ \t]*=[^=>]" (1 font-lock-variable-name-face))
    ("\\(?:^\\|[^.]\\)\\<\\(\\w+\\)[ \t]*\\??[ \t]*:" (1 font-lock-variable-name-face))
    (,(orch--words orch-function-names "(") (1 font-lock-builtin-face))
    (,(orch--words '("worker") "(") (1 font-lock-type-face))
    ("\\(?:[:|<]\\|->\\|\\<as\\>\\)[ \t]*\\[?\\(\\w+\\)" (1 (when (member (match-string 1) orch-type-names) 'font-lock-type-face)))
    (,(orch--free-word orch-control-words) (1 font-lock-keyword-face))
    (,(orch--free-word (append orch-declaration-words orch-setting-words)) (1 font-lock-keyword-face))
    (,(orch--words orch-operator-words) (1 font-lock-keyword-face))
    (,(orch--words orch-constant-words) (1 font-lock-constant-face))
    (,(orch--words (cons "run" orch-special-words)) (1 font-lock-builtin-face))
    (,(orch--words '("string" "int" "float" "bool")) (1 font-lock-type-face))
    ("\\(?:^\\|[^.[:word:]]\\)\\([A-Z]\\w*\\)" (1 font-lock-type-face))
    ("\\(?:^\\|[^.[:word:]]\\)\\([a-z_]\\w*\\)(" (1 font-lock-function-name-face))
    ("\\${[^}\n]*}" (0 font-lock-variable-name-face prepend)))
  "What is shown how.")

(defconst orch--syntax-propertize
  (syntax-propertize-rules
   ("\"\"\"" (0 (ignore (orch--propertize-text))))
   ("([ \t]*\\(/\\)[^/\n]\\(?:\\\\.\\|[^/\\\n]\\)*\\(/\\)[ \t]*)" (1 "|") (2 "|")))
  "Texts of several lines, and regular expressions.")

(defun orch--propertize-text ()
  "Make the quotes around point a fence, unless they stand in a comment."
  (let* ((start (match-beginning 0))
         (state (save-excursion (syntax-ppss start))))
    (cond ((nth 4 state))
          ((eq (nth 3 state) t)
           (put-text-property (1- (match-end 0)) (match-end 0) 'syntax-table (string-to-syntax "|")))
          ((null (nth 3 state))
           (put-text-property start (1+ start) 'syntax-table (string-to-syntax "|"))))))

(defconst orch-going-on
  "[=!<>]=\\|[+*%]\\|\\?\\?\\|\\(?:and\\|or\\)\\_>"
  "What begins a line that goes on with the line before.")

(defun orch-indent-line ()
  "Indent this line by the brackets that are open before it, further if it goes on with the line before."
  (interactive)
  (let* ((state (save-excursion (syntax-ppss (line-beginning-position))))
         (column (save-excursion
                   (back-to-indentation)
                   (let ((closing (looking-at "[])}]"))
                        (going-on (if (looking-at orch-going-on) orch-indent-offset 0)))
                    (cond ((nth 3 state) nil)
                          ((null (nth 1 state)) going-on)
                          (t (goto-char (nth 1 state))
                             (+ (current-indentation) (if closing 0 orch-indent-offset) going-on)))))))
    (when column
      (if (<= (current-column) (current-indentation))
          (indent-line-to column)
        (save-excursion (indent-line-to column))))))

(defvar orch-imenu-expression
  '((nil "^\\(?:worker\\|orchestrator\\|pattern\\)[ \t]+\\(\\w+\\)" 1)
    ("Types" "^\\(?:type\\|contract\\)[ \t]+\\(\\w+\\)" 1)
    ("Constants" "^\\(?:let\\|pool\\|secret\\)[ \t]+\\(\\w+\\)" 1)
    ("Tests" "^test[ \t]+\"\\([^\"]+\\)" 1))
  "The declarations of a file.")

;;;###autoload
(define-derived-mode orch-mode prog-mode "orch"
  "Programs of orch."
  (setq-local comment-start "// ")
  (setq-local comment-start-skip "//[/!]*[ \t]*")
  (setq-local comment-end "")
  (setq-local indent-tabs-mode nil)
  (setq-local indent-line-function #'orch-indent-line)
  (setq-local electric-indent-chars (append "{}[]()" electric-indent-chars))
  (setq-local syntax-propertize-function orch--syntax-propertize)
  (setq-local font-lock-defaults '(orch-font-lock-keywords))
  (setq-local imenu-generic-expression orch-imenu-expression)
  (when buffer-file-name
    (setq-local compile-command
                (concat (shell-quote-argument orch-program) " check --color never "
                        (shell-quote-argument (file-name-nondirectory buffer-file-name))))))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.orch\\'" . orch-mode))

(defvar compilation-error-regexp-alist)
(defvar compilation-error-regexp-alist-alist)
(defvar eglot-server-programs)

(with-eval-after-load 'compile
  (add-to-list 'compilation-error-regexp-alist-alist
               '(orch "^[ \t]*╭─\\[\\(.+\\):\\([0-9]+\\):\\([0-9]+\\)\\]$" 1 2 3))
  (add-to-list 'compilation-error-regexp-alist 'orch))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '(orch-mode . (lambda (&rest _) (list orch-program "lsp")))))

(provide 'orch-mode)
;;; orch-mode.el ends here
