# messages.sh ROOT HEAD COMMITS: whether the subjects of the latest commits tell what they did.
root=$1 head=$2
. "${0%/*}/common.sh"
history "$3" '%h %s' --no-merges > "$TMPDIR/log"
compute '
  {
    at = index($0, " "); commit = substr($0, 1, at - 1); subject = substr($0, at + 1)
    counted = subject
    gsub(/[\200-\277]/, "", counted)
    why = ""
    if (tolower(subject) ~ /^(wip|fix(es|ed)?|bug ?fix|update[ds]?|change[ds]?|changes?|misc|stuff|test(s|ing)?|tmp|temp|minor|clean ?up|refactor|typo|commit|initial commit|first commit|save|\.+|asdf)[ .!]*$/ && NR > 0)
      { why = "says nothing"; vague++ }
    else if (subject ~ /^(fixup|squash|amend)! /) { why = "was to be squashed"; vague++ }
    else if (length(counted) < 10) { why = "is too short"; short++ }
    else if (length(counted) > 72) { why = "is over 72 characters"; long_++ }
    if (why == "") good++
    else if (shown++ < 5)
      poor = poor (poor == "" ? "" : ",") "{\"commit\":" quote(commit) ",\"subject\":" quote(clip(subject, 120)) ",\"why\":" quote(why) "}"
  }
  END { printf "{\"commits\":%d,\"good\":%d,\"vague\":%d,\"short\":%d,\"long\":%d,\"poor\":[%s]}\n", NR, good, vague, short, long_, poor }' "$TMPDIR/log"
