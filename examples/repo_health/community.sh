# community.sh ROOT TREE: whether the files are there that say what others may do, how, and what has changed.
root=$1 tree=$2
. "${0%/*}/common.sh"
files > "$TMPDIR/files"
compute '
  { listed($0) }
  TYPE == "commit" || BYTES == "0" { next }
  { name = tolower(PATH); files++ }
  name !~ /^((\.github|\.gitlab|docs)\/)?[^\/]*$/ && name !~ /^licenses\// { next }
  { short = name_of(name) }
  !licence && (short ~ /^(licen[sc]e|copying|unlicense|copyright)([.-].*)?$/ || name ~ /^licenses\//) { licence = quote(PATH) }
  !contributing && short ~ /^(contributing|hacking|development)([.-].*)?$/ { contributing = quote(PATH) }
  !changelog && short ~ /^(changelog|changes|history|news|releases?)([.-].*)?$/ { changelog = quote(PATH) }
  !security && short ~ /^security([.-].*)?$/ { security = quote(PATH) }
  function or_none(path) { return path ? path : "null" }
  END {
    printf "{\"files\":%d,\"licence\":%s,\"contributing\":%s,\"changelog\":%s,\"security\":%s}\n",
      files, or_none(licence), or_none(contributing), or_none(changelog), or_none(security)
  }' "$TMPDIR/files"
