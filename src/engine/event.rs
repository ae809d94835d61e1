//! What happens in a run, as data: the journal, progress, summary and report are all made of these records. Knows
//! nothing of how they come about.
//!
//! A record reads `{"seq":7,"at":1200,"event":"attempt_requested","execution":3,"path":"verdicts[3]",...}` as JSON.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
  gate::Position,
  spent::{Bounds, Charge, Origin},
};
use crate::{
  protocol::Report,
  value::{Dollars, Failure, FailureKind, Value, show},
};

/// Milliseconds since the run started on its own clock, which stands still while nobody drives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunTime(pub i64);

impl RunTime {
  /// So many milliseconds later; stays at the end of time.
  pub fn after(self, milliseconds: i64) -> RunTime {
    RunTime(self.0.saturating_add(milliseconds))
  }
}

/// One attempt of one call of a worker; counted from 0 in the order asked for, so every replay gives the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExecutionId(pub u64);

/// One wait for time; counted from 0 in the order set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimerId(pub u64);

/// The hash of a value, in hexadecimal: says whether a recomputed value is the one that was.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 8]);

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
  /// From 0, without gaps.
  pub seq: u64,
  /// Never earlier than the record before.
  pub at: RunTime,
  #[serde(flatten)]
  pub event: Event,
}

/// Facts from outside come first, what the fold derives from them after. Paths are those of steps: `verdicts[3].a`;
/// indices count from 0, attempts from 1. The empty path is the run's own orchestrator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
  /// Always the first.
  RunStarted(Arc<RunStarted>),
  /// The gatekeeper let it pass: it holds its slots now, its timeout runs.
  Admitted {
    execution: ExecutionId,
  },
  /// The gatekeeper does not let it pass, for this kind of failure: `circuit_open`.
  Refused {
    execution: ExecutionId,
    kind: FailureKind,
  },
  /// An outcome was kept that is as good as a new one: nothing is executed.
  CacheHit {
    execution: ExecutionId,
    value: serde_json::Value,
    from: Origin,
  },
  CacheMissed {
    execution: ExecutionId,
    /// In the run whose outcomes are reused the call had another outcome: what has changed since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changed: Vec<Arc<str>>,
  },
  /// The breaker of a worker is somewhere else, because of the execution whose end comes next.
  BreakerMoved {
    worker: Arc<str>,
    from: Position,
    to: Position,
  },
  /// What a worker said of itself, all of it until now.
  Reported {
    execution: ExecutionId,
    report: Report,
  },
  /// The worker runs, in this process group where it is a process.
  AttemptStarted {
    execution: ExecutionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    process_group: Option<u32>,
  },
  /// Nothing of the attempt is left; its slots are free. Every execution that started has exactly one, or the run
  /// stopped. One that was admitted has not started if a setting had no value: its step fails in the same moment.
  AttemptEnded {
    execution: ExecutionId,
    outcome: AttemptOutcome,
  },
  TimerFired {
    timer: TimerId,
  },
  /// A run that was dispatched is remembered in the store.
  ChildRecorded {
    run: Arc<str>,
  },
  /// Somebody wants the run lost.
  CancelRequested {
    reason: Arc<str>,
  },
  /// Nobody drives the run any longer; it is not lost.
  Stopped,
  /// Somebody drives the run again. What ran when it was cut short runs no longer.
  Resumed(Arc<Resumption>),

  /// A scope of its own begins: a nested orchestrator, a block, a stage, an iteration.
  ScopeStarted {
    path: Arc<str>,
    /// The orchestrator's name, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    orchestrator: Option<Arc<str>>,
  },
  /// A node that is ready waits out its `delay`, in milliseconds.
  Delayed {
    path: Arc<str>,
    delay: i64,
  },
  /// A call is ready and waits for admission: what `execution` stands for in other events.
  AttemptRequested {
    execution: ExecutionId,
    path: Arc<str>,
    worker: Arc<str>,
    attempt: u32,
    /// Of the message in.
    input: Digest,
    /// It is the copy of this one, by `hedge`: another execution of the same attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy_of: Option<ExecutionId>,
  },
  /// An execution that was cut short asks for admission once more: the same attempt, with the same key.
  AttemptRepeated {
    execution: ExecutionId,
    path: Arc<str>,
  },
  /// An execution was cut short, and doing it twice may be harmful: it waits for a decision.
  InDoubt {
    execution: ExecutionId,
    path: Arc<str>,
  },
  /// An orchestrator has a budget for all that is below this path.
  BudgetSet {
    path: Arc<str>,
    #[serde(flatten)]
    bounds: Bounds,
  },
  /// What an execution with a ceiling counts in the budgets around it.
  Charged {
    execution: ExecutionId,
    path: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost: Option<Charge<Dollars>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<Charge<u64>>,
  },
  /// The attempt failed; after so many milliseconds the next one, `attempt`, asks for admission.
  RetryScheduled {
    path: Arc<str>,
    attempt: u32,
    delay: i64,
    failure: Arc<Failure>,
  },
  /// An `if` or `match` has chosen. The others, with all that is in them, are not taken.
  ArmTaken {
    path: Arc<str>,
    /// `None`: an `if` without `else` that did not hold.
    arm: Option<Arc<str>>,
    not_taken: Vec<Arc<str>>,
  },
  /// An `each` has its items: instances `path[0]` to `path[items - 1]`, at most `window` at once.
  Expanded {
    path: Arc<str>,
    items: u64,
    window: u64,
    /// Of the items.
    digest: Digest,
  },
  /// A `run` has its plan: an instance `path["id"]` of each assignment, at most `window` at once.
  Planned {
    path: Arc<str>,
    pool: Arc<str>,
    assignments: u64,
    window: u64,
    /// Of the plan.
    digest: Digest,
    /// Members of the pool that it assigns nothing.
    unused: Vec<Arc<str>>,
  },
  /// An iteration of a `repeat` succeeded; `until` is what its condition said, `None` if it has none.
  Iterated {
    path: Arc<str>,
    index: u64,
    until: Option<bool>,
  },
  /// A run of its own is asked for.
  Dispatched {
    path: Arc<str>,
    run: Arc<str>,
    orchestrator: Arc<str>,
    /// Of its arguments.
    arguments: Digest,
  },
  RequireChecked {
    path: Arc<str>,
    held: bool,
  },
  /// `stop when` was looked at, after the instance `path[index]` had succeeded.
  StopChecked {
    path: Arc<str>,
    index: u64,
    held: bool,
  },
  /// Nothing of the scope runs any longer: it ends once these calls have been made, one at a time.
  ScopeClosing {
    path: Arc<str>,
    lost: bool,
    /// None, unless it is lost: else its parent has them now.
    undo: u64,
    finally: u64,
  },
  /// The time of `deadline` is over for this node.
  DeadlinePassed {
    path: Arc<str>,
  },
  /// A failure went no further. With `Catch` and `Attempt` the step goes on; with the others this is the end of the
  /// instance or call `path`.
  FailureTaken {
    path: Arc<str>,
    by: Taker,
    failure: Arc<Failure>,
  },
  /// `value` is left out for calls of workers: the end of the last attempt has it.
  StepSucceeded {
    path: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Digest>,
  },
  /// `failure.step` may be a step inside.
  StepFailed {
    path: Arc<str>,
    failure: Arc<Failure>,
  },
  /// It will never start: `cause` is the path of the step that was lost first.
  StepSkipped {
    path: Arc<str>,
    cause: Arc<str>,
  },
  /// It ran and was ended from outside; `cause` as above, or empty where the run was cancelled.
  StepCancelled {
    path: Arc<str>,
    cause: Arc<str>,
  },
  /// The step is not needed: its block returned early.
  NotTaken {
    path: Arc<str>,
  },
  /// Always the last, as is `RunFailed`.
  RunSucceeded {
    result: serde_json::Value,
  },
  RunFailed {
    failure: Arc<Failure>,
  },
}

/// What a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
  pub run: Arc<str>,
  pub tracker: Arc<str>,
  /// Digest of the program's texts.
  pub program: Arc<str>,
  /// Version of `orch`.
  pub engine: Arc<str>,
  /// Of every drawn delay.
  pub seed: u64,
  pub orchestrator: Arc<str>,
  /// One field per parameter.
  pub arguments: serde_json::Value,
  /// Wall-clock time.
  pub started: jiff::Timestamp,
  /// The form of the program, where it is not the one written: its profile, and constants with the texts of their
  /// values.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub profile: Option<Arc<str>>,
  #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
  pub set: BTreeMap<Arc<str>, Arc<str>>,
  /// The run that dispatched this one.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub parent: Option<Arc<str>>,
  /// The run whose outcomes are reused where nothing has changed.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub reuses: Option<Arc<str>>,
  /// The last success under the same key, where the orchestrator says `overlap`.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub last: Option<LastSuccess>,
  /// Where orch was started: what a relative path of the caller is relative to.
  pub directory: Arc<str>,
}

/// `run.last`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastSuccess {
  pub run: Arc<str>,
  pub started: jiff::Timestamp,
  pub value: serde_json::Value,
}

/// How a run is taken up again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resumption {
  /// Wall-clock time.
  pub resumed: jiff::Timestamp,
  /// Version of `orch`.
  pub engine: Arc<str>,
  /// What becomes of all calls that were cut short and whose workers are not idempotent; `None`: they wait.
  #[serde(default, skip_serializing_if = "Option::is_none")]
  pub unfinished: Option<Decision>,
  /// The same for single ones, by their paths.
  #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
  pub steps: BTreeMap<Arc<str>, Decision>,
}

/// What becomes of a call that was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
  /// It is made once more, with the same key.
  Rerun,
  /// It has failed: `interrupted`.
  Fail,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
  /// The value, of the worker's output type.
  Ok(serde_json::Value),
  Failed(Arc<Failure>),
}

/// What keeps a failure from going further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taker {
  Catch,
  Attempt,
  Collect,
  Tolerate,
  StopWhen,
  /// The call of an `undo` failed: the rest goes on.
  Undo,
  /// As `Undo`.
  Finally,
  /// As `Undo`: `on failure` itself failed.
  OnFailure,
}

impl Event {
  /// Whether it is a fact from outside; all others are recomputed by every replay.
  pub fn is_fact(&self) -> bool {
    use Event::*;
    matches!(
      self,
      RunStarted(_)
        | Admitted { .. }
        | Refused { .. }
        | CacheHit { .. }
        | CacheMissed { .. }
        | BreakerMoved { .. }
        | Reported { .. }
        | AttemptStarted { .. }
        | AttemptEnded { .. }
        | TimerFired { .. }
        | ChildRecorded { .. }
        | CancelRequested { .. }
        | Stopped
        | Resumed(_)
    )
  }

  /// Whether it ends the run for good.
  pub fn is_final(&self) -> bool {
    matches!(self, Event::RunSucceeded { .. } | Event::RunFailed { .. })
  }

  /// The step that it is about, where it names one.
  pub fn path(&self) -> Option<&Arc<str>> {
    use Event::*;
    match self {
      RunStarted(_)
      | Admitted { .. }
      | Refused { .. }
      | CacheHit { .. }
      | CacheMissed { .. }
      | BreakerMoved { .. }
      | Reported { .. }
      | AttemptStarted { .. }
      | AttemptEnded { .. }
      | TimerFired { .. }
      | ChildRecorded { .. }
      | CancelRequested { .. }
      | Stopped
      | Resumed(_)
      | RunSucceeded { .. }
      | RunFailed { .. } => None,
      ScopeStarted { path, .. }
      | Delayed { path, .. }
      | AttemptRequested { path, .. }
      | AttemptRepeated { path, .. }
      | InDoubt { path, .. }
      | BudgetSet { path, .. }
      | Charged { path, .. }
      | RetryScheduled { path, .. }
      | ArmTaken { path, .. }
      | Expanded { path, .. }
      | Planned { path, .. }
      | Iterated { path, .. }
      | Dispatched { path, .. }
      | RequireChecked { path, .. }
      | StopChecked { path, .. }
      | ScopeClosing { path, .. }
      | DeadlinePassed { path }
      | FailureTaken { path, .. }
      | StepSucceeded { path, .. }
      | StepFailed { path, .. }
      | StepSkipped { path, .. }
      | StepCancelled { path, .. }
      | NotTaken { path } => Some(path),
    }
  }
}

impl Digest {
  /// Of the value as it stands, fields in their order.
  pub fn of(value: &Value) -> Digest {
    let mut hasher = blake3::Hasher::new();
    absorb(&mut hasher, value);
    let mut bytes = [0; 8];
    hasher.finalize_xof().fill(&mut bytes);
    Digest(bytes)
  }
}

/// Values are at most 64 deep, so recursion is bounded.
pub(super) fn absorb(hasher: &mut blake3::Hasher, value: &Value) {
  let mut tagged = |tag: u8, bytes: &[u8]| {
    hasher.update(&[tag]);
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
  };
  match value {
    Value::Null => tagged(0, &[]),
    Value::Bool(bool) => tagged(1, &[u8::from(*bool)]),
    Value::Int(int) => tagged(2, &int.to_le_bytes()),
    Value::Float(float) => tagged(3, &float.to_bits().to_le_bytes()),
    Value::String(text) => tagged(4, text.as_bytes()),
    Value::Time(time) => tagged(5, &time.as_nanosecond().to_le_bytes()),
    Value::Duration(milliseconds) => tagged(6, &milliseconds.to_le_bytes()),
    Value::Stored(stored) => tagged(10, stored.to_string().as_bytes()),
    // which secret it is, never what it is
    Value::Secret(_) => tagged(9, show(value).as_bytes()),
    Value::List(_) => {
      let items = value.as_list().unwrap_or_default();
      tagged(7, &(items.len() as u64).to_le_bytes());
      items.iter().for_each(|item| absorb(hasher, item));
    }
    Value::Record(_) => {
      let Some(fields) = value.as_record() else { return };
      tagged(8, &(fields.len() as u64).to_le_bytes());
      for (name, value) in fields {
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name.as_bytes());
        absorb(hasher, value);
      }
    }
  }
}

impl fmt::Display for Digest {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
  }
}

impl fmt::Debug for Digest {
  fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "Digest({self})")
  }
}

impl Serialize for Digest {
  fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(self)
  }
}

impl<'de> Deserialize<'de> for Digest {
  fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
    let text = String::deserialize(deserializer)?;
    let number = u64::from_str_radix(&text, 16).map_err(serde::de::Error::custom)?;
    Ok(Digest(number.to_be_bytes()))
  }
}

#[cfg(test)]
mod tests {
  use super::*;

  #[test]
  fn records_are_flat_json_and_read_back() {
    let record = Record {
      seq: 7,
      at: RunTime(1200),
      event: Event::AttemptEnded {
        execution: ExecutionId(3),
        outcome: AttemptOutcome::Ok(serde_json::json!({ "z": 1.0, "a": [null, 18446744073709551615u64] })),
      },
    };
    let text = serde_json::to_string(&record).expect("records are JSON");
    assert_eq!(
      text,
      r#"{"seq":7,"at":1200,"event":"attempt_ended","execution":3,"outcome":{"ok":{"z":1.0,"a":[null,18446744073709551615]}}}"#
    );
    assert_eq!(serde_json::from_str::<Record>(&text).expect("reads back"), record);
  }

  #[test]
  fn a_digest_is_sixteen_hexadecimal_digits() {
    let digest = Digest([0, 1, 2, 3, 4, 5, 6, 255]);
    let json = serde_json::to_string(&digest).expect("digests are JSON");
    assert_eq!(json, r#""00010203040506ff""#);
    assert_eq!(serde_json::from_str::<Digest>(&json).expect("reads back"), digest);
  }

  #[test]
  fn stopped_has_no_fields() {
    let record = Record {
      seq: 0,
      at: RunTime(0),
      event: Event::Stopped,
    };
    let text = serde_json::to_string(&record).expect("records are JSON");
    assert_eq!(text, r#"{"seq":0,"at":0,"event":"stopped"}"#);
    assert_eq!(serde_json::from_str::<Record>(&text).expect("reads back"), record);
  }
}
