# authors.sh ROOT HEAD COMMITS: on how many people the latest commits rest. Merges and bots do not count.
root=$1 head=$2
. "${0%/*}/common.sh"
history "$3" '%aE%x09%aN' --no-merges > "$TMPDIR/log"
compute '
  BEGIN { FS = "\t" }
  /\[bot\]|dependabot|renovate/ { next }
  { key = tolower($1); count[key]++; if (!(key in name)) name[key] = $2 }
  END { for (key in count) print count[key] "\t" name[key] }' "$TMPDIR/log" | sort -t '	' -k1,1nr -k2 > "$TMPDIR/count"
compute '
  BEGIN { FS = "\t" }
  { count[NR] = $1; all += $1; if (NR == 1) name = $2 }
  END {
    while (all && 2 * sum <= all) sum += count[++factor]
    printf "{\"commits\":%d,\"authors\":%d,\"factor\":%s,\"top_author\":%s,\"top_percent\":%s}\n",
      all, NR, or_null(NR, factor), NR ? quote(clip(name, 100)) : "null", or_null(NR, int(100 * count[1] / (all ? all : 1) + 0.5))
  }' "$TMPDIR/count"
