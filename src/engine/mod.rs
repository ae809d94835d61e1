//! The run as a pure state machine: facts in, events and commands out. Knows no tokio, no disk, no clock.

mod answer;
mod attempt;
mod choice;
mod closing;
mod dispatch;
mod each;
mod errand;
mod event;
mod exchange;
mod failing;
mod gatekeeper;
mod handler;
mod instance;
mod invoke;
mod layout;
mod leaf;
mod loss;
mod mock;
mod outcome;
mod plan;
mod ready;
mod repeat;
mod replay;
mod retry;
mod run;
mod scope;
mod simulate;
mod start;
#[cfg(test)]
mod tests;
mod world;

pub use answer::answer;
pub use attempt::{Attempt, Message};
pub use event::{AttemptOutcome, Digest, Event, ExecutionId, LastSuccess, Record, RunStarted, RunTime, Taker, TimerId};
pub use exchange::{Child, Command, Input, Start, StartError, Step};
pub use gatekeeper::{Admissions, Gatekeeper, Need};
pub use mock::{Doubles, Seen, hold};
pub use replay::{ReplayError, Replayed};
pub use run::Run;
pub use simulate::{Scripted, Simulation, mocked, simulate};
pub use start::{overlap_key, run_value};
pub use world::World;
