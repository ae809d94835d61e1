# bulk.sh ROOT TREE: source files that are hard to read for their size, and files that are there twice.
root=$1 tree=$2
. "${0%/*}/common.sh"
files > "$TMPDIR/files"
search -c '' > "$TMPDIR/counts"
search -n -E -e '^.{301}' > "$TMPDIR/lines"
export prefix=$((${#tree} + 1))
compute '
  function source(path) { return language(path) != "" && !is_generated(path) }
  FILENAME ~ /files$/ {
    listed($0)
    if (MODE ~ /^100/ && BYTES + 0 > 1048576) { heavy++; print "heavy\t" BYTES "\t0\t" PATH }
    if (MODE ~ /^100/ && BYTES + 0 > 200 && source(PATH)) {
      if (HASH in owner) { twice++; bad[PATH]; print "twice\t" BYTES "\t0\t" PATH "\t" owner[HASH] } else owner[HASH] = PATH
    }
    next
  }
  !found($0, ENVIRON["prefix"] + 0) || !source(PATH) { next }
  FILENAME ~ /counts$/ {
    all++
    if (NUMBER > 1000) { large++; bad[PATH]; print "large\t" NUMBER "\t0\t" PATH }
    next
  }
  { wide++; if (!(PATH in seen)) { seen[PATH]; bad[PATH]; print "wide\t" length(TEXT) "\t" NUMBER "\t" PATH } }
  END { for (path in bad) worse++; print "~\t" all + 0 "\t" worse + 0 "\t" large + 0 "\t" wide + 0 "\t" twice + 0 "\t" heavy + 0 }' \
  "$TMPDIR/files" "$TMPDIR/counts" "$TMPDIR/lines" > "$TMPDIR/all"
sort -t '	' -k1,1 -k2,2nr -k4 "$TMPDIR/all" > "$TMPDIR/sorted"
compute '
  BEGIN { FS = "\t" }
  $1 == "~" {
    printf "{\"files\":%d,\"awkward\":%d,\"large\":%d,\"wide_lines\":%d,\"copies\":%d,\"heavy\":%d,\"places\":[%s]}\n", $2, $3, $4, $5, $6, $7, places
    next
  }
  count[$1]++ < 5 {
    places = places (places == "" ? "" : ",") "{\"kind\":" quote($1) ",\"path\":" quote($4) ",\"line\":" ($3 ? $3 : 1) ",\"size\":" $2 ",\"same_as\":" ($5 == "" ? "null" : quote($5)) "}"
  }' "$TMPDIR/sorted"
