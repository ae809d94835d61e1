# Functions for all programs here: JSON texts, and what the name of a file tells. Bytes, not characters (LC_ALL=C).

BEGIN { for (byte = 1; byte < 256; byte++) ORD[sprintf("%c", byte)] = byte }

# A JSON string. \001 stands for a line break (see common.sh); bytes that are no UTF-8 become U+FFFD.
function quote(text,    out, at, size, length_) {
  if (text !~ /[^a-zA-Z0-9 _.,:;\/()=+*@#-]/) return "\"" text "\""
  out = "\""
  length_ = length(text)
  for (at = 1; at <= length_; at += size) {
    size = 1
    out = out character(text, at, ORD[substr(text, at, 1)])
    size = SIZE
  }
  return out "\""
}

function character(text, at, code,    size, next_, more) {
  SIZE = 1
  if (code == 1 || code == 10) return "\\n"
  if (code == 34 || code == 92) return "\\" substr(text, at, 1)
  if (code < 32) return sprintf("\\u%04x", code)
  if (code < 128) return substr(text, at, 1)
  size = code >= 240 && code <= 244 ? 4 : code >= 224 ? 3 : code >= 194 ? 2 : 0
  if (!size || code > 244) return "\357\277\275"
  for (more = 1; more < size; more++) {
    next_ = ORD[substr(text, at + more, 1)]
    if (next_ < 128 || next_ > 191) return "\357\277\275"
    if (more == 1 && (code == 224 && next_ < 160 || code == 237 && next_ > 159)) return "\357\277\275"
    if (more == 1 && (code == 240 && next_ < 144 || code == 244 && next_ > 143)) return "\357\277\275"
  }
  SIZE = size
  return substr(text, at, size)
}

# At most so many bytes, never half a character.
function clip(text, most) {
  gsub(/^[ \t]+|[ \t\r]+$/, "", text)
  if (length(text) <= most) return text
  text = substr(text, 1, most)
  while (ORD[substr(text, length(text), 1)] > 127 && ORD[substr(text, length(text), 1)] < 192)
    text = substr(text, 1, length(text) - 1)
  if (ORD[substr(text, length(text), 1)] > 191) text = substr(text, 1, length(text) - 1)
  return text "..."
}

function or_null(known, value) { return known ? value "" : "null" }

function truth(value) { return value ? "true" : "false" }

# Reads a line of `search`: sets PATH, NUMBER, TEXT. False while a path with a line break is not whole.
function found(line, prefix,    parts, at) {
  PENDING = PENDING == "" ? line : PENDING "\001" line
  at = index(PENDING, "\002")
  if (!at) return 0
  PATH = substr(PENDING, prefix + 1, at - prefix - 1)
  TEXT = substr(PENDING, at + 1)
  PENDING = ""
  at = index(TEXT, "\002")
  NUMBER = (at ? substr(TEXT, 1, at - 1) : TEXT) + 0
  TEXT = at ? substr(TEXT, at + 1) : ""
  return 1
}

# Reads a line of `files`: sets MODE, TYPE, HASH, BYTES, PATH.
function listed(line,    at, parts) {
  at = index(line, "\t")
  split(substr(line, 1, at - 1), parts, / +/)
  MODE = parts[1]; TYPE = parts[2]; HASH = parts[3]; BYTES = parts[4]
  PATH = substr(line, at + 1)
}

function name_of(path) { sub(/.*\//, "", path); return path }

# The programming language that a name tells, or "".
function language(path,    name, ending, pairs, pair, many) {
  if (!("rs" in LANGUAGE)) {
    many = split("rs=Rust c=C h=C cc=C++ cpp=C++ cxx=C++ hpp=C++ hh=C++ cs=C# go=Go java=Java kt=Kotlin kts=Kotlin scala=Scala " \
      "swift=Swift m=Objective-C mm=Objective-C py=Python pyi=Python rb=Ruby pl=Perl pm=Perl php=PHP lua=Lua js=JavaScript " \
      "mjs=JavaScript cjs=JavaScript jsx=JavaScript ts=TypeScript mts=TypeScript tsx=TypeScript vue=Vue svelte=Svelte sh=Shell " \
      "bash=Shell zsh=Shell fish=Shell ps1=PowerShell awk=Awk sql=SQL r=R R=R jl=Julia hs=Haskell ml=OCaml mli=OCaml ex=Elixir " \
      "exs=Elixir erl=Erlang clj=Clojure cljs=Clojure elm=Elm zig=Zig nim=Nim d=D dart=Dart f90=Fortran ada=Ada adb=Ada asm=Assembly " \
      "s=Assembly S=Assembly el=Lisp lisp=Lisp scm=Scheme rkt=Racket nix=Nix tf=Terraform gleam=Gleam pest=PEG orch=Orch proto=Protobuf " \
      "css=CSS scss=CSS less=CSS html=HTML htm=HTML cmake=CMake gradle=Gradle groovy=Groovy v=V sol=Solidity", pairs, " ")
    while (many) { split(pairs[many--], pair, "="); LANGUAGE[pair[1]] = pair[2] }
  }
  name = name_of(path)
  if (name == "Makefile" || name == "makefile" || name == "GNUmakefile") return "Make"
  if (name == "Dockerfile") return "Dockerfile"
  if (name !~ /\./ || name ~ /\.min\.(js|css)$/) return ""
  ending = name
  sub(/.*\./, "", ending)
  return ending in LANGUAGE ? LANGUAGE[ending] : ""
}

function is_document(path) { return path ~ /\.(md|markdown|mdx|rst|adoc|asciidoc|org)$/ || path ~ /(^|\/)docs?\/.*\.txt$/ }

function is_test(path,    name) {
  name = name_of(path)
  return path ~ /(^|\/)(tests?|specs?|__tests__|testing|testdata|t)\// \
    || name ~ /^(test_|tests?\.)/ || name ~ /([_.-](test|tests|spec)|Tests?|Spec)\.[A-Za-z0-9]+$/
}

# Files that grow or are written by a tool: neither their size nor their changes say anything of their design.
function is_generated(path,    name) {
  name = name_of(path)
  return name ~ /^(CHANGELOG|CHANGES|HISTORY|NEWS|RELEASES)/ || name ~ /\.(lock|snap|min\.js|min\.css|map|svg)$/ \
    || name ~ /^(package-lock\.json|pnpm-lock\.yaml|go\.sum|npm-shrinkwrap\.json)$/ \
    || path ~ /(^|\/)(vendor|third_party|node_modules|dist)\//
}
