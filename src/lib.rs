//! The street: the rooms of `orch`, by floor. A room imports lower floors only (`tests/architecture.rs` holds it).

pub mod source;

pub mod diagnostics;
pub mod types;

pub mod syntax;
pub mod value;

pub mod modules;
pub mod protocol;

pub mod hir;

pub mod analysis;

pub mod eval;

pub mod graph;

pub mod engine;

pub mod journal;

pub mod driver;
pub mod workers;

pub mod session;

pub mod cli;
