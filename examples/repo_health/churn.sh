# churn.sh ROOT HEAD COMMITS: which of today's files the latest commits changed most often.
root=$1 head=$2 tree=$2
. "${0%/*}/common.sh"
history "$3" '%x02' --no-merges --no-renames -z --name-only > "$TMPDIR/log"
[ "$head" = null ] || files > "$TMPDIR/files"
[ "$head" != null ] || : > "$TMPDIR/files"
tr '\n\0' '\001\n' < "$TMPDIR/log" > "$TMPDIR/lines"
compute '
  FILENAME ~ /files$/ { listed($0); here[PATH]; next }
  /^\002/ { commits++; first = 1; next }
  { if (first) sub(/^\001/, ""); first = 0 }
  $0 in here && !is_generated($0) { count[$0]++ }
  END { print commits + 0; for (path in count) print count[path] "\t" path }' "$TMPDIR/files" "$TMPDIR/lines" > "$TMPDIR/count"
{ sed 1q "$TMPDIR/count"; sed 1d "$TMPDIR/count" | sort -t '	' -k1,1nr -k2; } > "$TMPDIR/sorted"
compute '
  BEGIN { FS = "\t" }
  NR == 1 { commits = $1; next }
  NR <= 11 {
    path = substr($0, index($0, "\t") + 1)
    spots = spots (spots == "" ? "" : ",") "{\"path\":" quote(path) ",\"commits\":" $1 "}"
  }
  END { printf "{\"commits\":%d,\"files\":%d,\"hotspots\":[%s]}\n", commits, NR - 1, spots }' "$TMPDIR/sorted"
