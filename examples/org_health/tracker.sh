# tracker.sh PATH TITLE: stands for a POST to a tracker. The text comes on standard input.
set -eu
printf 'POST %s %s\n' "$1" "$2" >&2
cat >&2
printf '{"url":"https://tracker.example/%s"}' "$1"
