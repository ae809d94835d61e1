# work.sh audit|sort REPOSITORY: stands for long work on a repository.
set -eu
sleep 0.2
printf '%s of %s for %s\n' "$1" "$2" "$ORCH_TRACKER_ID" >&2
case $1 in
  audit) printf '{"outdated":2}' ;;
  sort) printf '{"sorted":5}' ;;
esac
