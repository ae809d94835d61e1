//! Runs an orchestrator: engine, journal, workers and driver put together. Knows nothing of who looks on.
#![expect(
  clippy::disallowed_methods,
  reason = "what a run begins with comes from outside: time, seed, directories"
)]

use std::{
  fmt::{self, Display, Formatter},
  io,
  path::PathBuf,
  sync::Arc,
};

use indexmap::IndexMap;
use tokio::{
  signal::unix::{SignalKind, signal},
  sync::mpsc::{UnboundedReceiver, unbounded_channel},
};
use uuid::Uuid;

use super::{
  bundle::Bundle,
  clean::hold_files,
  lease,
  lock::{Lock, Word},
  log::Log,
  overlap, reuse,
  shelf::StoreShelf,
};
use crate::{
  analysis::Variant,
  driver::{self, Beginning, Request, RunOutcome},
  engine::{
    Event, Gate, Input, LastSuccess, Past, Record, Run, RunStarted, RunTime, StartError, Step, World, overlap_key,
  },
  files::{Depot, Hold},
  hir::{OrchestratorId, Program},
  journal::{Durability, Journal, JournalError, RunHeader, Store},
  protocol::Performer,
  value::{SecretPart, Value, to_json},
  workers::{self, Workers},
};

/// What is to be run.
#[derive(Clone, Debug)]
pub struct Order {
  pub program: Arc<Program>,
  /// The texts of the program.
  pub bundle: Bundle,
  /// The form of the program that this is.
  pub variant: Variant,
  pub orchestrator: OrchestratorId,
  /// By parameter; one that is left out has its default.
  pub arguments: IndexMap<Arc<str>, Value>,
  /// `None`: drawn.
  pub seed: Option<u64>,
  /// The directory of journal and logs.
  pub store: PathBuf,
  /// The canonical path of the root file: runs of one file share keys.
  pub root: PathBuf,
  /// Whether `run.last` is null, whatever ran before.
  pub forget: bool,
  /// Who it is, where that is not up to this run.
  pub given: Option<Given>,
  /// What is left of its last records when the machine loses its power.
  pub durability: Durability,
  /// No file among the arguments goes away before the run's records say that it is needed.
  pub hold: Option<Arc<Hold>>,
  /// An earlier run whose outcomes are as good where nothing has changed.
  pub reuses: Option<Reuses>,
}

/// What of an earlier run another one reuses.
#[derive(Clone, Debug)]
pub struct Reuses {
  /// In the same store.
  pub run: Arc<str>,
  /// Only what does not belong to this step, and was asked for before it had ended.
  pub before: Option<String>,
}

/// The identity of a run that another one has dispatched.
#[derive(Clone, Debug)]
pub struct Given {
  pub run: Arc<str>,
  pub tracker: Arc<str>,
  /// The run that dispatched it.
  pub parent: Arc<str>,
  /// Where orch was started for that one.
  pub directory: Arc<str>,
}

/// Why there is no run, or none any longer, though nothing in it failed. One line that stands alone.
#[derive(Debug)]
pub enum RunError {
  /// The program or its arguments are wrong; nothing was started.
  Refused(String),
  /// The system refuses what every run needs.
  Broken(String),
  /// Another run with the same key is in progress, and this one is not needed then.
  Skipped(String),
  /// Another process drives the run.
  Driven { run: String, process: i32 },
}

impl Display for RunError {
  fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
    match self {
      RunError::Refused(reason) | RunError::Broken(reason) | RunError::Skipped(reason) => f.write_str(reason),
      RunError::Driven { run, process } => write!(f, "process {process} drives run {run} already"),
    }
  }
}

/// Runs it to its end, or until it is interrupted; `observe` gets every record once it is in the journal, `say` is told
/// what is waited for before it begins. The first Ctrl-C or SIGTERM ends the workers, the second kills them.
///
/// # Errors
/// The run can't begin, or the journal can't be written.
pub fn run(order: &Order, observe: &mut dyn FnMut(&Record), say: &mut dyn FnMut(&str)) -> Result<RunOutcome, RunError> {
  let begun = begin(order, say)?;
  drive_here(order, begun, observe)
}

/// Begins it and has it lost at once, for this reason: nothing of it is started but what is told of its loss.
///
/// # Errors
/// As for `run`.
pub fn run_lost(
  order: &Order,
  reason: Arc<str>,
  observe: &mut dyn FnMut(&Record),
  say: &mut dyn FnMut(&str),
) -> Result<RunOutcome, RunError> {
  let mut begun = begin(order, say)?;
  begun.lose(reason);
  drive_here(order, begun, observe)
}

/// Drives it on a runtime of its own.
pub(super) fn drive_here(
  order: &Order,
  begun: Begun,
  observe: &mut dyn FnMut(&Record),
) -> Result<RunOutcome, RunError> {
  let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
  let runtime = runtime.map_err(|error| RunError::Broken(format!("can't start a runtime: {error}")))?;
  let ran = runtime.block_on(drive(order, begun, observe));
  // Whatever is still blocked was not waited for on purpose.
  runtime.shutdown_background();
  ran
}

async fn drive(order: &Order, begun: Begun, observe: &mut dyn FnMut(&Record)) -> Result<RunOutcome, RunError> {
  let Begun {
    run,
    step,
    mut log,
    mut lease,
    mut held,
    past,
  } = begun;
  // nor what workers leave, before it is recorded
  let _hold = hold_files(&order.store)?;
  let workers = Arc::new(Workers::new(workers::Options {
    logs: Some(order.store.join("logs")),
    scratch: std::env::temp_dir(),
    guard: workers::guard_program().ok(),
    files: Depot::new(order.store.clone()),
    secrets: secrets(order),
  }));
  let requests = interruptions(workers.clone(), lease.word())?;
  let name = run.started().run.clone();
  lease.announce(&name).map_err(|error| lease::broken(&name, &error))?;
  if let Some(held) = &mut held {
    held.announce(&name).map_err(|error| overlap::broken(&error))?;
  }
  let mut observer = |records: &[Record]| records.iter().for_each(&mut *observe);
  let performer: Arc<dyn Performer> = workers;
  let mut world = world(order, run.now())?;
  if let Some(past) = past {
    world = world.after(past);
  }
  let driven = driver::drive_within(
    &mut world,
    Beginning { run, step },
    performer,
    &mut log,
    &mut [&mut observer],
    requests,
  )
  .await;
  driven
    .map(|driven| driven.outcome)
    .map_err(|error| RunError::Broken(error.to_string()))
}

/// What the runs of the project share, as they left it.
fn world(order: &Order, now: RunTime) -> Result<World, RunError> {
  let broken = |error: JournalError| RunError::Broken(error.to_string());
  let mut shelf = StoreShelf::open(&order.store).map_err(broken)?;
  let gate = Gate::default();
  gate.restore(shelf.breakers().map_err(broken)?);
  let clock = jiff::Timestamp::now().as_millisecond();
  Ok(World::new(gate, shelf, clock, now))
}

/// The variables of all secrets that the program names, or that it was given.
fn secrets(order: &Order) -> Vec<Arc<str>> {
  let declared = order.program.secrets.iter().map(|secret| secret.variable.clone());
  let given = order.arguments.values().filter_map(|value| match value {
    Value::Secret(parts) => Some(parts.iter()),
    _ => None,
  });
  let given = given.flatten().filter_map(|part| match part {
    SecretPart::Variable(name) => Some(name.clone()),
    SecretPart::Text(_) => None,
  });
  declared.chain(given).collect()
}

fn started(order: &Order) -> Result<RunStarted, RunError> {
  let id = Uuid::now_v7();
  // The second half of such an id is drawn.
  let seed = order.seed.unwrap_or(id.as_u64_pair().1);
  let id: Arc<str> = id.to_string().into();
  let (run, tracker) = match &order.given {
    Some(given) => (given.run.clone(), given.tracker.clone()),
    None => (id.clone(), id),
  };
  let arguments = Value::record(order.arguments.clone())
    .map_err(|error| RunError::Refused(format!("the arguments would {}", error.0)))?;
  Ok(RunStarted {
    run,
    tracker,
    program: order.bundle.digest().into(),
    engine: env!("CARGO_PKG_VERSION").into(),
    seed,
    orchestrator: order.program.orchestrator(order.orchestrator).name.clone(),
    arguments: to_json(&arguments),
    started: jiff::Timestamp::now(),
    profile: order.variant.profile.as_deref().map(Arc::from),
    set: order
      .variant
      .set
      .iter()
      .map(|(name, text)| (name.as_str().into(), text.as_str().into()))
      .collect(),
    parent: order.given.as_ref().map(|given| given.parent.clone()),
    reuses: order.reuses.as_ref().map(|reuses| reuses.run.clone()),
    last: None,
    directory: match &order.given {
      Some(given) => given.directory.clone(),
      None => directory()?.into(),
    },
  })
}

/// Where orch was started.
fn directory() -> Result<String, RunError> {
  let path =
    std::env::current_dir().map_err(|error| RunError::Broken(format!("can't tell the current directory: {error}")))?;
  let text = path.into_os_string().into_string();
  text.map_err(|path| {
    RunError::Broken(format!(
      "the current directory is not UTF-8: {}",
      path.to_string_lossy()
    ))
  })
}

fn refused(program: &Program, error: StartError) -> RunError {
  RunError::Refused(match error {
    StartError::UnknownOrchestrator(name) => format!("there is no orchestrator `{name}`"),
    StartError::Constant(id, error) => {
      let name = &program.constants[id.0 as usize].name;
      format!("the constant `{name}` has no value: {}", error.message)
    }
    StartError::Arguments(failure) => failure.message.to_string(),
    error @ StartError::Last { .. } => error.to_string(),
  })
}

/// The exit code of a process that an interrupt ended.
const INTERRUPTED: i32 = 130;

/// Asks the driver to stop when Ctrl-C or SIGTERM come; the second time workers are killed, the third time
/// nothing is waited for, not even a reader of what is shown: the guard ends what is left.
fn interruptions(workers: Arc<Workers>, word: Word) -> Result<UnboundedReceiver<Request>, RunError> {
  let (sender, receiver) = unbounded_channel();
  let refused = |error: io::Error| RunError::Broken(format!("can't listen for signals: {error}"));
  let mut interrupt = signal(SignalKind::interrupt()).map_err(refused)?;
  let mut terminate = signal(SignalKind::terminate()).map_err(refused)?;
  let mut superseded = signal(SignalKind::from_raw(overlap::CANCEL as i32)).map_err(refused)?;
  tokio::spawn(async move {
    let mut times: u32 = 0;
    loop {
      tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = superseded.recv() => {
          let reason = word.read().unwrap_or_else(|| "another run with the same key takes its place".to_owned());
          let _ = sender.send(Request::Cancel(reason.into()));
          continue;
        }
      }
      times += 1;
      match times {
        // Nobody listens once the run is over.
        1 => _ = sender.send(Request::Stop),
        2 => workers.end_at_once(),
        _ => std::process::exit(INTERRUPTED),
      }
    }
  });
  Ok(receiver)
}

/// After a run its signals have no default effect any more; from now on the next one ends this process, also while
/// it waits for a reader of its output. For a program that runs once.
pub fn end_when_interrupted() {
  let waiting = async {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
      _ = interrupt.recv() => {}
      _ = terminate.recv() => {}
    }
    io::Result::Ok(())
  };
  std::thread::spawn(move || {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    if runtime.and_then(|runtime| runtime.block_on(waiting)).is_ok() {
      std::process::exit(INTERRUPTED);
    }
  });
}

/// A run that is written down and not driven yet.
pub(super) struct Begun {
  pub run: Run,
  pub step: Step,
  pub log: Log,
  /// Nobody else drives it.
  pub lease: Lock,
  /// The key of `overlap`, for as long as it runs.
  pub held: Option<Lock>,
  /// What it may reuse.
  pub past: Option<Past>,
}

impl Begun {
  /// The run's next step is its loss.
  pub fn lose(&mut self, reason: Arc<str>) {
    let lost = self.run.step(self.run.now(), Input::CancelRequested(reason));
    self.step.records.extend(lost.records);
    self.step.commands.extend(lost.commands);
  }
}

fn begin(order: &Order, say: &mut dyn FnMut(&str)) -> Result<Begun, RunError> {
  let broken = |error: JournalError| RunError::Broken(error.to_string());
  let mut started = started(order)?;
  let key = overlap_key(&order.program, &mut started).map_err(|error| refused(&order.program, error))?;
  let key = key.map(|key| serde_json::json!([order.root.to_string_lossy(), &*started.orchestrator, key]).to_string());
  let mut store = Store::open_with(&order.store, order.durability).map_err(broken)?;
  let reuses = order.reuses.as_ref();
  let past = reuses
    .map(|reuses| reuse::past(&mut store, order, reuses))
    .transpose()?;
  let held = hold(order, key.as_deref(), say)?;
  let lease = lease::take(&order.store, &started.run)?;
  if let (Some(key), false) = (&key, order.forget) {
    started.last = last_success(&mut store, key).map_err(broken)?;
  }
  let (run, step) = Run::start(order.program.clone(), started).map_err(|error| refused(&order.program, error))?;
  let header = header(order, run.started(), key);
  let log = Log::begin(
    store,
    order.store.clone(),
    Arc::new(run.started().clone()),
    header,
    order.bundle.modules().to_vec(),
  );
  Ok(Begun {
    run,
    step,
    log,
    lease,
    held,
    past,
  })
}

/// The key of `overlap`, where the orchestrator has one.
pub(super) fn hold(order: &Order, key: Option<&str>, say: &mut dyn FnMut(&str)) -> Result<Option<Lock>, RunError> {
  let overlap = order.program.orchestrator(order.orchestrator).overlap.as_ref();
  let both = key.zip(overlap);
  both
    .map(|(key, overlap)| overlap::hold(&order.store, key, overlap.policy, say))
    .transpose()
}

/// The latest run with this key that succeeded.
fn last_success(store: &mut Store, key: &str) -> Result<Option<LastSuccess>, JournalError> {
  let mut found = None;
  store.last_records(key, &mut |header, entry| {
    let record: Option<Record> = serde_json::from_str(&entry.body).ok();
    if let Some(Event::RunSucceeded { result }) = record.map(|record| record.event) {
      found = header.started.parse().ok().map(|started| LastSuccess {
        run: header.id.as_str().into(),
        started,
        value: result,
      });
    }
    found.is_some()
  })?;
  Ok(found)
}

fn header(order: &Order, started: &RunStarted, key: Option<String>) -> RunHeader {
  RunHeader {
    id: started.run.to_string(),
    program: order.bundle.name().to_owned(),
    orchestrator: started.orchestrator.to_string(),
    digest: started.program.to_string(),
    started: started.started.to_string(),
    tracker: started.tracker.to_string(),
    parent: started.parent.as_deref().map(str::to_owned),
    key,
  }
}
