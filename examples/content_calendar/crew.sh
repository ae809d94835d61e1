# crew.sh WHO TOPIC [KEYWORD...]: what one of the crew has to say about a topic, as JSON.
set -eu
who=$1 topic=$2
shift 2
case $who in
  seo) printf '{"keywords":["%s","best %s","how to %s"]}' "$topic" "$topic" "$topic" ;;
  copy) printf '{"text":"All about teh %s: %s."}' "$topic" "$*" ;;
  social) printf '{"posts":["Did you know this of %s?","%s, once more"]}' "$topic" "$topic" ;;
esac
