//! The run as a pure state machine: facts in, events and commands out. Knows no tokio, no disk, no clock.

mod event;

pub use event::{AttemptOutcome, Digest, Event, ExecutionId, Record, RunStarted, RunTime, Taker, TimerId};
