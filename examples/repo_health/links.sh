# links.sh ROOT TREE: links in Markdown to files of the same repository that are not there. Anchors are not looked at,
# nor links that leave the repository or point into a submodule.
root=$1 tree=$2
. "${0%/*}/common.sh"
files > "$TMPDIR/files"
within="*.md *.markdown"
search -n -E -e '\]\(' -e '^[[:space:]]*(```|~~~)' -e '^ ? ? ?\[[^]]+\]:' > "$TMPDIR/lines"
export prefix=$((${#tree} + 1))
compute '
  function is_markdown(path) { return path ~ /\.(md|markdown)$/ }
  FILENAME ~ /files$/ {
    listed($0)
    if (TYPE == "commit") { module[PATH]; next }
    there[PATH]
    if (is_markdown(PATH)) documents++
    for (dir = PATH; sub(/\/[^\/]*$/, "", dir) && !(dir in there); ) there[dir]
    next
  }
  !found($0, ENVIRON["prefix"] + 0) || !is_markdown(PATH) { next }
  PATH != last_ { last_ = PATH; fence = 0 }
  TEXT ~ /^[ \t]*(```|~~~)/ { fence = !fence; next }
  fence { next }
  {
    gsub(/`[^`]*`/, "", TEXT)
    if (TEXT ~ /^ ? ? ?\[[^]]+\]:/) {
      if (TEXT ~ /^ ? ? ?\[\^/) next
      sub(/^ *\[[^]]+\]:[ \t]*/, "", TEXT); link(TEXT); next
    }
    while (at = index(TEXT, "](")) { TEXT = substr(TEXT, at + 2); link(inside(TEXT)) }
  }
  # Up to the bracket that closes the link; brackets inside it are counted.
  function inside(text,    at, depth, letter) {
    for (at = 1; at <= length(text); at++) {
      letter = substr(text, at, 1)
      if (letter == "(") depth++
      if (letter == ")" && !depth--) return substr(text, 1, at - 1)
    }
    return ""
  }
  function link(target,    shown, full, parts, many, at, kept, top) {
    gsub(/^[ \t]+|[ \t\r]+$/, "", target)
    if (target ~ /^</) { sub(/^</, "", target); sub(/>.*$/, "", target) } else sub(/[ \t].*$/, "", target)
    shown = target
    sub(/[#?].*$/, "", target)
    if (target == "" || target ~ /^[A-Za-z][A-Za-z0-9+.-]*:/ || target ~ /^\/\// || target ~ /[{}$<>*]/) return
    target = decoded(target)
    full = target
    if (full ~ /^\//) sub(/^\/+/, "", full)
    else if (PATH ~ /\//) { top = PATH; sub(/[^\/]*$/, "", top); full = top full }
    many = split(full, parts, "/"); kept = ""
    for (at = 1; at <= many; at++) {
      if (parts[at] == "" || parts[at] == ".") continue
      if (parts[at] != "..") { kept = kept (kept == "" ? "" : "/") parts[at]; continue }
      if (kept == "") return
      if (!sub(/\/[^\/]*$/, "", kept)) kept = ""
    }
    for (top = kept; top != ""; ) { if (top in module) return; if (!sub(/\/[^\/]*$/, "", top)) top = "" }
    links++
    if (kept == "" || kept in there) return
    if (broken++ < 25)
      places = places (places == "" ? "" : ",") "{\"path\":" quote(PATH) ",\"line\":" NUMBER ",\"target\":" quote(clip(shown, 200)) "}"
  }
  function decoded(text,    out, at, code) {
    while (at = index(text, "%")) {
      code = hexadecimal(substr(text, at + 1, 2))
      out = out substr(text, 1, at - 1) (code > 0 ? sprintf("%c", code) : "%")
      text = substr(text, at + (code > 0 ? 3 : 1))
    }
    return out text
  }
  function hexadecimal(pair,    high, low) {
    if (length(pair) < 2) return 0
    high = index("0123456789abcdef", tolower(substr(pair, 1, 1))); low = index("0123456789abcdef", tolower(substr(pair, 2, 1)))
    return high && low ? 16 * (high - 1) + low - 1 : 0
  }
  END { printf "{\"documents\":%d,\"links\":%d,\"broken\":%d,\"places\":[%s]}\n", documents, links, broken, places }' \
  "$TMPDIR/files" "$TMPDIR/lines"
