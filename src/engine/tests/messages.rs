//! What goes to a worker, and what is made of its answer.

use std::path::PathBuf;

use super::{build::*, *};
use crate::{
  hir::*,
  protocol::{ProcessTask, RawAnswer, Task},
  types::Type,
  value::{Failure, FailureKind, Value},
};

fn process(program: ProcessProgram) -> Process {
  Process {
    program,
    stdin: Stdin::Input,
    cwd: Cwd::Module,
    env: Vec::new(),
    expect: vec![0..=0].into(),
    output: None,
    permit: None,
    stdout: LocalId(901),
    stderr: LocalId(902),
    exit: LocalId(903),
  }
}

fn exec(words: impl IntoIterator<Item = Expr>) -> Process {
  process(ProcessProgram::Exec(list(words)))
}

/// Asks for the start of a call of the worker with this argument.
fn started(worker: WorkerKind, output: Type, argument: Value) -> (Run, Result<Start, Arc<Failure>>) {
  let mut b = Builder::new();
  let (id, x) = (b.worker("w", worker), b.local());
  b.program.workers[id.0 as usize].output = output;
  let program = b.main(
    vec![crate::engine::tests::build::step("x", x, call(id, [lit(argument)]))],
    None,
  );
  let (mut run, _) = start(&program, 1);
  let step = run.step(RunTime(0), Input::Admitted(ExecutionId(0)));
  let start = step.commands.into_iter().find_map(|command| match command {
    Command::Start(start) => Some(*start),
    _ => None,
  });
  let failed = step.records.into_iter().find_map(|record| match record.event {
    Event::StepFailed { failure, .. } => Some(failure),
    _ => None,
  });
  (run, start.ok_or_else(|| failed.expect("it starts or fails")))
}

fn task(process: impl FnOnce(LocalId) -> Process, argument: Value) -> ProcessTask {
  // the first parameter of the first worker of a builder
  let parameter = LocalId(2);
  let (_, start) = started(WorkerKind::Process(process(parameter)), Type::Json, argument);
  match start.expect("it starts").invocation.task {
    Task::Process(task) => task,
    other => panic!("a process was asked for, not {other:?}"),
  }
}

fn record(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
  Value::fields(fields).expect("a small record")
}

#[test]
fn scalars_stand_in_an_argument_vector_as_text() {
  let words = |_| exec([text("tool"), int(3), truth(true), lit(Value::Float(0.5)), time(90_000)]);
  let task = task(words, Value::Null);
  assert_eq!(task.argv, ["tool", "3", "true", "0.5", "1m30s"]);
  assert_eq!(task.cwd, Some(PathBuf::from("/module")));
  assert!(task.wants_output);
}

#[test]
fn the_input_record_is_on_standard_input() {
  let task = task(|_| exec([text("tool")]), record([("a", Value::Int(1))]));
  assert_eq!(&*task.stdin, br#"{"x":{"a":1}}"#);
}

#[test]
fn standard_input_may_be_nothing_a_text_or_another_value() {
  let given = |stdin| {
    task(
      |_| Process {
        stdin,
        ..exec([text("tool")])
      },
      Value::Null,
    )
    .stdin
  };
  assert_eq!(&*given(Stdin::Nothing), b"");
  assert_eq!(&*given(Stdin::Expr(lit(Value::Null))), b"");
  assert_eq!(&*given(Stdin::Expr(text("as it is"))), b"as it is");
  assert_eq!(&*given(Stdin::Expr(numbers(3))), b"[0,1,2]");
}

#[test]
fn a_shell_has_its_parameters_in_the_environment() {
  let script = |_| process(ProcessProgram::Shell("echo \"$x\"".into()));
  let text = task(script, Value::string("a b; rm"));
  assert_eq!(text.argv, ["sh", "-eu", "-c", "echo \"$x\""]);
  assert_eq!(text.env, [("x".to_owned(), "a b; rm".into())]);
  let list = task(
    script,
    Value::list(vec![Value::Int(1), Value::string("b")]).expect("small"),
  );
  assert_eq!(list.env, [("x".to_owned(), r#"[1,"b"]"#.into())]);
  assert_eq!(task(script, Value::Null).env, [], "null is unset");
}

#[test]
fn the_environment_is_what_is_named() {
  let named = |parameter| Process {
    env: vec![
      FieldPart::Field("A".into(), read(parameter)),
      FieldPart::Spread(lit(record([("B", Value::Int(2)), ("C", Value::Null)]))),
      FieldPart::Field("B".into(), text("last")),
    ],
    ..exec([text("tool")])
  };
  let pairs = [("A", "one"), ("B", "last")].map(|(name, value)| (name.to_owned(), value.into()));
  assert_eq!(task(named, Value::string("one")).env, pairs);
}

#[test]
fn directories_are_below_the_module() {
  let given = |cwd| {
    task(
      |_| Process {
        cwd,
        ..exec([text("tool")])
      },
      Value::Null,
    )
    .cwd
  };
  assert_eq!(given(Cwd::Scratch), None);
  assert_eq!(given(Cwd::Expr(text("sub"))), Some(PathBuf::from("/module/sub")));
  assert_eq!(given(Cwd::Expr(text("/other"))), Some(PathBuf::from("/other")));
}

#[test]
fn an_attempt_knows_who_it_is() {
  // `call` is the first local of the first worker
  let call = |name| field(read(LocalId(1)), name);
  let words = exec([text("tool"), call("step"), call("attempt"), call("run"), call("key")]);
  let (_, start) = started(WorkerKind::Process(words), Type::Json, Value::Null);
  let start = start.expect("it starts");
  let Task::Process(task) = start.invocation.task else {
    panic!("a process")
  };
  let key = start.invocation.identity.key.to_string();
  assert_eq!(key.len(), 32);
  assert_eq!(task.argv, ["tool", "x", "1", "r1", &key]);
}

#[test]
fn a_setting_without_a_value_makes_no_attempt() {
  let item = expr(ExprKind::Index {
    base: Box::new(numbers(0)),
    index: Box::new(int(3)),
  });
  let (run, failure) = started(WorkerKind::Process(exec([item])), Type::Json, Value::Null);
  let failure = failure.expect_err("it does not start");
  assert_eq!((failure.kind, failure.attempts), (FailureKind::Expression, 0));
  assert_eq!(failure.worker.as_deref(), Some("w"));
  assert!(run.is_over());
}

fn answered(process: Process, output: Type, stdout: &[u8]) -> Result<serde_json::Value, Arc<Failure>> {
  let (run, start) = started(WorkerKind::Process(process), output, Value::Null);
  let raw = RawAnswer::Process {
    stdout: stdout.to_vec(),
    stderr_tail: "a warning".into(),
    exit: 0,
  };
  match run.outcome(&start.expect("it starts").attempt, Ok(raw)) {
    AttemptOutcome::Ok(value) => Ok(value),
    AttemptOutcome::Failed(failure) => Err(failure),
  }
}

#[test]
fn standard_output_is_json_of_the_output_type() {
  let ints = Type::list(Type::int());
  assert_eq!(
    answered(exec([text("t")]), ints.clone(), b" [1, 2.0]\n"),
    Ok(serde_json::json!([1, 2]))
  );
  let failure = answered(exec([text("t")]), ints, b"[1, \"two\"]").expect_err("it does not fit");
  assert_eq!(
    (failure.kind, failure.at.as_deref()),
    (FailureKind::Contract, Some("$[1]"))
  );
  assert!(
    failure.message.starts_with("the output of `w` does not fit at $[1]: "),
    "{}",
    failure.message
  );
  assert_eq!(failure.log.as_deref(), Some("a warning"));
}

#[test]
fn an_answer_that_is_not_json_is_shown() {
  let failure = answered(exec([text("t")]), Type::Json, b"\nHello, world\n").expect_err("not JSON");
  assert_eq!(failure.kind, FailureKind::Contract);
  assert!(
    failure.message.starts_with("the output of `w`: not JSON"),
    "{}",
    failure.message
  );
  assert!(
    failure.message.ends_with("it begins `Hello, world`"),
    "{}",
    failure.message
  );
  let failure = answered(exec([text("t")]), Type::Json, b"").expect_err("nothing");
  assert_eq!(&*failure.message, "the output of `w`: not JSON: there is no text");
  let failure = answered(exec([text("t")]), Type::Json, b"\"ab\xff\"").expect_err("not UTF-8");
  assert!(failure.message.contains("not UTF-8 at byte 3"), "{}", failure.message);
}

#[test]
fn a_worker_without_output_gives_null() {
  assert_eq!(
    answered(exec([text("t")]), Type::Null, b"whatever\xff"),
    Ok(serde_json::Value::Null)
  );
}

#[test]
fn an_output_expression_sees_what_the_process_left() {
  let mapped = |output| Process {
    output: Some(output),
    ..exec([text("t")])
  };
  let all = list([read(LocalId(901)), read(LocalId(902)), read(LocalId(903))]);
  assert_eq!(
    answered(mapped(all), Type::Json, b"plain\n"),
    Ok(serde_json::json!(["plain\n", "a warning", 0]))
  );
  let failure = answered(mapped(read(LocalId(901))), Type::Json, b"\xff").expect_err("not UTF-8");
  assert_eq!(failure.kind, FailureKind::Contract);
  let failure = answered(mapped(read(LocalId(901))), Type::int(), b"1").expect_err("a string");
  assert!(
    failure.message.starts_with("the output of `w` does not fit at $: "),
    "{}",
    failure.message
  );
}

fn mocked_by(rules: Vec<MockRule>, argument: Value) -> Scripted {
  let (_, start) = started(WorkerKind::Mock(rules), Type::Json, argument);
  mocked(&start.expect("it starts"))
}

#[test]
fn mock_rules_are_tried_from_the_top() {
  let on = |pattern: Value| MockWhen::On(lit(record([("x", pattern)])));
  let gives = |value: i64| MockAnswer::Return(int(value));
  let rules = || {
    vec![
      rule(on(record([("a", Value::Int(1))])), 0, gives(1)),
      rule(on(Value::Int(5)), 7, gives(2)),
      rule(MockWhen::First(int(0)), 0, gives(3)),
    ]
  };
  let more = record([("b", Value::Int(2)), ("a", Value::Int(1))]);
  let is = |scripted, delay, value| matches!(scripted, Scripted::Answer(after, Ok(RawAnswer::Mock(Value::Int(given)))) if (after, given) == (delay, value));
  assert!(is(mocked_by(rules(), more), 0, 1), "more fields than the pattern has");
  assert!(is(mocked_by(rules(), Value::Int(5)), 7, 2));
  let Scripted::Answer(0, Err(error)) = mocked_by(rules(), Value::Int(6)) else {
    panic!("no rule holds");
  };
  assert_eq!(error.message, "no rule of the mock `w` holds for this input");
}
