# critic.sh DEMANDING: scores the page on standard input, and asks for the next thing that is missing.
set -eu
text=$(cat)
verdict() {
  printf '{"score":%d,"feedback":"%s"}' "$1" "$2"
  exit 0
}
case $text in *'## Example'*) ;; *) verdict 5 "show an example" ;; esac
case $text in *'## Limits'*) ;; *) verdict 7 "name the limits" ;; esac
if [ "$1" = true ]; then verdict 7 "make it shine"; fi
verdict 9 "good"
