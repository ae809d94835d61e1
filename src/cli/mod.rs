//! The command line: one file per command. Thin: it reads arguments, opens a session and shows what comes back.

mod baseline;
mod bounds;
mod cancel;
mod check;
mod complete;
mod diff;
mod doc;
mod doctor;
mod events;
mod exit;
mod explain;
mod files;
mod fix;
mod fmt;
mod follow;
mod graph;
mod journal;
mod list;
mod logs;
mod lsp;
mod man;
mod page;
mod pages;
mod past;
mod program;
mod report;
mod resume;
mod retry;
mod run;
mod runs;
mod schema;
mod show;
mod start;
mod terminal;
mod test;
mod why;

use std::{ffi::OsString, process::ExitCode};

use clap::{Parser, Subcommand};
use exit::Exit;

use crate::session;

/// Reads and runs `.orch` programs: who can work, what they say to each other, and how the work is composed.
#[derive(Parser)]
#[command(name = "orch", version, max_term_width = 110)]
struct Cli {
  #[command(subcommand)]
  command: Command,
}

#[derive(Subcommand)]
enum Command {
  Cancel(cancel::Options),
  Check(check::Options),
  Completions(complete::Options),
  Diff(diff::Options),
  Doc(doc::Options),
  Doctor(doctor::Options),
  Events(events::Options),
  Explain(explain::Options),
  Fmt(fmt::Options),
  Graph(graph::Options),
  Init(start::init::Options),
  List(list::Options),
  Logs(logs::Options),
  Lsp(lsp::Options),
  Man(man::Options),
  New(start::new::Options),
  Report(page::Options),
  Resume(resume::Options),
  Retry(retry::Options),
  Run(run::Options),
  Runs(runs::Options),
  Schema(schema::Options),
  Show(show::Options),
  Test(test::Options),
  Why(why::Options),
}

/// Runs the command that the arguments name; the first argument is the program's own name.
pub fn main(arguments: Vec<OsString>) -> ExitCode {
  if complete::answered(&arguments) {
    return Exit::Success.into();
  }
  // What `run` takes depends on the program that it names, so it reads its arguments itself.
  if arguments.get(1).is_some_and(|word| word == "run") {
    return run::main(&arguments[2..]).into();
  }
  if let [_, word, store, run] = &arguments[..]
    && word == session::CHILD_COMMAND
  {
    return run::child(store.as_ref(), &run.to_string_lossy()).into();
  }
  let exit = match Cli::try_parse_from(arguments) {
    Ok(cli) => match cli.command {
      Command::Cancel(options) => cancel::main(&options),
      Command::Check(options) => check::main(&options),
      Command::Completions(options) => complete::main(&options),
      Command::Diff(options) => diff::main(&options),
      Command::Doc(options) => doc::main(&options),
      Command::Doctor(options) => doctor::main(&options),
      Command::Events(options) => events::main(&options),
      Command::Explain(options) => explain::main(&options),
      Command::Fmt(options) => fmt::main(&options),
      Command::Graph(options) => graph::main(&options),
      Command::Init(options) => start::init::main(&options),
      Command::List(options) => list::main(&options),
      Command::Logs(options) => logs::main(&options),
      Command::Lsp(options) => lsp::main(&options),
      Command::Man(options) => man::main(&options),
      Command::New(options) => start::new::main(&options),
      Command::Report(options) => page::main(&options),
      Command::Resume(options) => resume::main(&options),
      Command::Retry(options) => retry::main(&options),
      Command::Run(options) => run::main(&[options.file.into_os_string()]),
      Command::Runs(options) => runs::main(&options),
      Command::Schema(options) => schema::main(&options),
      Command::Show(options) => show::main(&options),
      Command::Test(options) => test::main(&options),
      Command::Why(options) => why::main(&options),
    },
    Err(error) => usage(&error),
  };
  exit.into()
}

/// Shows what clap has to say: a mistake, or help and version that were asked for.
fn usage(error: &clap::Error) -> Exit {
  let text = error.render();
  if error.use_stderr() {
    let look = terminal::look(terminal::Color::Auto, &std::io::stderr());
    let text = if look.color {
      text.ansi().to_string()
    } else {
      text.to_string()
    };
    terminal::say(&text);
    return Exit::Usage;
  }
  let look = terminal::look(terminal::Color::Auto, &std::io::stdout());
  terminal::print(&if look.color {
    text.ansi().to_string()
  } else {
    text.to_string()
  })
}
