# mend.sh WHO TASK LOG: stands for an agent. Typos are easy, bugs need the log, and some things are hopeless.
set -eu
give_up() {
  printf '%s can not mend it: %s\n' "$1" "$2" >&2
  exit 1
}
case $2 in
  *typo*) ;;
  *hopeless*) give_up "$1" "$2" ;;
  *) if [ -z "$3" ]; then give_up "$1" "no log"; fi ;;
esac
printf '{"patch":"%s mended %s"}' "$1" "$2"
