# activity.sh ROOT HEAD NOW COMMITS: how much was committed, by how many, how long ago.
root=$1 head=$2
. "${0%/*}/common.sh"
history "$4" '%ct %aE' > "$TMPDIR/log"
export now="$3" most="$4"
compute '
  BEGIN { now = ENVIRON["now"] + 0; most = ENVIRON["most"] + 0 }
  {
    days = now > $1 ? int((now - $1) / 86400) : 0
    if (NR == 1 || days < last) last = days
    if (days <= 30) month++
    if (days <= 90) { quarter++; author[tolower($2)] }
    if (days <= 365) year++
  }
  END {
    for (one in author) authors++
    printf "{\"commits\":%d,\"capped\":%s,\"last_days\":%s,\"days_30\":%d,\"days_90\":%d,\"days_365\":%d,\"authors_90\":%d}\n",
      NR, truth(NR >= most), or_null(NR, last), month, quarter, year, authors
  }' "$TMPDIR/log"
