//! Compiles the parser and the scanner, which are C.

fn main() {
  let sources = ["src/parser.c", "src/scanner.c"];
  let mut build = cc::Build::new();
  build.std("c11").include("src").files(sources);
  // The generator's output, not ours to warn about.
  build.flag_if_supported("-Wno-unused-parameter");
  build.compile("tree-sitter-orch");
  for path in sources {
    println!("cargo:rerun-if-changed={path}");
  }
}
