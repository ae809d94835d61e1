//! What durability costs: a step of a run whose worker answers at once, on a real store with every append synced; and how
//! long a killed run takes until it goes on. Ratios to the machine's own sync are measured in the same run.
//!
//!     cargo bench --bench durable
//!
//! `ORCH_BENCH_STORE` names the directory whose disk is measured (the system's temporary one otherwise),
//! `ORCH_BENCH_STEPS` the largest journal that is taken up again (1,000,000 takes a minute to make).
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock and writes files")]

use std::{
  collections::VecDeque,
  fs::File,
  io::Write,
  os::unix::fs::FileExt,
  path::{Path, PathBuf},
  sync::Arc,
  time::{Duration, Instant},
};

use orch::{
  driver::{EventLog, Observer, RunOutcome, drive},
  engine::{AttemptOutcome, Command, Event, ExecutionId, Input, Record, Resumption, Run, RunStarted, RunTime, Step},
  hir::Program,
  journal::{RunHeader, Store},
  modules::{Files, ReadError},
  protocol::{Answer, Invocation, Performer, RawAnswer, Signals},
  session::{self, Again, Bundle, Log},
  value::Value,
};
use tokio::sync::mpsc::unbounded_channel;

struct Text(String);

impl Files for Text {
  fn read(&self, _path: &Path, limit: usize) -> Result<Vec<u8>, ReadError> {
    Ok(self.0.bytes().take(limit).collect())
  }

  fn canonicalize(&self, path: &Path) -> Result<PathBuf, ReadError> {
    Ok(path.to_path_buf())
  }

  fn names(&self, _directory: &Path) -> Vec<String> {
    Vec::new()
  }
}

/// A worker that answers at once, in this process.
struct Noop;

impl Performer for Noop {
  fn perform(&self, _: Invocation, _: Signals) -> Answer {
    Answer::Now(Ok(RawAnswer::Mock(Value::Int(1))))
  }
}

/// When each step ended, as the observer saw it: after the sync.
#[derive(Default)]
struct Ends(Vec<Instant>);

impl Observer for Ends {
  fn observe(&mut self, records: &[Record]) {
    let now = Instant::now();
    let ended = records
      .iter()
      .filter(|record| matches!(record.event, Event::AttemptEnded { .. }));
    self.0.extend(ended.map(|_| now));
  }
}

/// `items` calls, a thousand by a thousand, `concurrent` of them at once.
fn program(items: usize, concurrent: usize) -> (Arc<Program>, Bundle) {
  let thousands = items / 1_000;
  let text = format!(
    "defaults {{ timeout 5s, idempotent }}
worker w(n: int) -> int {{ exec [\"true\"] }}
/// A thousand.
orchestrator thousand() -> int {{
  xs = each n in range(1000) with concurrent {concurrent} => w(n)
  return len(xs)
}}
/// Thousands, one after the other.
orchestrator main() -> int {{
  xs = each t in range({thousands}) with concurrent 1 => thousand()
  return sum(xs)
}}
"
  );
  let checked = session::check(&Text(text), Path::new("/main.orch"));
  let bundle = Bundle::of(&checked);
  let program = checked.program.unwrap_or_else(|| panic!("{:#?}", checked.findings));
  (program, bundle)
}

/// A run that was begun in a new store.
fn begin(directory: &Path, name: &str, items: usize, concurrent: usize) -> (Run, Step, Log) {
  let (program, bundle) = program(items, concurrent);
  let started = RunStarted {
    run: name.into(),
    tracker: name.into(),
    program: bundle.digest().into(),
    engine: "bench".into(),
    seed: 1,
    orchestrator: "main".into(),
    arguments: serde_json::json!({}),
    started: jiff::Timestamp::UNIX_EPOCH,
    profile: None,
    set: Default::default(),
    parent: None,
    reuses: None,
    last: None,
    directory: "/".into(),
  };
  let header = RunHeader {
    id: name.into(),
    program: "/main.orch".into(),
    orchestrator: "main".into(),
    digest: bundle.digest(),
    started: started.started.to_string(),
    tracker: name.into(),
    parent: None,
    key: None,
  };
  let store = Store::open(directory).expect("a store");
  let (run, step) = Run::start(program, started).expect("the run starts");
  let log = Log::begin(
    store,
    directory.into(),
    Arc::new(run.started().clone()),
    header,
    bundle.modules().to_vec(),
  );
  (run, step, log)
}

/// Drives it to its end; when each step ended.
fn durable(directory: &Path, items: usize, concurrent: usize) -> Vec<Instant> {
  let (run, step, mut log) = begin(directory, &format!("{items}-{concurrent}"), items, concurrent);
  let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
  let mut ends = Ends::default();
  let (_sender, requests) = unbounded_channel();
  let driven = runtime.expect("a runtime").block_on(drive(
    (run, step).into(),
    Arc::new(Noop),
    &mut log,
    &mut [&mut ends],
    requests,
  ));
  let outcome = driven.expect("the log can be written");
  assert_eq!(outcome, RunOutcome::Succeeded(serde_json::json!(items)));
  assert_eq!(ends.0.len(), items);
  ends.0
}

fn quantile(times: &mut [Duration], of_hundred: usize) -> Duration {
  times.sort();
  times[(times.len() - 1) * of_hundred / 100]
}

/// What it takes to write two pages in place and sync them: the least that an append to a log of pages can take.
fn bare_sync(directory: &Path) -> Duration {
  let path = directory.join("bare");
  let mut file = File::create(&path).expect("a file");
  let page = [7_u8; 8_192];
  (0..1_000).for_each(|_| file.write_all(&page).expect("written"));
  file.sync_all().expect("synced");
  let mut times: Vec<Duration> = (0..1_000_u64)
    .map(|at| {
      let begin = Instant::now();
      file.write_all_at(&page, at * 8_192).expect("written");
      file.sync_data().expect("synced");
      begin.elapsed()
    })
    .collect();
  quantile(&mut times, 50)
}

/// A journal of a run of `steps` calls of which all but 64 have ended, as a killed orch leaves it.
fn cut_short(directory: &Path, steps: usize) -> String {
  let name = format!("cut-{steps}");
  let (mut run, step, mut log) = begin(directory, &name, steps, 64);
  let mut records = step.records;
  let mut ready: VecDeque<_> = asked(&step.commands).collect();
  for ended in 0..steps.saturating_sub(64) {
    let execution = ready.pop_front().expect("something is ready");
    for fact in [
      Input::Admitted(execution),
      Input::AttemptEnded(execution, AttemptOutcome::Ok(1.into())),
    ] {
      let step = run.step(RunTime(ended as i64), fact);
      ready.extend(asked(&step.commands));
      records.extend(step.records);
    }
    if records.len() > 1_000 {
      log.append(&records).expect("appended");
      log.stand(&run).expect("kept");
      records.clear();
    }
  }
  log.append(&records).expect("appended");
  name
}

fn asked(commands: &[Command]) -> impl Iterator<Item = ExecutionId> {
  commands.iter().filter_map(|command| match command {
    Command::Ask { execution, .. } => Some(*execution),
    _ => None,
  })
}

/// From the first look at the store to the first commands.
fn recover(directory: &Path, run: &str) -> Duration {
  let begin = Instant::now();
  let again = Again {
    store: directory.into(),
    run: run.into(),
    unfinished: None,
    steps: Default::default(),
    cancel: None,
  };
  let mut reopened = session::reopen(&again).expect("it is read");
  let opened = begin.elapsed();
  let replayed = reopened.read.replay().expect("it is replayed");
  let (_run, step) = replayed.resume(Resumption::default());
  let took = begin.elapsed();
  assert_eq!(asked(&step.commands).count(), 64);
  if std::env::var_os("ORCH_BENCH_DETAIL").is_some() {
    println!("  read {opened:.1?}, replayed {:.1?}", took - opened);
  }
  took
}

fn main() {
  let place = std::env::var_os("ORCH_BENCH_STORE").map_or_else(std::env::temp_dir, PathBuf::from);
  let directory = tempfile::tempdir_in(place).expect("a directory");
  let bare = bare_sync(directory.path());
  println!("a bare write and sync of two pages     p50 {bare:>10.1?}");

  let ends = durable(directory.path(), 5_000, 1);
  let mut times: Vec<Duration> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
  let [half, most] = [50, 99].map(|of_hundred| quantile(&mut times, of_hundred));
  let ratio = half.as_secs_f64() / bare.as_secs_f64();
  println!("a durable step, one after the other    p50 {half:>10.1?}   p99 {most:.1?}   {ratio:.2} bare syncs");

  let steps = 50_000;
  let ends = durable(directory.path(), steps, 64);
  let whole = ends[steps - 1] - ends[0];
  let rate = steps as f64 / whole.as_secs_f64();
  println!("durable steps, 64 in flight            {rate:>10.0} a second");

  let most = std::env::var("ORCH_BENCH_STEPS").map_or(100_000, |text| text.parse().expect("a number"));
  for (steps, rounds) in [(10_000, 100), (most, 5)] {
    let run = cut_short(directory.path(), steps);
    let mut times: Vec<Duration> = (0..rounds).map(|_| recover(directory.path(), &run)).collect();
    let [half, most] = [50, 99].map(|of_hundred| quantile(&mut times, of_hundred));
    println!("taken up again after {steps:>9} steps    p50 {half:>10.1?}   p99 {most:.1?}");
  }
}
