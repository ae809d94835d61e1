# repo.sh migrate|test|merge REPOSITORY WHAT: stands for work on a checkout. The tests of `legacy` fail.
set -eu
case $1 in
  migrate) printf '{"branch":"%s-%s"}' "$2" "$3" ;;
  test) if [ "$2" = legacy ]; then printf '{"failed":2}'; else printf '{"failed":0}'; fi ;;
  merge) printf 'merged %s of %s\n' "$3" "$2" >&2 ;;
esac
