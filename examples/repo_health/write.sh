# write.sh BASE PATH: writes standard input to PATH, whole or not at all. What is there and is no summary of ours stays.
set -eu
case $2 in /*) to=$2 ;; *) to=$1/$2 ;; esac
if [ -d "$to" ]; then
  echo "$to is a directory" >&2
  exit 1
fi
if [ -s "$to" ] && ! head -n 1 -- "$to" | grep -q '^# Repository health: '; then
  echo "$to is there already and was not written by this example" >&2
  exit 1
fi
cat > "$TMPDIR/summary"
cp -- "$TMPDIR/summary" "$to.new"
mv -- "$to.new" "$to"
printf '%s' "$to"
