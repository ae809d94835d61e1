# markers.sh ROOT TREE: comments in code that begin with a promise, and merge conflicts that were committed. Tests and
# documents may show what a conflict looks like.
root=$1 tree=$2
. "${0%/*}/common.sh"
search -c '' > "$TMPDIR/counts"
search -n -E -e '(//|#|/\*|^[[:space:]]*\*|--|;|<!--|%)[[:space:]]*(TODO|FIXME|XXX|HACK)([^A-Za-z0-9_]|$)' \
  -e '^<<<<<<< [^ ]' -e '^>>>>>>> [^ ]' > "$TMPDIR/lines"
export prefix=$((${#tree} + 1))
compute '
  FILENAME ~ /counts$/ { if (found($0, ENVIRON["prefix"] + 0) && language(PATH) != "") { files++; lines += NUMBER }; next }
  !found($0, ENVIRON["prefix"] + 0) { next }
  language(PATH) == "" { next }
  is_test(PATH) && TEXT ~ /^[<>]/ { next }
  TEXT ~ /^<<<<<<< / { start = NUMBER; in_ = PATH; text = TEXT; next }
  TEXT ~ /^>>>>>>> / { if (in_ == PATH) { conflicts++; add("conflict", PATH, start, text); in_ = "" }; next }
  match(TEXT, /(TODO|FIXME|XXX|HACK)/) {
    kind = tolower(substr(TEXT, RSTART, RLENGTH)); promises++
    add(kind, PATH, NUMBER, substr(TEXT, RSTART))
  }
  function add(kind, path, line, text) {
    if (count[kind]++ < 10)
      places = places (places == "" ? "" : ",") "{\"kind\":" quote(kind) ",\"path\":" quote(path) ",\"line\":" line ",\"text\":" quote(clip(text, 100)) "}"
  }
  END { printf "{\"files\":%d,\"lines\":%d,\"promises\":%d,\"conflicts\":%d,\"places\":[%s]}\n", files, lines, promises, conflicts, places }' \
  "$TMPDIR/counts" "$TMPDIR/lines"
