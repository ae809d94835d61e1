# words.sh PAGE...: how often each word stands in the pages, as JSON.
set -eu
export LC_ALL=C
cat -- "$@" > "$TMPDIR/text"
tr -cs '[:alpha:]' '\n' < "$TMPDIR/text" | tr '[:upper:]' '[:lower:]' | awk 'length($0) > 2 { print $0, 1 }' |
  sh "${0%/*}/sum.sh"
