//! What the checker accepts and refuses of pools and plans, by behaviour. Wordings are held by `diagnostics.rs`.

mod common;

use common::{found, listed, memory::check_text};
use orch::{
  hir::{NodeKind, Program, RunPlan, Visit},
  session::Checked,
};

/// Every row stands below this.
const PRELUDE: &str = r#"
defaults { timeout 1s }
type Patch = { files: [string], note: string? }
contract Review@1 { input { patch: Patch, strict?: bool }, output { good: bool } }
secret token = env "API_TOKEN"
let most = 3
let also = most

worker researcher(topic: string) -> string { mock return "found" }
worker coder(task: string, style: string = "plain") -> Patch { mock return { files: [], note: null } }
worker reviewer: Review { mock return { good: true } }
worker fetch(key: secret, path: string) -> json { exec ["./fetch", path], env { KEY: key } }
worker judge(plan: Plan<_crew>(..3)) -> bool { mock return true }
/// Two in a row.
orchestrator team(topic: string) -> string {
  first  = researcher(topic)
  second = researcher(first)
  return second
}

pool _crew = [researcher, coder, reviewer, team]
worker planner(goal: string) -> Plan<_crew>(..3) { mock return { assignments: [] } }
worker loose(goal: string) -> Plan<_crew> { mock return { assignments: [] } }
worker perhaps(goal: string) -> Plan<_crew>(..3)? { mock return null }
worker raw(goal: string) -> json { mock return null }
"#;

/// The program of a row: declarations, then after `---` the steps of an orchestrator.
fn checked(row: &str) -> Checked {
  let (items, steps) = row.split_once("---").unwrap_or(("", row));
  check_text(&format!(
    "{PRELUDE}\n{items}\n/// .\norchestrator o(goal: string, n: int, width: int(1..9), given: Plan<_crew>(..2)) -> json {{\n{steps}\n}}\n"
  ))
}

/// Each row with the codes that are said of it, notes aside, separated by blanks.
fn table(rows: &[(&str, &str)]) {
  let mut failed = String::new();
  for (row, expected) in rows {
    let checked = checked(row);
    let expected: Vec<&str> = expected.split_whitespace().collect();
    let mut found = found(&checked);
    found.retain(|code| !code.starts_with("unused/") && !code.starts_with("failure/"));
    if found != expected {
      failed += &format!(
        "--- {row}\nexpected {expected:?}, found {found:?}\n{}\n",
        listed(&checked)
      );
    }
  }
  assert!(failed.is_empty(), "{failed}");
}

#[test]
fn a_pool_is_a_list_of_workers_and_orchestrators() {
  table(&[
    ("pool p = [researcher, team] ---", ""),
    ("pool p = [researcher, coder(_, style: \"dry\")] ---", ""),
    (
      "pool p = [researcher, coder(task: _, style: also_dry)]\nlet also_dry = \"dry\" ---",
      "",
    ),
    ("pool p = [researcher, fetch(key: token, path: _)] ---", ""),
    ("pool p = [researcher, fetch] ---", "secret/leak"),
    ("pool p = [researcher, nobody] ---", "name/unknown"),
    (
      "pool p = [researcher, double]\nlet double(n: int) -> int = n * 2 ---",
      "name/wrong-kind",
    ),
    ("pool p = [researcher, \"coder\"] ---", "name/wrong-kind"),
    ("pool p = [researcher, ..._crew] ---", "name/wrong-kind"),
    ("pool p = researcher ---", "name/wrong-kind"),
    ("pool p = [researcher, coder, researcher] ---", "name/duplicate"),
    ("pool p = [researcher, coder(_, tone: \"dry\")] ---", "call/arguments"),
    ("pool p = [researcher, coder(_, style: 3)] ---", "type/mismatch"),
    ("pool p = [researcher, coder(style: \"dry\")] ---", "call/arguments"),
    ("pool p = [researcher, judge] ---", "name/wrong-kind"),
    ("pool p = [researcher] ---", "pool/too-small"),
    ("pool p = [] ---", "pool/too-small"),
    ("pool _crew = [researcher, coder] ---", "name/duplicate"),
    (
      "pool p = [researcher, slow]\nworker slow(n: int) -> int { exec [\"true\"], no timeout } ---",
      "worker/no-timeout",
    ),
    ("r = researcher(_crew)", "name/unknown"),
    ("r = coder(goal, style: _)", "name/wrong-kind"),
  ]);
}

#[test]
fn a_bound_of_a_plan_is_known_before_it_runs() {
  let output = |ty: &str| format!("worker w(goal: string) -> {ty} {{ mock return {{ assignments: [] }} }} ---");
  let rows = [
    ("Plan<_crew>(..3)", ""),
    ("Plan<_crew>(..0)", ""),
    ("Plan<_crew>(..most)", ""),
    ("Plan<_crew>(..also)", ""),
    ("Plan<_crew>", ""),
    ("Plan<_crew>(1..3)", "type/bad-refinement"),
    ("Plan<_crew>(..1.5)", "type/bad-refinement"),
    ("Plan<_crew>(/a/)", "type/bad-refinement"),
    ("Plan<_crew>(..token)", ""),
    ("Plan<_crew>(..nothing)", "name/unknown"),
    ("Plan<nobody>(..3)", "name/unknown"),
    ("Plan<researcher>(..3)", "name/unknown"),
    ("Plan<[string]>(..3)", "name/wrong-kind"),
    ("Plan", "call/arguments"),
    ("Plan<_crew, _crew>", "call/arguments"),
  ];
  let rows: Vec<(String, &str)> = rows.iter().map(|(ty, codes)| (output(ty), *codes)).collect();
  let rows: Vec<(&str, &str)> = rows.iter().map(|(row, codes)| (row.as_str(), *codes)).collect();
  table(&rows);
  table(&[
    (
      "let half = 3 / 2\nworker w(x: int) -> Plan<_crew>(..half) { mock return { assignments: [] } } ---",
      "type/bad-refinement",
    ),
    (
      "let none = -1\nworker w(x: int) -> Plan<_crew>(..none) { mock return { assignments: [] } } ---",
      "type/bad-refinement",
    ),
    ("worker w(x: int) -> [int](..most) { mock return [1, 2] } ---", ""),
    (
      "worker w(x: int) -> [int](..most) { mock return [1, 2, 3, 4] } ---",
      "type/mismatch",
    ),
  ]);
}

#[test]
fn a_type_of_ones_own_may_have_the_name() {
  let checked = check_text(
    "type Plan = { goal: string }\ntype WorkerCard = { name: string }\n\
     worker w(card: WorkerCard) -> Plan { mock return { goal: \"g\" }, timeout 1s }\n",
  );
  assert!(checked.findings.is_empty(), "{}", listed(&checked));
}

#[test]
fn only_a_bounded_plan_runs() {
  table(&[
    ("p = planner(goal)\nr = run p", ""),
    (
      "p = planner(goal)\nr = run p with concurrent 2, collect, deadline 5m, delay 1s",
      "",
    ),
    ("p = planner(goal)\nr = run p with concurrent width", ""),
    ("p = planner(goal)\nr = run p with concurrent n", "bound/unbounded"),
    ("p = planner(goal)\nr = run p with concurrent 0", "bound/out-of-range"),
    ("p = planner(goal)\nr = run p with timeout 5s", "policy/misplaced"),
    ("p = planner(goal)\nr = run p with retry 2", "policy/misplaced"),
    ("p = planner(goal)\nrun p", ""),
    ("p = planner(goal)\nr = attempt run p", ""),
    ("p = planner(goal)\nr = run p catch { yield null }", ""),
    ("r = run given", ""),
    ("p = loose(goal)\nr = run p", "bound/unbounded"),
    ("p = perhaps(goal)\nr = run p", "type/maybe-null"),
    ("p = perhaps(goal)\nrequire p != null\nr = run p", ""),
    ("p = raw(goal)\nr = run p", "type/bad-operand"),
    ("p = raw(goal)\nplan = p as Plan<_crew>(..4)\nr = run plan", ""),
    ("p = planner(goal)\nfewer = p as Plan<_crew>(..1)\nr = run fewer", ""),
    ("r = run goal", "type/bad-operand"),
  ]);
}

#[test]
fn results_are_typed() {
  table(&[
    (
      "p = planner(goal)\nr = run p with collect\nreturn [{ id: x.id, who: x.worker, ok: x.outcome.ok } for x in r]",
      "",
    ),
    (
      "p = planner(goal)\nr = run p with collect\nreturn [x.outcome.error for x in r if not x.outcome.ok]",
      "",
    ),
    (
      "p = planner(goal)\nr = run p with collect\nreturn r[0].value",
      "name/unknown-field",
    ),
    (
      "worker tell(all: [Result_of<_crew>]) -> string { mock return \"told\" }\n---\np = planner(goal)\nr = run p\nt = tell(r)\nreturn t",
      "",
    ),
    (
      "worker tell(all: [{ id: string, worker: string, outcome: Outcome<json> }](..3)) -> string { mock return \"t\" }\n\
       ---\np = planner(goal)\nr = run p\nt = tell(r)\nreturn t",
      "",
    ),
  ]);
}

#[test]
fn plans_read_as_data() {
  table(&[
    ("p = planner(goal)\nreturn len(p.assignments)", ""),
    ("p = planner(goal)\nreturn [a.worker for a in p.assignments]", ""),
    (
      "p = planner(goal)\nreturn count(p.assignments, it.worker == \"coder\")",
      "",
    ),
    ("p = planner(goal)\nreturn p.steps", "name/unknown-field"),
    ("p = planner(goal)\nx = anything(p)\nreturn x\n", "name/unknown"),
    (
      "worker anything(x: json) -> json { mock return null }\n---\np = planner(goal)\nx = anything(p)\nreturn x",
      "",
    ),
    (
      "worker five(p: Plan<_crew>(..5)) -> int { mock return 1 }\n---\np = planner(goal)\nx = five(p)\nreturn x",
      "",
    ),
    (
      "worker two(p: Plan<_crew>(..2)) -> int { mock return 1 }\n---\np = planner(goal)\nx = two(p)\nreturn x",
      "type/mismatch",
    ),
    (
      "pool wide = [researcher, coder, reviewer, team, w]\nworker w(n: int) -> int { mock return 1 }\n\
       worker every(p: Plan<wide>(..3)) -> int { mock return 1 }\n---\np = planner(goal)\nx = every(p)\nreturn x",
      "",
    ),
    (
      "pool other = [researcher, coder]\nworker few(p: Plan<other>(..3)) -> int { mock return 1 }\n\
       ---\np = planner(goal)\nx = few(p)\nreturn x",
      "type/mismatch",
    ),
    (
      "p = planner(goal)\nreturn p.assignments as [{ id: string, worker: string, input: json, after?: [string] }]",
      "",
    ),
  ]);
}

#[test]
fn a_plan_that_is_written_out_is_checked_at_once() {
  let mock = |plan: &str| format!("worker w(goal: string) -> Plan<_crew>(..2) {{ mock return {plan} }} ---");
  let rows = [
    ("{ assignments: [] }", ""),
    (
      "{ assignments: [{ id: \"a\", worker: \"researcher\", input: { topic: \"x\" } },
        { id: \"b\", worker: \"coder\", input: { task: { \"$ref\": \"a\" } } }] }",
      "",
    ),
    (
      "{ assignments: [{ id: \"a\", worker: \"resercher\", input: { topic: \"x\" } }] }",
      "type/mismatch",
    ),
    (
      "{ assignments: [{ id: \"a\", worker: \"researcher\", input: { topic: 3 } }] }",
      "type/mismatch",
    ),
    (
      "{ assignments: [{ id: \"a\", worker: \"researcher\", input: { topic: { \"$ref\": \"b\" } } }] }",
      "type/mismatch",
    ),
    (
      "{ assignments: [{ id: \"a\", worker: \"researcher\", input: { topic: goal } }] }",
      "type/mismatch",
    ),
    (
      "{ assignments: [{ id: \"a\", worker: \"researcher\", input: { topic: goal } }] } as Plan<_crew>(..2)",
      "",
    ),
    (
      "{ assignments: [{ id: \"r${n}\", worker: \"researcher\", input: { topic: goal } } for n in range(2)] } as Plan<_crew>(..2)",
      "",
    ),
    ("{ steps: [] }", "name/unknown-field"),
    ("null", "type/maybe-null"),
  ];
  let rows: Vec<(String, &str)> = rows.iter().map(|(plan, codes)| (mock(plan), *codes)).collect();
  let rows: Vec<(&str, &str)> = rows.iter().map(|(row, codes)| (row.as_str(), *codes)).collect();
  table(&rows);
}

#[test]
fn a_mock_may_give_json_for_a_plan() {
  table(&[
    ("worker w(x: json) -> Plan<_crew>(..2) { mock return x } ---", ""),
    (
      "let p = parse_json(\"{}\")\nworker w(n: int) -> Plan<_crew>(..2) { mock return p } ---",
      "",
    ),
    (
      "worker w(x: string) -> Plan<_crew>(..2) { mock return x } ---",
      "type/mismatch",
    ),
  ]);
}

#[test]
fn a_plan_that_is_always_the_same_is_said() {
  let plan = "{ assignments: [{ id: \"a\", worker: \"researcher\", input: { topic: \"x\" } }] }";
  table(&[
    (
      &format!("let fixed: Plan<_crew>(..2) = {plan}\n---\nr = run fixed"),
      "flow/constant-plan",
    ),
    (
      &format!("let fixed: Plan<_crew>(..2) = {plan}\n---\np = fixed\nq = p\nr = run q"),
      "flow/constant-plan",
    ),
    (
      &format!("p = {plan} as Plan<_crew>(..2)\nr = run p"),
      "flow/constant-plan",
    ),
    (
      "p = { assignments: [{ id: \"a\", worker: \"researcher\", input: { topic: goal } }] } as Plan<_crew>(..2)\nr = run p",
      "",
    ),
    ("r = each g in [goal] { p = planner(g)\nx = run p\nyield x }", ""),
  ]);
}

#[test]
fn describe_takes_a_pool() {
  table(&[
    ("return describe(_crew)", ""),
    ("return [card.name for card in describe(_crew)]", ""),
    ("let cards = describe(_crew)\n---\nreturn cards", ""),
    (
      "worker read(cards: [WorkerCard](1..9)) -> int { mock return 1 }\n---\nr = read(describe(_crew))\nreturn r",
      "",
    ),
    ("return describe(researcher)", "name/unknown"),
    ("return describe([researcher])", "name/wrong-kind"),
    ("return describe()", "call/arguments"),
    ("worker describe(n: int) -> int { mock return 1 } ---", "name/shadowed"),
  ]);
}

#[test]
fn nothing_comes_to_run_itself_by_a_plan() {
  table(&[
    (
      "pool all = [researcher, again]\n/// .\norchestrator again(topic: string) -> string {\n  p = next(topic)\n  r = run p\n  \
       return \"x\"\n}\nworker next(topic: string) -> Plan<all>(..2) { mock return { assignments: [] } } ---",
      "cycle/calls",
    ),
    (
      "pool all = [researcher, again]\n/// .\norchestrator again(topic: string) -> string {\n  r = deeper(topic)\n  return r\n}\n\
       /// .\norchestrator deeper(topic: string) -> string {\n  p = next(topic)\n  r = run p\n  return \"x\"\n}\n\
       worker next(topic: string) -> Plan<all>(..2) { mock return { assignments: [] } } ---",
      "cycle/calls",
    ),
    (
      "pool all = [researcher, self]\nworker self(topic: string) -> Plan<all>(..2) { mock return { assignments: [] } } ---",
      "cycle/types",
    ),
    (
      "type Deep = { plan: Plan<all>(..2) }\npool all = [researcher, self]\n\
       worker self(topic: string) -> Deep { mock return { plan: { assignments: [] } } } ---",
      "cycle/types",
    ),
    (
      "pool all = [researcher, tell]\nworker tell(results: [Result_of<all>]) -> string { mock return \"t\" } ---",
      "",
    ),
  ]);
}

#[test]
fn members_that_do_the_same_are_noted() {
  let checked = checked(
    "pool twins = [anna, bert, coder]\nworker anna(text: string) -> string { exec [\"./say\", text] }\n\
     worker bert(text: string) -> string { exec [\"./say\", text] }\n---",
  );
  let notes: Vec<&str> = checked.findings.0.iter().map(|finding| finding.code.name).collect();
  assert!(notes.contains(&"pool/identical"), "{}", listed(&checked));
}

#[test]
fn a_permit_holds_for_whom_a_plan_may_assign() {
  table(&[(
    "pool p = [researcher, wide]\nworker wide(n: int) -> int { exec [\"./count\"] }\n\
     worker next(topic: string) -> Plan<p>(..2) { mock return { assignments: [] } }\n\
     /// .\norchestrator strict(topic: string) -> json {\n  permit { net none }\n  p = next(topic)\n  r = run p\n  return r\n} ---",
    "permit/exceeds",
  )]);
}

fn run_of(program: &Program) -> &RunPlan {
  let (_, orchestrator) = program
    .orchestrator_ids()
    .find(|(_, own)| &*own.name == "o")
    .expect("o");
  let mut found = None;
  orchestrator.body.visit_nodes(&mut |node| {
    if let NodeKind::RunPlan(run) = &node.kind {
      found = Some(&**run);
    }
  });
  found.expect("a run")
}

#[test]
fn a_run_knows_its_pool_and_its_bound() {
  let checked = checked("p = planner(goal)\nr = run p with concurrent 2, collect\nreturn r");
  let program = checked
    .program
    .as_ref()
    .unwrap_or_else(|| panic!("{}", listed(&checked)));
  let run = run_of(program);
  assert_eq!((run.most, run.collect, run.concurrent.is_some()), (3, true, true));
  let pool = program.pool(run.pool);
  let names: Vec<&str> = pool.members.iter().map(|member| &*member.name).collect();
  assert_eq!(
    (&*pool.name, &names[..]),
    ("_crew", &["researcher", "coder", "reviewer", "team"][..])
  );
  let coder = pool.member("coder").expect("a member");
  let params: Vec<&str> = coder.params.iter().map(|param| &*param.name).collect();
  assert_eq!(params, ["task", "style"]);
  assert!(matches!(coder.call.kind, NodeKind::Work(_)));
  assert!(matches!(
    pool.member("team").expect("a member").call.kind,
    NodeKind::Orchestrate(_)
  ));
}

#[test]
fn a_profile_may_replace_who_is_in_a_pool() {
  table(&[
    (
      "profile ci { coder = quick }\nworker quick(task: string, style: string = \"x\") -> Patch { mock return { files: [], note: null } } ---\np = planner(goal)\nr = run p",
      "",
    ),
    (
      "profile ci { most = 5 }\nworker w(x: int) -> Plan<_crew>(..most) { mock return { assignments: [] } } ---",
      "",
    ),
  ]);
}
