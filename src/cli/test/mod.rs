//! `orch test`: runs the tests of programs, shows what failed and why.

mod files;
mod junit;
mod report;
mod worker;

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};

use clap::{Args, Subcommand, ValueEnum};

use super::{
  exit::Exit,
  program::{self, Form},
  terminal::{self, Color},
};
use crate::{
  hir::Program,
  session::Variant,
  source::Sources,
  testing::{self, Timed, Verdict},
};

/// Runs the tests of programs, in virtual time and with mocks
///
/// Exit codes: 0 all tests passed, 1 some failed, 2 there is no test or a file can't be read, 3 a program with findings
/// that refuse it.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
  #[command(subcommand)]
  alone: Option<Alone>,
  /// Files with tests, or directories whose `.orch` files are looked through [default: the current directory]
  #[arg(value_name = "FILE")]
  files: Vec<PathBuf>,
  /// Only tests whose name holds this text
  #[arg(long, value_name = "TEXT")]
  filter: Option<String>,
  /// Write a report in the form of JUnit to a file
  #[arg(long, value_name = "FILE")]
  junit: Option<PathBuf>,
  /// So many tests at once [default: as many as there are processors]
  #[arg(long, value_name = "N")]
  jobs: Option<NonZeroUsize>,
  /// How results are written to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
  /// In real time, with real processes for workers that are not mocked
  #[arg(long)]
  live: bool,
  /// The seed of tests that say none
  #[arg(long, value_name = "N")]
  seed: Option<u64>,
  /// When to use colours
  #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
  color: Color,
}

#[derive(Subcommand)]
enum Alone {
  Worker(worker::Options),
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// For people
  #[default]
  Human,
  /// One JSON object
  Json,
}

/// A file that has tests to run.
struct Suite {
  /// As it was given, or found.
  name: String,
  sources: Sources,
  /// Indices into the tests of the program, each in the form that the test wants.
  tests: Vec<(usize, Arc<Program>)>,
}

/// A suite with what became of its tests.
struct Tried {
  suite: Suite,
  verdicts: Vec<Timed<Verdict>>,
}

pub fn main(options: &Options) -> Exit {
  if let Some(Alone::Worker(options)) = &options.alone {
    return worker::main(options);
  }
  let files = match files::of(&options.files) {
    Ok(files) => files,
    Err(message) => {
      terminal::say(&message);
      return Exit::Usage;
    }
  };
  let mut worst = Exit::Success;
  let mut suites = Vec::new();
  for file in files {
    match suite(file, options) {
      Ok(suite) => suites.extend(suite),
      Err(exit) => worst = worst.max(exit),
    }
  }
  match (suites.is_empty(), worst) {
    (true, Exit::Success) => {
      terminal::say(&nothing(options));
      return Exit::Usage;
    }
    (true, refused) => return refused,
    (false, _) => {}
  }
  worst.max(report(&carry_out(suites, options), options))
}

/// `None`: it has no test that is wanted.
fn suite(file: PathBuf, options: &Options) -> Result<Option<Suite>, Exit> {
  let (checked, program) = program::load(&file, &Form::default(), options.color)?;
  let wanted = |name: &str| options.filter.as_deref().is_none_or(|text| name.contains(text));
  let tests = program.tests.iter().enumerate();
  let own = tests.filter(|(_, test)| test.module.0 == 0 && wanted(&test.name));
  let mut tests = Vec::new();
  for (at, test) in own {
    let form = match test.other_form {
      true => program::load_variant(&file, &Variant::of_test(at), options.color)?.1,
      false => program.clone(),
    };
    tests.push((at, form));
  }
  Ok((!tests.is_empty()).then(|| Suite {
    name: file.to_string_lossy().into_owned(),
    sources: checked.sources,
    tests,
  }))
}

fn nothing(options: &Options) -> String {
  match &options.filter {
    Some(text) => format!("there is no test with `{text}` in its name\n"),
    None => "there is no test\n".to_owned(),
  }
}

/// All tests of all suites at once, as far as there are threads.
fn carry_out(suites: Vec<Suite>, options: &Options) -> Vec<Tried> {
  let how = testing::Options {
    seed: options.seed,
    live: options.live,
  };
  let tasks: Vec<(&Suite, &(usize, Arc<Program>))> = suites
    .iter()
    .flat_map(|suite| suite.tests.iter().map(move |test| (suite, test)))
    .collect();
  let verdicts = testing::side_by_side(&tasks, options.jobs, |(suite, (test, program))| {
    testing::run(program, &suite.sources, *test, &how)
  });
  let mut verdicts = verdicts.into_iter();
  let tried = suites.into_iter().map(|suite| Tried {
    verdicts: verdicts.by_ref().take(suite.tests.len()).collect(),
    suite,
  });
  tried.collect()
}

fn report(tried: &[Tried], options: &Options) -> Exit {
  let written = options
    .junit
    .as_deref()
    .map_or(Ok(()), |path| junit::write(path, tried));
  if let Err(message) = &written {
    terminal::say(message);
  }
  let printed = terminal::print(&match options.format {
    Format::Human => report::for_people(tried, terminal::look(options.color, &std::io::stdout())),
    Format::Json => report::for_tools(tried),
  });
  let failed = tried.iter().any(|tried| tried.failed() > 0);
  let exit = if failed { Exit::Failed } else { Exit::Success };
  let junit = if written.is_err() { Exit::Usage } else { Exit::Success };
  exit.max(printed).max(junit)
}

impl Tried {
  fn failed(&self) -> usize {
    let failed = self.verdicts.iter().filter(|timed| !timed.result.passed());
    failed.count()
  }
}
