# work.sh NUMBER TITLE: stands for a session of an agent. Typos are merged at once.
set -eu
printf 'session for #%s: %s\n' "$1" "$2" >&2
case $2 in
  *typo*) printf '{"merged":true}' ;;
  *) printf '{"merged":false}' ;;
esac
