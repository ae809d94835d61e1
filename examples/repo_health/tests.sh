# tests.sh ROOT TREE: how much of the code is tests, and whether something runs them.
root=$1 tree=$2
. "${0%/*}/common.sh"
files > "$TMPDIR/files"
search -c '' > "$TMPDIR/counts"
# Rust keeps tests beside the code: from this line on, a file is tests.
search -n -E -e '^[[:space:]]*#\[cfg\(test\)\]' > "$TMPDIR/inline"
export prefix=$((${#tree} + 1))
compute '
  function source(path) { name = language(path); return name != "" && name !~ /^(HTML|CSS|SCSS|Less|Make|Dockerfile)$/ && !is_generated(path) }
  FILENAME ~ /files$/ {
    listed($0)
    if (PATH ~ /^(\.github\/workflows\/[^\/]*\.ya?ml|\.gitlab-ci\.yml|\.circleci\/config\.yml|\.travis\.yml|Jenkinsfile|azure-pipelines\.yml|\.woodpecker\.ya?ml|\.woodpecker\/.*|\.buildkite\/.*|\.cirrus\.yml|\.ci\/.*|\.drone\.yml|appveyor\.yml|bitbucket-pipelines\.yml)$/ && ci == "")
      ci = PATH
    next
  }
  !found($0, ENVIRON["prefix"] + 0) || !source(PATH) { next }
  FILENAME ~ /counts$/ {
    files++; size[PATH] = NUMBER
    if (is_test(PATH)) { test_files++; test_lines += NUMBER } else code_lines += NUMBER
    next
  }
  PATH ~ /\.rs$/ && !is_test(PATH) && !(PATH in seen) {
    seen[PATH]; inside = size[PATH] - NUMBER + 1
    test_files++; test_lines += inside; code_lines -= inside
  }
  END {
    printf "{\"files\":%d,\"test_files\":%d,\"code_lines\":%d,\"test_lines\":%d,\"ci\":%s}\n",
      files, test_files, code_lines, test_lines, (ci == "" ? "null" : quote(ci))
  }' "$TMPDIR/files" "$TMPDIR/counts" "$TMPDIR/inline"
