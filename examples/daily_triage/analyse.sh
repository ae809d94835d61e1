# analyse.sh: reads an issue as JSON on standard input and answers with a verdict.
set -eu
issue=$(cat)
verdict() {
  printf '{"status":"%s","labels":%s,"action":"%s"}' "$1" "$2" "$3"
  exit 0
}
case $issue in
  *'BREAK THE CONTRACT'*) verdict urgent '[]' "a status that nobody agreed on" ;;
  *'duplicate of #'*) verdict duplicate '[]' "close: there is one already" ;;
  *'"body":""'*) verdict unclear '["question"]' "ask for more" ;;
  *) verdict clear '["triaged"]' "hand to the team" ;;
esac
