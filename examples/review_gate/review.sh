# review.sh: reads a change as JSON on standard input and answers with a risk.
set -eu
change=$(cat)
case $change in
  *money*) printf '{"risk":"high","because":"it touches money"}' ;;
  *speechless*) printf '{"because":"I can not say"}' ;;
  *) printf '{"risk":"low","because":"words only"}' ;;
esac
