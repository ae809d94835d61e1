//! Records as they stand in journals: what is written today must be readable tomorrow.

use serde_json::json;

use super::*;
use crate::{
  protocol::Report,
  value::{Dollars, Failure, FailureKind},
};

fn failure() -> Arc<Failure> {
  Arc::new(Failure::new(FailureKind::Exit, "a", "lost"))
}

fn digest() -> Digest {
  Digest([0, 0, 0, 0, 0, 0, 0, 255])
}

fn facts() -> Vec<(Event, serde_json::Value)> {
  let (execution, timer) = (ExecutionId(3), TimerId(4));
  let lost = json!({ "kind": "exit", "message": "lost", "step": "a", "attempts": 0 });
  let failed = AttemptOutcome::Failed(failure());
  vec![
    (
      Event::Admitted { execution },
      json!({ "event": "admitted", "execution": 3 }),
    ),
    (
      Event::AttemptStarted {
        execution,
        process_group: Some(7),
      },
      json!({ "event": "attempt_started", "execution": 3, "process_group": 7 }),
    ),
    (
      Event::AttemptEnded {
        execution,
        outcome: AttemptOutcome::Ok(json!([1.0, null])),
      },
      json!({ "event": "attempt_ended", "execution": 3, "outcome": { "ok": [1.0, null] } }),
    ),
    (
      Event::AttemptEnded {
        execution,
        outcome: failed,
      },
      json!({ "event": "attempt_ended", "execution": 3, "outcome": { "failed": lost } }),
    ),
    (
      Event::TimerFired { timer },
      json!({ "event": "timer_fired", "timer": 4 }),
    ),
    (
      Event::CancelRequested {
        reason: "enough".into(),
      },
      json!({ "event": "cancel_requested", "reason": "enough" }),
    ),
    (Event::Stopped, json!({ "event": "stopped" })),
    (
      Event::Resumed(Arc::new(Resumption {
        steps: [("a".into(), Decision::Fail)].into(),
        ..resumption(Some(Decision::Rerun))
      })),
      json!({ "event": "resumed", "resumed": "1970-01-01T00:00:00Z", "engine": "0", "unfinished": "rerun",
        "steps": { "a": "fail" } }),
    ),
  ]
}

fn decisions() -> Vec<(Event, serde_json::Value)> {
  let execution = ExecutionId(3);
  vec![
    (
      Event::Refused {
        execution,
        kind: FailureKind::CircuitOpen,
      },
      json!({ "event": "refused", "execution": 3, "kind": "circuit_open" }),
    ),
    (
      Event::CacheMissed {
        execution,
        changed: Vec::new(),
      },
      json!({ "event": "cache_missed", "execution": 3 }),
    ),
    (
      Event::CacheMissed {
        execution,
        changed: vec!["input".into()],
      },
      json!({ "event": "cache_missed", "execution": 3, "changed": ["input"] }),
    ),
    (
      Event::CacheHit {
        execution,
        value: json!([1.0, null]),
        from: Origin {
          run: "r0".into(),
          step: "b".into(),
        },
      },
      json!({ "event": "cache_hit", "execution": 3, "value": [1.0, null], "from": { "run": "r0", "step": "b" } }),
    ),
    (
      Event::BreakerMoved {
        worker: "w".into(),
        from: Position::Open,
        to: Position::HalfOpen,
      },
      json!({ "event": "breaker_moved", "worker": "w", "from": "open", "to": "half_open" }),
    ),
    (
      Event::Reported {
        execution,
        report: Report {
          cost: Dollars::of(0.12),
          tokens: Some(345),
          progress: Some(0.5),
          note: Some("page 2".into()),
          metrics: [("rows".into(), 7.0)].into(),
        },
      },
      json!({ "event": "reported", "execution": 3,
        "report": { "cost": 0.12, "tokens": 345, "progress": 0.5, "note": "page 2", "metrics": { "rows": 7.0 } } }),
    ),
    (
      Event::AttemptRequested {
        execution,
        path: "a".into(),
        worker: "w".into(),
        attempt: 1,
        input: digest(),
        copy_of: Some(ExecutionId(2)),
      },
      json!({ "event": "attempt_requested", "execution": 3, "path": "a", "worker": "w", "attempt": 1,
        "input": "00000000000000ff", "copy_of": 2 }),
    ),
    (
      Event::BudgetSet {
        path: "a".into(),
        bounds: Bounds {
          calls: Some(3),
          cost: Dollars::of(0.5),
          tokens: None,
          time: Some(60_000),
        },
      },
      json!({ "event": "budget_set", "path": "a", "calls": 3, "cost": 0.5, "time": 60000 }),
    ),
    (
      Event::Charged {
        execution,
        path: "a".into(),
        cost: Dollars::of(0.1).zip(Dollars::of(0.5)).map(|(amount, ceiling)| Charge {
          amount,
          ceiling,
          reported: true,
        }),
        tokens: None,
      },
      json!({ "event": "charged", "execution": 3, "path": "a",
        "cost": { "amount": 0.1, "ceiling": 0.5, "reported": true } }),
    ),
  ]
}

fn progress() -> Vec<(Event, serde_json::Value)> {
  let path: Arc<str> = "a".into();
  let path = || path.clone();
  vec![
    (
      Event::ScopeStarted {
        path: path(),
        orchestrator: None,
      },
      json!({ "event": "scope_started", "path": "a" }),
    ),
    (
      Event::Delayed {
        path: path(),
        delay: 50,
      },
      json!({ "event": "delayed", "path": "a", "delay": 50 }),
    ),
    (
      Event::AttemptRequested {
        execution: ExecutionId(3),
        path: path(),
        worker: "w".into(),
        attempt: 1,
        input: digest(),
        copy_of: None,
      },
      json!({ "event": "attempt_requested", "execution": 3, "path": "a", "worker": "w", "attempt": 1,
        "input": "00000000000000ff" }),
    ),
    (
      Event::AttemptRepeated {
        execution: ExecutionId(3),
        path: path(),
      },
      json!({ "event": "attempt_repeated", "execution": 3, "path": "a" }),
    ),
    (
      Event::InDoubt {
        execution: ExecutionId(3),
        path: path(),
      },
      json!({ "event": "in_doubt", "execution": 3, "path": "a" }),
    ),
    (
      Event::ArmTaken {
        path: path(),
        arm: None,
        not_taken: vec!["then".into()],
      },
      json!({ "event": "arm_taken", "path": "a", "arm": null, "not_taken": ["then"] }),
    ),
    (
      Event::Expanded {
        path: path(),
        items: 2,
        window: 8,
        digest: digest(),
      },
      json!({ "event": "expanded", "path": "a", "items": 2, "window": 8, "digest": "00000000000000ff" }),
    ),
    (
      Event::Planned {
        path: path(),
        pool: "crew".into(),
        assignments: 2,
        window: 8,
        digest: digest(),
        unused: vec!["w".into()],
      },
      json!({ "event": "planned", "path": "a", "pool": "crew", "assignments": 2, "window": 8,
        "digest": "00000000000000ff", "unused": ["w"] }),
    ),
    (
      Event::Iterated {
        path: path(),
        index: 0,
        until: Some(true),
      },
      json!({ "event": "iterated", "path": "a", "index": 0, "until": true }),
    ),
    (
      Event::RequireChecked {
        path: path(),
        held: false,
      },
      json!({ "event": "require_checked", "path": "a", "held": false }),
    ),
    (
      Event::DeadlinePassed { path: path() },
      json!({ "event": "deadline_passed", "path": "a" }),
    ),
  ]
}

fn ends() -> Vec<(Event, serde_json::Value)> {
  let (path, cause): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
  let (path, cause) = (|| path.clone(), || cause.clone());
  let lost = || json!({ "kind": "exit", "message": "lost", "step": "a", "attempts": 0 });
  vec![
    (
      Event::RetryScheduled {
        path: path(),
        attempt: 2,
        delay: 9,
        failure: failure(),
      },
      json!({ "event": "retry_scheduled", "path": "a", "attempt": 2, "delay": 9, "failure": lost() }),
    ),
    (
      Event::FailureTaken {
        path: path(),
        by: Taker::Collect,
        failure: failure(),
      },
      json!({ "event": "failure_taken", "path": "a", "by": "collect", "failure": lost() }),
    ),
    (
      Event::StepSucceeded {
        path: path(),
        value: Some(digest()),
      },
      json!({ "event": "step_succeeded", "path": "a", "value": "00000000000000ff" }),
    ),
    (
      Event::StepFailed {
        path: path(),
        failure: failure(),
      },
      json!({ "event": "step_failed", "path": "a", "failure": lost() }),
    ),
    (
      Event::StepSkipped {
        path: path(),
        cause: cause(),
      },
      json!({ "event": "step_skipped", "path": "a", "cause": "b" }),
    ),
    (
      Event::StepCancelled {
        path: path(),
        cause: cause(),
      },
      json!({ "event": "step_cancelled", "path": "a", "cause": "b" }),
    ),
    (
      Event::NotTaken { path: path() },
      json!({ "event": "not_taken", "path": "a" }),
    ),
    (
      Event::RunSucceeded { result: json!({}) },
      json!({ "event": "run_succeeded", "result": {} }),
    ),
    (
      Event::RunFailed { failure: failure() },
      json!({ "event": "run_failed", "failure": lost() }),
    ),
  ]
}

#[test]
fn every_event_is_written_as_ever_and_reads_back() {
  for (event, mut written) in [facts(), decisions(), progress(), ends()].concat() {
    let record = Record {
      seq: 7,
      at: RunTime(1200),
      event,
    };
    written["seq"] = 7.into();
    written["at"] = 1200.into();
    assert_eq!(serde_json::to_value(&record).expect("records are JSON"), written);
    assert_eq!(
      serde_json::from_value::<Record>(written).expect("it reads back"),
      record
    );
  }
}

#[test]
fn a_run_begins_with_all_that_it_is() {
  let program = build::Builder::new().main(Vec::new(), None);
  let (_, step) = start(&program, 9);
  assert_eq!(
    serde_json::to_string(&step.records[0]).expect("records are JSON"),
    r#"{"seq":0,"at":0,"event":"run_started","run":"r1","tracker":"t1","program":"p1","engine":"0","seed":9,"#
      .to_owned()
      + r#""orchestrator":"main","arguments":{},"started":"1970-01-01T00:00:00Z","directory":"/here"}"#
  );
}
