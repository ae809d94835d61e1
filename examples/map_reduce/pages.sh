# pages.sh BASE DIRECTORY: the Markdown files of a directory, one absolute path per line, in order.
set -eu
cd -- "$1"
cd -- "$2"
for page in *.md; do
  if [ -f "$page" ]; then printf '%s/%s\n' "$PWD" "$page"; fi
done
