//! The run as a pure state machine: facts in, events and commands out. Knows no tokio, no disk, no clock.

mod answer;
mod attempt;
mod budgets;
mod cache;
mod choice;
mod closing;
mod definition;
mod dispatch;
mod each;
mod errand;
mod event;
mod exchange;
mod failing;
mod gate;
mod handler;
mod instance;
mod invoke;
mod layout;
mod leaf;
mod loss;
mod mock;
mod needs;
mod outcome;
mod outlook;
mod past;
mod plan;
mod ready;
mod repeat;
mod replay;
mod resume;
mod retry;
mod run;
mod scope;
mod simulate;
mod snapshot;
mod spent;
mod start;
#[cfg(test)]
mod tests;
mod treasury;
mod tries;
mod world;

pub use answer::answer;
pub use attempt::{Attempt, Message};
pub use budgets::Budgeted;
pub use event::{
  AttemptOutcome, Decision, Digest, Event, ExecutionId, LastSuccess, Record, Resumption, RunStarted, RunTime, Taker,
  TimerId,
};
pub use exchange::{CacheKey, Child, Command, Found, Input, Kept, Signature, Sought, Start, StartError, Step};
pub use gate::{
  Circuit, Decisions, Gate, Gatekeeper, Health, Move, Need, Needs, Position, Rule, Seat, State as BreakerState,
};
pub use mock::{Doubles, Seen, hold};
pub use outlook::{Due, DueKind, Pending, Share, ShareKind, Stage};
pub use past::{Done, Past};
pub use replay::{ReplayError, Replayed};
pub use run::Run;
pub use simulate::{Scripted, Simulation, mocked, simulate};
pub use snapshot::{SNAPSHOTS_OF, Snapshot};
pub use spent::{Bounds, Charge, Origin};
pub use start::{overlap_key, run_value};
pub use world::{Shelf, Trouble, World};
