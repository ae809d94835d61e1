# freshness.sh ROOT HEAD NOW COMMITS: how far the documents lag behind the code, in the latest commits.
root=$1 head=$2 tree=$2
. "${0%/*}/common.sh"
history "$4" '%x02%ct' --no-merges --no-renames -z --name-only > "$TMPDIR/log"
[ "$head" = null ] || files > "$TMPDIR/files"
[ "$head" != null ] || : > "$TMPDIR/files"
tr '\n\0' '\001\n' < "$TMPDIR/log" > "$TMPDIR/lines"
export now="$3"
compute '
  function days(then) { return ENVIRON["now"] > then + 0 ? int((ENVIRON["now"] - then) / 86400) : 0 }
  function is_code(path) { return language(path) != "" && !is_document(path) }
  FILENAME ~ /files$/ { listed($0); if (is_document(PATH)) documents++; if (is_code(PATH)) code++; next }
  /^\002/ { tally(); commits++; when = substr($0, 2) + 0; first = 1; document = coded = 0; next }
  { if (first) sub(/^\001/, ""); first = 0 }
  is_document($0) { document = 1 }
  is_code($0) { coded = 1 }
  # Commits come newest first: until a document was changed, each that changed code has left it behind.
  function tally() {
    if (!commits) return
    if (coded && code_when == "") code_when = when
    if (document && document_when == "") document_when = when
    if (coded && document_when == "") behind++
  }
  END {
    tally()
    printf "{\"commits\":%d,\"documents\":%d,\"code_files\":%d,\"document_days\":%s,\"code_days\":%s,\"behind\":%d}\n", commits, documents, code,
      or_null(document_when != "", days(document_when)), or_null(code_when != "", days(code_when)), behind
  }' "$TMPDIR/files" "$TMPDIR/lines"
