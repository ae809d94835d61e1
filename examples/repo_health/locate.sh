# locate.sh BASE PATH COMMITS: which repository is meant, or why there is none. BASE is where a relative PATH begins.
. "${0%/*}/common.sh"
case $2 in /*) root=$2 ;; *) root=$1/$2 ;; esac

none() {
  why=$1 compute 'BEGIN { print "{\"found\":false,\"why\":" quote(clip(ENVIRON["why"], 400)) "}" }'
  exit 0
}

[ -e "$root" ] || none "there is no such directory"
[ -d "$root" ] || none "it is not a directory"
# The x keeps line breaks at the end of a path, which $() would cut.
if top=$(repository rev-parse --show-toplevel 2>/dev/null && echo x) ||
  top=$(repository rev-parse --absolute-git-dir 2>"$TMPDIR/why" && echo x); then
  root=${top%??}
else
  none "$(sed -n '1s/^fatal: //;1p' "$TMPDIR/why")"
fi

head=null
tree=$(repository hash-object -t tree /dev/null)
if repository rev-parse --quiet --verify HEAD >/dev/null; then
  head=$(repository rev-parse --quiet --verify 'HEAD^{commit}') || none "its commit HEAD can't be read"
  tree=$head
fi
branch=$(repository symbolic-ref --quiet --short HEAD) || branch=
shallow=$(repository rev-parse --is-shallow-repository)
export root head tree branch shallow now="$(date +%s)" commits="$3"
compute 'BEGIN {
  head = ENVIRON["head"] == "null" ? "null" : quote(ENVIRON["head"])
  branch = ENVIRON["branch"] == "" ? "null" : quote(ENVIRON["branch"])
  print "{\"found\":true,\"repository\":{\"root\":" quote(ENVIRON["root"]) ",\"head\":" head ",\"tree\":" quote(ENVIRON["tree"]) \
    ",\"branch\":" branch ",\"shallow\":" ENVIRON["shallow"] ",\"now\":" ENVIRON["now"] ",\"commits\":" ENVIRON["commits"] "}}"
}'
