//! The workers' door: real processes, real signals, and nothing left of them. Reads `/proc`, so Linux only.

mod answers;
mod bench;
mod ends;
mod errands;
mod killed;
mod logs;
mod messages;
mod mocks;
mod permits;
mod voices;
