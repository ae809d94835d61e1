//! Completion of command lines: `orch completions` says how a shell asks for it, and what it asks is answered with names
//! that are there now: orchestrators and profiles of the program, its parameters, runs of the journal, codes, patterns.
#![expect(
  clippy::disallowed_methods,
  reason = "a shell hands over the words of the line as arguments"
)]

use std::{ffi::OsString, path::PathBuf};

use clap::{Arg, Args, Command, CommandFactory};
use clap_complete::{
  CompletionCandidate,
  engine::ArgValueCandidates,
  env::{CompleteEnv, Shells},
};

use super::{Cli, exit::Exit, journal, program, run, start, terminal};
use crate::{
  diagnostics::codes,
  hir::Program,
  journal::{Journal, Store},
  session::{self, Checked, Disk},
};

/// The variable by which a shell asks for completion.
const VARIABLE: &str = "ORCH_COMPLETE";
/// Runs that are named, the newest ones.
const RUNS: usize = 50;

/// Writes what a shell needs to complete `orch`: commands, options, and the names of programs and runs
///
/// bash:  echo 'source <(orch completions bash)' >> ~/.bashrc
/// zsh:   echo 'source <(orch completions zsh)' >> ~/.zshrc
/// fish:  echo 'orch completions fish | source' > ~/.config/fish/completions/orch.fish
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Options {
  /// The shell
  #[arg(value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
  shell: String,
}

pub fn main(options: &Options) -> Exit {
  let shells = Shells::builtins();
  let Some(shell) = shells.completer(&options.shell) else {
    terminal::say(&format!("there is no completion for `{}`\n", options.shell));
    return Exit::Usage;
  };
  let mut script = Vec::new();
  match shell.write_registration(VARIABLE, "orch", "orch", "orch", &mut script) {
    Ok(()) => terminal::print(&String::from_utf8_lossy(&script)),
    Err(error) => {
      terminal::say(&format!("the script can't be made: {error}\n"));
      Exit::Failed
    }
  }
}

/// Answers a shell, if it is one that asks.
pub fn answered(arguments: &[OsString]) -> bool {
  if std::env::var_os(VARIABLE).is_none() {
    return false;
  }
  let here = std::env::current_dir().ok();
  let shell = CompleteEnv::with_factory(command).var(VARIABLE);
  shell.try_complete(arguments, here.as_deref()).unwrap_or(false)
}

/// All commands, with what is known of the names that they take.
fn command() -> Command {
  Cli::command().mut_subcommands(|command| {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|arg| named(&name, arg));
    match name.as_str() {
      "run" => with_parameters(command),
      _ => command,
    }
  })
}

fn named(command: &str, arg: Arg) -> Arg {
  let names = match (command, arg.get_id().as_str()) {
    ("explain", "code") => ArgValueCandidates::new(all_codes),
    ("new", "from") => ArgValueCandidates::new(patterns),
    (_, "orchestrator") => ArgValueCandidates::new(orchestrators),
    (_, "profile") => ArgValueCandidates::new(profiles),
    (_, "run") | ("run", "resume") => ArgValueCandidates::new(runs),
    _ => return arg,
  };
  arg.add(names)
}

/// The words of the line that is completed.
fn words() -> Vec<OsString> {
  std::env::args_os().skip_while(|word| word != "--").skip(1).collect()
}

/// What follows an option on the line.
fn option(name: &str) -> Option<PathBuf> {
  let words = words();
  let at = words.iter().position(|word| word == name)?;
  words.get(at + 1).map(PathBuf::from)
}

/// The program on the line, if it checks.
fn checked() -> Option<(Checked, std::sync::Arc<Program>)> {
  let words = words();
  let file = words.iter().find(|word| word.to_string_lossy().ends_with(".orch"))?;
  let mut checked = session::check(&Disk, file.as_ref());
  let program = checked.program.take()?;
  Some((checked, program))
}

/// `orch run` with the parameters of the orchestrator that is on the line.
fn with_parameters(command: Command) -> Command {
  let Some((checked, program)) = checked() else {
    return command;
  };
  // behind `orch run`
  let arguments: Vec<OsString> = words().into_iter().skip(2).collect();
  let name = run::named(&arguments, &program);
  match program::pick(&program, name.as_deref()) {
    Ok(id) => run::with_parameters(command, program.orchestrator(id), &checked.sources),
    Err(_) => command,
  }
}

fn candidate(name: &str, help: Option<&str>) -> CompletionCandidate {
  let line = help.and_then(|help| help.lines().next()).map(str::to_owned);
  CompletionCandidate::new(name).help(line.map(Into::into))
}

fn all_codes() -> Vec<CompletionCandidate> {
  codes::ALL
    .iter()
    .map(|code| candidate(code.name, Some(code.title)))
    .collect()
}

fn patterns() -> Vec<CompletionCandidate> {
  let patterns = start::patterns::all();
  patterns
    .map(|pattern| candidate(pattern.name, Some(&pattern.says())))
    .collect()
}

fn orchestrators() -> Vec<CompletionCandidate> {
  let Some((_, program)) = checked() else {
    return Vec::new();
  };
  let all = program.orchestrator_ids();
  let own = all.filter(|(_, orchestrator)| orchestrator.module.0 == 0);
  own
    .map(|(_, orchestrator)| candidate(&orchestrator.name, orchestrator.doc.as_deref()))
    .collect()
}

fn profiles() -> Vec<CompletionCandidate> {
  let Some((_, program)) = checked() else {
    return Vec::new();
  };
  program
    .profiles
    .iter()
    .map(|profile| candidate(profile, None))
    .collect()
}

/// Of the journal that the line names; else of the one that commands find by themselves.
fn runs() -> Vec<CompletionCandidate> {
  let beside = || option("--file").map(|file| journal::beside(&file));
  let store = option("--store").or_else(beside).or_else(|| journal::above().ok());
  let found = store.filter(|store| journal::is_store(store));
  let found = found.and_then(|store| Store::open(&store).ok()?.runs().ok());
  let found = found.unwrap_or_default();
  let newest = found.iter().rev().take(RUNS);
  let each = newest.map(|run| {
    let says = format!("{}, begun {}", run.orchestrator, run.started);
    candidate(&run.id, Some(&says))
  });
  let last = found.last().map(|_| candidate("last", Some("the newest run")));
  last.into_iter().chain(each).collect()
}
