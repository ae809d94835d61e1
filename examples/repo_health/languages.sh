# languages.sh ROOT TREE: how much text there is, by language. Lines of text files; the rest is only counted.
root=$1 tree=$2
. "${0%/*}/common.sh"
files > "$TMPDIR/files"
search -c '' > "$TMPDIR/counts"
export prefix=$((${#tree} + 1))
compute '
  FILENAME ~ /files$/ { listed($0); if (TYPE == "commit") modules++; else { all++; bytes += BYTES }; next }
  found($0, ENVIRON["prefix"] + 0) {
    texts++; lines += NUMBER
    name = language(PATH)
    if (name != "") { files[name]++; size[name] += NUMBER }
  }
  END {
    printf "%d\t%d\t%d\t%d\t%.0f\n", all, texts, lines, modules, bytes
    for (name in files) print size[name] "\t" files[name] "\t" name
  }' "$TMPDIR/files" "$TMPDIR/counts" > "$TMPDIR/all"
{ sed 1q "$TMPDIR/all"; sed 1d "$TMPDIR/all" | sort -t '	' -k1,1nr -k3; } > "$TMPDIR/sorted"
compute '
  BEGIN { FS = "\t" }
  NR == 1 { files = $1; texts = $2; lines = $3; modules = $4; bytes = $5; next }
  { code += $1 }
  NR <= 16 { list = list (list == "" ? "" : ",") "{\"name\":" quote($3) ",\"files\":" $2 ",\"lines\":" $1 "}" }
  END {
    printf "{\"files\":%d,\"text_files\":%d,\"lines\":%d,\"code_lines\":%d,\"bytes\":%s,\"submodules\":%d,\"languages\":[%s]}\n",
      files, texts, lines, code, bytes, modules, list
  }' "$TMPDIR/sorted"
