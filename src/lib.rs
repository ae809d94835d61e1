//! The street: the rooms of `orch`, by floor. A room imports lower floors only (`tests/architecture.rs` holds it).
//! Files, the environment, clocks and processes are reached through doors; whatever lifts the lint below is one.
#![warn(clippy::disallowed_methods, clippy::print_stderr, clippy::print_stdout)]

pub mod source;

pub mod diagnostics;
pub mod types;

pub mod syntax;
pub mod value;

pub mod format;
pub mod modules;
pub mod protocol;

pub mod hir;

pub mod analysis;

pub mod eval;

pub mod bounds;
pub mod graph;
pub mod interface;

pub mod engine;
pub mod ide;

pub mod history;

#[allow(clippy::disallowed_methods, reason = "files are kept on a disk")]
pub mod files;
#[allow(clippy::disallowed_methods, reason = "the journal is a file")]
pub mod journal;

#[allow(clippy::disallowed_methods, reason = "the driver has the clock and starts tasks")]
pub mod driver;
#[allow(
  clippy::disallowed_methods,
  reason = "workers are processes with files and an environment"
)]
pub mod workers;

pub mod session;

pub mod testing;

#[allow(
  clippy::disallowed_methods,
  reason = "the language server lists the files of a workspace, and waits"
)]
pub mod lsp;

pub mod cli;
