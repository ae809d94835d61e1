# forge.sh ci|approve|ask NUMBER [WHY]: stands for the client of a forge. The tests of change 3 are red.
set -eu
case $1 in
  ci) if [ "$2" = 3 ]; then echo red; else echo green; fi ;;
  approve) printf 'POST /changes/%s/reviews: approve\n' "$2" >&2 ;;
  ask) printf 'POST /changes/%s/reviewers: %s\n' "$2" "$3" >&2 ;;
esac
