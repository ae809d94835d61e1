# writer.sh TOPIC DRAFT FEEDBACK: the draft, with what the feedback asks for.
set -eu
topic=$1 draft=$2 feedback=$3
if [ -z "$draft" ]; then
  printf '# About %s\n' "$topic"
  exit 0
fi
printf '%s\n\n' "$draft"
case $feedback in
  *example*) printf '## Example\n\n    orch run %s.orch\n' "$topic" ;;
  *limits*) printf '## Limits\n\nEvery loop is bounded.\n' ;;
  *) printf '## More\n\n%s\n' "$feedback" ;;
esac
