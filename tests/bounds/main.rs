//! The bounds of `orch check --bounds`: no run exceeds them, and where they claim to be tight a run reaches them.
#![expect(clippy::disallowed_methods, reason = "the command line is tested with the binary")]

mod command;
#[path = "../common/mod.rs"]
mod common;
mod formulas;
mod generate;
mod play;
mod sound;
mod tight;
