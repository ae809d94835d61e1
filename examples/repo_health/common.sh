# Sourced by the scripts beside it: git that no setting of a user or repository bends, and awk that can write JSON.
# They read what is committed at HEAD, never the working tree, so they are the same for bare and dirty repositories.
# Whatever git says goes to a file first: in a pipe its failure would be lost.
set -euf
here=${0%/*}
export LC_ALL=C GIT_TERMINAL_PROMPT=0 GIT_OPTIONAL_LOCKS=0 GIT_NO_LAZY_FETCH=1

repository() {
  git --no-pager -C "$root" -c core.quotePath=false -c core.fsmonitor=false -c submodule.recurse=false \
    -c log.showSignature=false -c grep.column=false -c grep.fallbackToNoIndex=false "$@"
}

# history COMMITS FORMAT [OPTION...]: the latest commits, newest first; nothing where there is none.
history() {
  most=$1 format=$2
  shift 2
  if [ "$head" != null ]; then
    repository log --no-color --no-ext-diff --max-count="$most" --format="$format" "$@" "$head" --
  fi
}

# search OPTION...: lines of all text files as `PATH \002 LINE \002 TEXT` (with `-c`: `PATH \002 COUNT`); only of the
# files that the patterns in $within name, if it is set.
within=
search() {
  code=0
  repository grep --no-color -I -z "$@" "$tree" -- $within > "$TMPDIR/search" 2> "$TMPDIR/said" || code=$?
  cat "$TMPDIR/said" >&2
  [ "$code" -le 1 ] || exit "$code"
  # A file that can't be read is no failure to `git grep`; here it is.
  if grep -q -E '^(error|fatal):' "$TMPDIR/said"; then exit 1; fi
  tr '\0' '\002' < "$TMPDIR/search"
}

# One line per file: `MODE TYPE HASH SIZE \t PATH`; a line break inside a path is \001.
files() {
  repository ls-tree -r -z -l "$tree" > "$TMPDIR/tree"
  tr '\n\0' '\001\n' < "$TMPDIR/tree"
}

# compute PROGRAM [FILE...]: awk with the functions of library.awk.
compute() {
  program=$(cat "$here/library.awk")$1
  shift
  awk "$program" "$@"
}
