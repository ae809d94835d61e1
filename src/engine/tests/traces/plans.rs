//! Runs of plans.

use serde_json::json;

use super::{
  super::{build::*, pools::*, *},
  lost,
};
use crate::{hir::*, value::FailureKind::*};

#[test]
fn assignments_begin_when_what_they_wait_for_has_succeeded() {
  let mut b = Builder::new();
  let (slow, fast) = (b.echo("slow", 20), b.echo("fast", 5));
  let pool = b.pool(&[slow, fast], &[]);
  let plan = json!({ "assignments": [
    { "id": "test", "worker": "fast", "input": { "x": { "of": { "$ref": "code" } } } },
    { "id": "code", "worker": "slow", "input": { "x": 1 } },
    { "id": "read", "worker": "fast", "input": { "x": 2 } },
    { "id": "tell", "worker": "fast", "input": { "x": 3 }, "after": ["read"] },
  ] });
  let x = b.local();
  let run = b.run_plan(pool, &plan, 8, false);
  let program = b.main(vec![step("results", x, run)], Some(read(x)));
  assert_eq!(
    trace(&records(&program)),
    [
      "0 planned results 4 by 8, unused ",
      "0 requested results[\"code\"] slow #1 as 0",
      "0 requested results[\"read\"] fast #1 as 1",
      "5 ended 1 2",
      "5 ok results[\"read\"]",
      "5 requested results[\"tell\"] fast #1 as 2",
      "10 ended 2 3",
      "10 ok results[\"tell\"]",
      "20 ended 0 1",
      "20 ok results[\"code\"]",
      "20 requested results[\"test\"] fast #1 as 3",
      "25 ended 3 {\"of\":1}",
      "25 ok results[\"test\"]",
      "25 ok results",
      "25 run ok [{\"id\":\"test\",\"worker\":\"fast\",\"outcome\":{\"ok\":true,\"value\":{\"of\":1}}},\
       {\"id\":\"code\",\"worker\":\"slow\",\"outcome\":{\"ok\":true,\"value\":1}},\
       {\"id\":\"read\",\"worker\":\"fast\",\"outcome\":{\"ok\":true,\"value\":2}},\
       {\"id\":\"tell\",\"worker\":\"fast\",\"outcome\":{\"ok\":true,\"value\":3}}]",
    ]
  );
}

#[test]
fn a_collected_plan_skips_only_what_waits_for_a_loss() {
  let mut b = Builder::new();
  let (bad, good) = (lost(&mut b, "bad", 5, Exit), b.echo("good", 10));
  let other = b.echo("other", 1);
  let pool = b.pool(&[bad, good, other], &[]);
  let plan = json!({ "assignments": [
    { "id": "a", "worker": "bad", "input": { "x": 1 } },
    { "id": "b", "worker": "good", "input": { "x": { "$ref": "a" } } },
    { "id": "c", "worker": "good", "input": { "x": 3 }, "after": ["b"] },
    { "id": "d", "worker": "good", "input": { "x": 4 } },
  ] });
  let x = b.local();
  let run = b.run_plan(pool, &plan, 8, true);
  let program = b.main(vec![step("results", x, run)], Some(read(x)));
  let records = records(&program);
  assert_eq!(
    steps(&records)[..],
    [
      "0 planned results 4 by 8, unused other".to_owned(),
      "0 requested results[\"a\"] bad #1 as 0".into(),
      "0 requested results[\"d\"] good #1 as 1".into(),
      "5 taken results[\"a\"] by Collect: results[\"a\"]: lost (exit)".into(),
      "5 skipped results[\"b\"] because of results[\"a\"]".into(),
      "5 skipped results[\"c\"] because of results[\"a\"]".into(),
      "10 ok results[\"d\"]".into(),
      "10 ok results".into(),
      steps(&records)[8].clone(),
    ]
  );
  let Some(Event::RunSucceeded { result }) = records.last().map(|record| &record.event) else {
    panic!("the run succeeds");
  };
  let kinds: Vec<_> = (0..4).map(|at| &result[at]["outcome"]["error"]["kind"]).collect();
  assert_eq!(
    kinds,
    [&json!("exit"), &json!("skipped"), &json!("skipped"), &json!(null)]
  );
  let skipped = &result[2]["outcome"]["error"];
  assert_eq!(skipped["step"], "results[\"c\"]");
  assert_eq!(skipped["message"], "`a` did not succeed");
  assert_eq!(
    skipped["causes"],
    json!([{ "step": "results[\"a\"]", "kind": "exit", "message": "lost" }])
  );
}

#[test]
fn without_collect_the_first_failure_loses_the_run() {
  let mut b = Builder::new();
  let (bad, slow) = (lost(&mut b, "bad", 5, Exit), b.echo("slow", 10));
  let pool = b.pool(&[bad, slow], &[]);
  let plan = json!({ "assignments": [
    { "id": "a", "worker": "bad", "input": { "x": 1 } },
    { "id": "b", "worker": "slow", "input": { "x": 2 } },
    { "id": "c", "worker": "slow", "input": { "x": 3 } },
    { "id": "d", "worker": "slow", "input": { "x": 4 }, "after": ["b"] },
  ] });
  let (x, error) = (b.local(), b.local());
  let run = b.run_plan(pool, &plan, 2, false);
  let program = b.main(
    vec![step("results", x, catch(run, error, value(int(0))))],
    Some(read(x)),
  );
  assert_eq!(
    steps(&records(&program)),
    [
      "0 planned results 4 by 2, unused ",
      "0 requested results[\"a\"] bad #1 as 0",
      "0 requested results[\"b\"] slow #1 as 1",
      "5 failed results[\"a\"]: results[\"a\"]: lost (exit)",
      "5 skipped results[\"c\"] because of results[\"a\"]",
      "5 skipped results[\"d\"] because of results[\"a\"]",
      "5 cancelled results[\"b\"] because of results[\"a\"]",
      "5 taken results by Catch: results[\"a\"]: lost (exit)",
      "5 ok results.catch",
      "5 ok results",
      "5 run ok 0",
    ]
  );
}

#[test]
fn as_many_at_once_as_the_window_in_the_order_of_the_plan() {
  let mut b = Builder::new();
  let echo = b.echo("echo", 5);
  let pool = b.pool(&[echo], &[]);
  let assignment =
    |id: &str, after: &[&str]| json!({ "id": id, "worker": "echo", "input": { "x": 1 }, "after": after });
  let plan = json!({ "assignments": [
    assignment("late", &["a", "b"]), assignment("a", &[]), assignment("b", &[]), assignment("c", &[]),
    assignment("d", &[]),
  ] });
  let x = b.local();
  let run = b.run_plan(pool, &plan, 2, false);
  let program = b.main(vec![step("results", x, run)], None);
  let asked: Vec<_> = steps(&records(&program))
    .into_iter()
    .filter(|line| line.contains("requested"))
    .collect();
  assert_eq!(
    asked,
    [
      "0 requested results[\"a\"] echo #1 as 0",
      "0 requested results[\"b\"] echo #1 as 1",
      "5 requested results[\"c\"] echo #1 as 2",
      "5 requested results[\"late\"] echo #1 as 3",
      "10 requested results[\"d\"] echo #1 as 4",
    ]
  );
}

#[test]
fn an_orchestrator_of_the_pool_is_a_scope_of_this_run() {
  let mut b = Builder::new();
  let (echo, x, y) = (b.echo("echo", 5), b.local(), b.local());
  let param = b.param("x");
  let inner = block(vec![step("inner", y, call(echo, [read(param.local)]))], Some(read(y)));
  let team = b.orchestrator("team", vec![param], inner);
  let pool = b.pool(&[echo], &[team]);
  let plan = json!({ "assignments": [
    { "id": "t", "worker": "team", "input": { "x": { "$ref": "e" } } },
    { "id": "e", "worker": "echo", "input": { "x": 7 } },
  ] });
  let run = b.run_plan(pool, &plan, 8, true);
  let program = b.main(vec![step("results", x, run)], None);
  assert_eq!(
    steps(&records(&program)),
    [
      "0 planned results 2 by 8, unused ",
      "0 requested results[\"e\"] echo #1 as 0",
      "5 ok results[\"e\"]",
      "5 scope results[\"t\"]",
      "5 requested results[\"t\"].inner echo #1 as 1",
      "10 ok results[\"t\"].inner",
      "10 ok results[\"t\"]",
      "10 ok results",
      "10 run ok null",
    ]
  );
}

#[test]
fn members_keep_their_own_policies() {
  let mut b = Builder::new();
  let bad = lost(&mut b, "bad", 5, Exit);
  let good = b.echo("good", 100);
  let pool = b.pool(&[bad, good], &[]);
  *b.member_policies(pool, "bad") = retry(1, Backoff::Fixed(time(10)));
  *b.member_policies(pool, "good") = timeout(30);
  let plan = json!({ "assignments": [
    { "id": "a", "worker": "bad", "input": { "x": 1 } },
    { "id": "b", "worker": "good", "input": { "x": 1 } },
  ] });
  let x = b.local();
  let run = b.run_plan(pool, &plan, 8, true);
  let program = b.main(vec![step("results", x, run)], None);
  assert_eq!(
    steps(&records(&program))[3..],
    [
      "5 retry results[\"a\"] #2 after 10",
      "15 requested results[\"a\"] bad #2 as 2",
      "20 taken results[\"a\"] by Collect: results[\"a\"]: lost (exit)",
      "30 taken results[\"b\"] by Collect: results[\"b\"]: timeout of 30ms passed (timeout)",
      "30 ok results",
      "30 run ok null",
    ]
  );
}

#[test]
fn an_empty_plan_has_no_results() {
  let mut b = Builder::new();
  let echo = b.echo("echo", 5);
  let pool = b.pool(&[echo], &[]);
  let x = b.local();
  let run = b.run_plan(pool, &json!({ "assignments": [] }), 1, true);
  let program = b.main(vec![step("results", x, run)], Some(read(x)));
  assert_eq!(
    steps(&records(&program)),
    ["0 planned results 0 by 1, unused echo", "0 ok results", "0 run ok []"]
  );
}

#[test]
fn a_deadline_loses_the_run_of_a_plan() {
  let mut b = Builder::new();
  let slow = b.echo("slow", 50);
  let pool = b.pool(&[slow], &[]);
  let plan = json!({ "assignments": [
    { "id": "a", "worker": "slow", "input": { "x": 1 } },
    { "id": "b", "worker": "slow", "input": { "x": { "$ref": "a" } } },
  ] });
  let x = b.local();
  let run = deadline(20, b.run_plan(pool, &plan, 8, true));
  let program = b.main(vec![step("results", x, run)], None);
  assert_eq!(
    steps(&records(&program))[2..],
    [
      "20 deadline results",
      "20 skipped results[\"b\"] because of results",
      "20 cancelled results[\"a\"] because of results",
      "20 failed results: results: deadline of 20ms passed (timeout)",
      "20 run failed: results: deadline of 20ms passed (timeout)",
    ]
  );
}

#[test]
fn a_planner_gives_the_plan_and_what_it_gives_is_checked_before_anything_starts() {
  let mut b = Builder::new();
  let echo = b.echo("echo", 5);
  let pool = b.pool(&[echo], &[]);
  let plan = json!({ "assignments": [{ "id": "a", "worker": "ecko", "input": { "x": 1 } }] });
  let planner = gives(&mut b, "planner", 3, &plan);
  let (p, x) = (b.local(), b.local());
  let run = b.run_of(pool, read(p), 8, true);
  let ty = match &run.kind {
    NodeKind::RunPlan(run) => run.plan.ty.clone(),
    _ => unreachable!("a run"),
  };
  b.program.workers[planner.0 as usize].output = ty;
  let planned = with(planner, [int(1)], retry(1, Backoff::Fixed(time(10))));
  let program = b.main(vec![step("plan", p, planned), step("results", x, run)], None);
  let reason = "plan: the output of `planner` does not fit at $.assignments[0].worker: there is no worker `ecko` in \
                `crew`, which has `echo`; did you mean `echo`? (contract)";
  assert_eq!(
    steps(&records(&program)),
    [
      "0 requested plan planner #1 as 0".to_owned(),
      "3 retry plan #2 after 10".into(),
      "13 requested plan planner #2 as 1".into(),
      format!("16 failed plan: {reason}"),
      "16 skipped results because of plan".into(),
      format!("16 run failed: {reason}"),
    ]
  );
}
