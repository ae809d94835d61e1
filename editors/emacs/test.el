;;; test.el --- orch-mode, tried without a screen  -*- lexical-binding: t; -*-

;;; Commentary:
;; `editors/test' runs this: emacs -Q --batch -L editors/emacs -l editors/emacs/test.el -f ert-run-tests-batch-and-exit.

;;; Code:

(require 'ert)
(require 'orch-mode)

(defvar orch-test-root (expand-file-name "../.." (file-name-directory (or load-file-name buffer-file-name))))

(defmacro orch-test-with (file &rest body)
  "Open FILE of the repository, shown as on a screen, and do BODY."
  (declare (indent 1))
  `(let ((buffer (find-file-noselect (expand-file-name ,file orch-test-root))))
     (with-current-buffer buffer
       (font-lock-ensure)
       (goto-char (point-min))
       (unwind-protect (progn ,@body)
         (set-buffer-modified-p nil)
         (kill-buffer buffer)))))

(defun orch-test-face (before piece)
  "The face of PIECE at its first place behind BEFORE."
  (goto-char (point-min))
  (let ((case-fold-search nil))
    (should (re-search-forward (concat (regexp-quote before) "\\(" (regexp-quote piece) "\\)") nil t)))
  (let ((face (get-text-property (match-beginning 1) 'face)))
    (if (listp face) (car face) face)))

(ert-deftest orch-test-faces ()
  (orch-test-with "tests/data/whole.orch"
    (should (eq major-mode 'orch-mode))
    (dolist (one '(("" "//! Every" font-lock-comment-delimiter-face)
                   ("" "worker" font-lock-keyword-face) ("worker " "list_issues" font-lock-function-name-face)
                   ("type " "Shape" font-lock-type-face) ("number: " "int" font-lock-type-face)
                   ("let " "limit_of" font-lock-constant-face) ("env { " "TOKEN" font-lock-variable-name-face)
                   ("  " "timeout" font-lock-keyword-face) ("outcomes = " "each" font-lock-keyword-face)
                   ("" "succeeded" font-lock-builtin-face) ("next: " "null" font-lock-constant-face)
                   ("and " "not" font-lock-keyword-face) ("  " "mock = " font-lock-variable-name-face)
                   ("string(" "/^" font-lock-string-face) ("\"\"\"\n    " "one" font-lock-string-face)))
      (should (equal (list one (nth 2 one)) (list one (orch-test-face (nth 0 one) (nth 1 one))))))))

(ert-deftest orch-test-indents ()
  (dolist (file '("examples/daily_triage.orch" "examples/deployment_pipeline.orch" "examples/issue_router.orch"
                  "examples/content_calendar.orch" "tests/data/whole.orch"))
    (orch-test-with file
      (let ((before (buffer-string)))
        (let ((inhibit-message t)) (indent-region (point-min) (point-max)))
        (should (equal (substring-no-properties before) (buffer-substring-no-properties (point-min) (point-max))))))))

(ert-deftest orch-test-menu-and-comments ()
  (orch-test-with "tests/data/whole.orch"
    (require 'imenu)
    (let ((index (funcall imenu-create-index-function)))
      (should (assoc "list_issues" index))
      (should (assoc "Shape" (assoc "Types" index))))
    (goto-char (point-min))
    (search-forward "type Issue")
    (comment-line 1)
    (forward-line -1)
    (should (looking-at "// type Issue"))))

(ert-deftest orch-test-compile ()
  (require 'compile)
  (let ((entry (assq 'orch compilation-error-regexp-alist-alist)))
    (should (string-match (nth 1 entry) "   ╭─[a/b.orch:1:12]"))
    (should (equal "1" (match-string 2 "   ╭─[a/b.orch:1:12]")))))

(ert-deftest orch-test-eglot ()
  (skip-unless (require 'eglot nil t))
  (should (assq 'orch-mode eglot-server-programs)))

;;; test.el ends here
