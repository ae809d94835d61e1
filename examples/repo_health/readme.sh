# readme.sh ROOT TREE: what the first page tells. How to start and to use it: by headings, or commands in its code; the
# licence and how to contribute: wherever it is named.
root=$1 tree=$2
. "${0%/*}/common.sh"
files > "$TMPDIR/files"
path=$(compute '{ listed($0) }
  tolower(PATH) ~ /^((\.github|docs)\/)?readme(\.(md|markdown|rst|adoc|asciidoc|org|txt))?$/ && TYPE == "blob" {
    rank = PATH ~ /\// ? 2 : PATH ~ /\.md$/ ? 0 : 1
    if (best == "" || rank < least) { best = PATH; least = rank }
  }
  END { print best }' "$TMPDIR/files")
export path
: > "$TMPDIR/text"
if [ -n "$path" ]; then
  printf '%s:%s\n' "$tree" "$path" | repository cat-file --batch --follow-symlinks > "$TMPDIR/blob"
  sed 1d "$TMPDIR/blob" | tr -d '\000' > "$TMPDIR/text"
  sed 1q "$TMPDIR/blob" | grep -q '^[0-9a-f]* blob ' || { echo "$path can't be read" >&2; exit 1; }
fi
compute '
  function heading(text) {
    text = tolower(text); headings++
    if (text ~ /install|build|set ?up|getting started|quick ?start|download|requirements/) start = 1
    if (text ~ /usage|use |using|example|how to|tutorial|quick ?start|getting started|guide|demo|commands|tour|running/) usage = 1
  }
  { sub(/\r$/, ""); if (NF) lines++; words += NF }
  /^[ \t]*(```|~~~)/ { fence = !fence; code++; next }
  tolower($0) ~ /licen[sc]e|copying/ { licence = 1 }
  tolower($0) ~ /contribut|hacking|pull request/ { contributing = 1 }
  fence {
    if ($0 ~ /^[ \t]*([$#>] )?(sudo )?(cargo|npm|npx|yarn|pnpm|pipx?|pip3|uv|go|make|cmake|docker|brew|apt|apt-get|gem|bundle|mvn|gradle|dotnet|mix|cabal|stack|nix|curl|git clone|\.\/[a-z]+) /) start = 1
    next
  }
  /^    |^\.\. code|^::$|::$/ { code++ }
  /^#+[ \t]*[^ \t#]|^=+ [^ ]|^\*+ [A-Z]/ { heading($0); before = ""; next }
  /^(=+|-+|~+|\^+)[ \t]*$/ && length($0) > 2 && before ~ /[A-Za-z]/ { heading(before) }
  { before = $0 }
  END {
    path = ENVIRON["path"]
    printf "{\"path\":%s,\"lines\":%d,\"words\":%d,\"headings\":%d,\"start\":%s,\"usage\":%s,\"licence\":%s,\"contributing\":%s,\"code\":%s}\n",
      (path == "" ? "null" : quote(path)), lines, words, headings, truth(start), truth(usage), truth(licence), truth(contributing), truth(code)
  }' "$TMPDIR/text"
