# measure.sh NAME LIMIT: one number out of the file $FACTS, as a finding.
set -eu
value=$(awk -v name="$1" '$1 == name { print $2 }' "$FACTS")
if [ -z "$value" ]; then
  printf 'nothing is known of %s\n' "$1" >&2
  exit 1
fi
printf '{"name":"%s","value":%d,"limit":%d}' "$1" "$value" "$2"
