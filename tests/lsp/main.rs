//! `orch lsp` as editors see it: the real server, over its standard input and output.

mod client;
mod names;
mod rename;
mod texts;
