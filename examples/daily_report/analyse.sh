# analyse.sh: reads an issue as JSON on standard input and answers with a verdict.
set -eu
issue=$(cat)
verdict() {
  printf '{"status":"%s","critical":%s,"action":"%s"}' "$1" "$2" "$3"
  exit 0
}
case $issue in
  *'data loss'*) verdict clear true "mend it today" ;;
  *'BREAK THE CONTRACT'*) verdict urgent false "a status that nobody agreed on" ;;
  *'same as #'*) verdict duplicate false "close it: there is one already" ;;
  *'"body":""'*) verdict unclear false "ask for more" ;;
  *) verdict clear false "hand to the team" ;;
esac
