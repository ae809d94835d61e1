//! Records as a run writes them, and what is read off them.

use super::*;

fn history(lines: &[&str]) -> History {
  let record = |(seq, line): (usize, &&str)| -> Record {
    let (at, event) = line.split_once(' ').expect("a time and an event");
    let mut value: serde_json::Value = serde_json::from_str(event).expect("JSON");
    value["seq"] = seq.into();
    value["at"] = at.parse::<i64>().expect("a time").into();
    serde_json::from_value(value).expect("a record")
  };
  let records: Vec<Record> = lines.iter().enumerate().map(record).collect();
  History::of(&records)
}

const REQUESTED: &str =
  r#"0 {"event":"attempt_requested","execution":0,"path":"a","worker":"w","attempt":1,"input":"00000000000000ff"}"#;

fn failed(at: i64, event: &str) -> String {
  format!(
    r#"{at} {{"event":"{event}","path":"a","failure":{{"kind":"exit","message":"lost","step":"a","attempts":1}}}}"#
  )
}

#[test]
fn a_call_waits_runs_and_ends() {
  let mut lines = vec![REQUESTED];
  assert_eq!(history(&lines).steps["a"].state, State::Waiting);
  lines.push(r#"5 {"event":"admitted","execution":0}"#);
  let running = history(&lines);
  assert_eq!(running.steps["a"].state, State::Running);
  assert!(running.steps["a"].attempts[0].runs());
  lines.push(r#"9 {"event":"attempt_ended","execution":0,"outcome":{"ok":1}}"#);
  lines.push(r#"9 {"event":"step_succeeded","path":"a"}"#);
  let ended = history(&lines);
  let step = &ended.steps["a"];
  assert_eq!((step.state, step.ended), (State::Succeeded, Some(RunTime(9))));
  assert_eq!(step.attempts[0].ended, Some((RunTime(9), Ended::Succeeded)));
}

#[test]
fn what_has_ended_stays_as_it_is() {
  let late = failed(9, "step_failed");
  let lines = [REQUESTED, r#"5 {"event":"step_succeeded","path":"a"}"#, &late];
  assert_eq!(history(&lines).steps["a"].state, State::Succeeded);
}

#[test]
fn a_call_that_was_cut_short_is_in_doubt_until_it_is_repeated() {
  let resumed = r#"5 {"event":"resumed","resumed":"1970-01-01T00:00:00Z","engine":"0"}"#;
  let mut lines = vec![
    REQUESTED,
    r#"1 {"event":"admitted","execution":0}"#,
    resumed,
    r#"5 {"event":"in_doubt","execution":0,"path":"a"}"#,
    r#"6 {"event":"stopped"}"#,
  ];
  let doubtful = history(&lines);
  assert_eq!(doubtful.in_doubt().count(), 1);
  assert!(matches!(doubtful.end, Some(End::Stopped)));
  lines.extend([resumed, r#"6 {"event":"attempt_repeated","execution":0,"path":"a"}"#]);
  let again = history(&lines);
  assert_eq!(
    (again.steps["a"].state, again.steps["a"].attempts[0].repeated),
    (State::Waiting, 1)
  );
  assert!(again.end.is_none() && again.resumed.len() == 2);
}

#[test]
fn a_failure_that_was_taken_says_by_whom() {
  let taken = r#"9 {"event":"failure_taken","path":"a","by":"collect",
    "failure":{"kind":"exit","message":"lost","step":"a","attempts":1}}"#;
  let read = history(&[REQUESTED, taken]);
  let step = &read.steps["a"];
  assert_eq!((step.state, step.taken), (State::Failed, Some(Taker::Collect)));
}

#[test]
fn depth_counts_what_stands_around() {
  let depth = |path: &str| Step::new(path.into(), RunTime(0)).depth();
  assert_eq!(
    ["a", "a.b", "xs[3]", "xs[3].a", "r[\"x.y\"].b"].map(depth),
    [0, 1, 1, 2, 2]
  );
}
