//! The command line of `orch run`, read in two steps: first the file, then, with the program known, the rest, so that
//! every parameter of the orchestrator is an option.

use std::{ffi::OsString, path::PathBuf};

use clap::{
  Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches,
  error::{ContextKind, ContextValue, ErrorKind},
};

use super::watch::Watching;
use crate::{
  cli::{journal::Survives, program::Form},
  hir::{Orchestrator, Param, Program},
  source::Sources,
  types::Type,
};

/// Runs an orchestrator
///
/// The parameters of the orchestrator are options: `orch run FILE --help` shows them. What it returns is written to
/// standard output as JSON, and nothing else; progress and summary go to standard error.
///
/// Exit codes: 0 the run succeeded, 1 it failed, 2 the command line is wrong, 3 the program or its input is wrong,
/// 4 it succeeded with failures taken (with --strict), 130 it was interrupted: `orch resume` goes on with it.
#[derive(Args, Debug)]
pub struct Options {
  /// The program's root file
  pub file: PathBuf,
  /// Which orchestrator; without: the only one, or the only one that no other calls
  pub orchestrator: Option<String>,
  /// Arguments as a JSON object, from a file or from standard input (`-`); options win over it
  #[arg(long, value_name = "FILE")]
  pub input: Option<PathBuf>,
  /// An argument by name, for parameters whose name is an option of its own
  #[arg(long = "arg", value_name = "NAME=VALUE")]
  pub arguments: Vec<String>,
  #[command(flatten)]
  pub watching: Watching,
  /// The directory of the journal and the logs [default: .orch beside FILE]
  #[arg(long, value_name = "DIR")]
  pub store: Option<PathBuf>,
  /// What the journal survives: a power cut too, or only the end of orch, which is faster
  #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
  pub durability: Survives,
  /// Makes every drawn delay the same again
  #[arg(long)]
  pub seed: Option<u64>,
  /// Reuse what an earlier run has done, wherever neither worker nor input has changed since [default: the last run]
  #[arg(long, value_name = "RUN", num_args = 0..=1, require_equals = true, default_missing_value = "last")]
  pub resume: Option<String>,
  /// Begin anew: `run.last` is null, whatever ran before
  #[arg(long)]
  pub forget: bool,
  #[command(flatten)]
  pub form: Form,
}

impl Options {
  /// Where the journal and the logs are kept.
  pub fn store(&self) -> PathBuf {
    let beside = || {
      self
        .file
        .parent()
        .map_or_else(PathBuf::new, PathBuf::from)
        .join(".orch")
    };
    self.store.clone().unwrap_or_else(beside)
  }
}

/// Everything on the command line.
#[derive(Debug)]
pub struct Line {
  pub options: Options,
  /// Parameters with their texts, `--arg` after options.
  pub given: Vec<(String, String)>,
}

/// The options that do not depend on a program.
pub fn own_command() -> Command {
  Options::augment_args(Command::new("orch run"))
    .override_usage("orch run [OPTIONS] <FILE> [ORCHESTRATOR] [--PARAMETER <VALUE>]...")
    .max_term_width(110)
}

/// The options with those of the orchestrator's parameters.
pub fn full_command(orchestrator: &Orchestrator, sources: &Sources) -> Command {
  with_parameters(own_command(), orchestrator, sources)
}

/// The command with an option for each of the orchestrator's parameters that has a name of its own.
pub fn with_parameters(mut command: Command, orchestrator: &Orchestrator, sources: &Sources) -> Command {
  let heading = format!("Parameters of {}", orchestrator.name);
  let (hidden, shown): (Vec<&Param>, Vec<&Param>) =
    orchestrator.params.iter().partition(|param| is_own_option(&param.name));
  for param in shown {
    command = command.arg(option(param, sources).help_heading(heading.clone()));
  }
  let line = |param: &Param| {
    format!(
      "The parameter `{0}` is given as `--arg {0}=VALUE`: {1}\n",
      param.name, param.ty
    )
  };
  command = command.after_help(hidden.into_iter().map(line).collect::<String>());
  match &orchestrator.doc {
    Some(doc) => command.before_help(format!("{}: {doc}", orchestrator.name)),
    None => command,
  }
}

/// Ids of parameters, apart from those of own options.
fn id(param: &str) -> String {
  format!("parameter {param}")
}

fn option(param: &Param, sources: &Sources) -> Arg {
  let ty = param.ty.to_string();
  let mut help = match &param.default {
    Some(default) => format!("[default: {}]", sources.text(default.span)),
    None if param.optional || param.ty.accepts_null() => "[default: null]".to_owned(),
    None => "[required]".to_owned(),
  };
  if matches!(
    param.ty.without_null().data(),
    Type::List(_) | Type::Map(_) | Type::Record(_) | Type::Json
  ) {
    help.push_str(" (as JSON)");
  }
  let name = param.name.to_string();
  let arg = Arg::new(id(&name))
    .long(name.clone())
    .value_name(ty)
    .help(help)
    .action(ArgAction::Set);
  let arg = if name.contains('_') {
    arg.alias(name.replace('_', "-"))
  } else {
    arg
  };
  if is_flag(param) {
    arg.num_args(0..=1).require_equals(true).default_missing_value("true")
  } else {
    arg.allow_negative_numbers(true)
  }
}

fn is_flag(param: &Param) -> bool {
  matches!(param.ty.without_null().resolved(), Type::Bool(_))
}

/// Whether a name is an option of `orch run` itself, which hides a parameter of that name.
pub fn is_own_option(name: &str) -> bool {
  options_of(&own_command()).any(|(own, _)| own == name)
}

/// A parameter whose hiding option is on the command line, while the parameter itself has no value: one of the two was
/// taken for the other. `--input` may have the value.
fn mistaken<'o>(orchestrator: &'o Orchestrator, arguments: &[OsString]) -> Option<&'o str> {
  let words: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
  let options = || words.iter().take_while(|word| *word != "--");
  let is = |word: &str, name: &str| {
    let option = word.strip_prefix("--");
    option.is_some_and(|option| option.split('=').next() == Some(name))
  };
  let given = |name: &str| {
    options()
      .zip(options().skip(1))
      .any(|(option, value)| option == "--arg" && value.split('=').next() == Some(name))
      || options().any(|word| {
        word
          .strip_prefix("--arg=")
          .is_some_and(|value| value.split('=').next() == Some(name))
      })
  };
  if options().any(|word| is(word, "input") || matches!(&**word, "--help" | "-h")) {
    return None;
  }
  let names = orchestrator.params.iter().map(|param| &*param.name);
  names
    .filter(|name| options().any(|word| is(word, name)) && *name != "arg" && is_own_option(name))
    .find(|name| !given(name))
}

/// The long names of a command's options, and whether each takes a value.
fn options_of(command: &Command) -> impl Iterator<Item = (String, bool)> {
  let mut command = command.clone();
  command.build();
  let options: Vec<(String, bool)> = command
    .get_arguments()
    .filter_map(|arg| {
      let takes = arg.get_action().takes_values() && !arg.is_require_equals_set();
      Some((arg.get_long()?.to_owned(), takes))
    })
    .collect();
  options.into_iter()
}

/// The form of the program that is meant, found before the parameters are known. Mistakes in it are said once they are.
pub fn form(arguments: &[OsString]) -> Form {
  let own = own_command().ignore_errors(true);
  let matches = own.try_get_matches_from(std::iter::once(&OsString::from("orch run")).chain(arguments));
  let form = matches.and_then(|matches| Form::from_arg_matches(&matches));
  form.unwrap_or_default()
}

/// The file among the arguments, found before the parameters are known.
pub fn file(arguments: &[OsString]) -> Option<PathBuf> {
  let own: Vec<(String, bool)> = options_of(&own_command()).collect();
  let takes_value = |name: &str| own.iter().find(|(own, _)| own == name).map(|(_, takes)| *takes);
  positionals(arguments, takes_value)
    .next()
    .map(|at| PathBuf::from(&arguments[at]))
}

/// The orchestrator's name among the arguments: what stands alone after the file.
pub fn orchestrator(arguments: &[OsString], program: &Program) -> Option<String> {
  let own: Vec<(String, bool)> = options_of(&own_command()).collect();
  let params = || {
    program
      .orchestrator_ids()
      .flat_map(|(_, orchestrator)| &orchestrator.params)
  };
  let takes_value = |name: &str| {
    let own = own.iter().find(|(own, _)| own == name).map(|(_, takes)| *takes);
    own.or_else(|| {
      params()
        .find(|param| *param.name == *name.replace('-', "_"))
        .map(|param| !is_flag(param))
    })
  };
  let at = positionals(arguments, takes_value).nth(1)?;
  arguments[at].to_str().map(str::to_owned)
}

/// Where arguments stand that are neither options nor their values. An option that nobody knows is taken to have a
/// value, unless what follows looks like a program's file.
fn positionals(arguments: &[OsString], takes_value: impl Fn(&str) -> Option<bool>) -> impl Iterator<Item = usize> {
  let mut found = Vec::new();
  let mut at = 0;
  while let Some(argument) = arguments.get(at).map(|argument| argument.to_string_lossy()) {
    if argument == "--" {
      found.extend(at + 1..arguments.len());
      break;
    }
    if let Some(name) = argument.strip_prefix("--") {
      let next = arguments.get(at + 1).map(|next| next.to_string_lossy());
      let plausible = next.is_some_and(|next| !next.starts_with('-') && !next.ends_with(".orch"));
      let swallows = !name.contains('=') && takes_value(name).unwrap_or(plausible);
      at += usize::from(swallows);
    } else if !argument.starts_with('-') || argument == "-" {
      found.push(at);
    }
    at += 1;
  }
  found.into_iter()
}

/// Reads all arguments, now that the orchestrator's parameters are known.
pub fn parse(command: Command, orchestrator: &Orchestrator, arguments: &[OsString]) -> Result<Line, clap::Error> {
  if let Some(param) = mistaken(orchestrator, arguments) {
    let text =
      format!("the parameter `{param}` is given as `--arg {param}=VALUE`; `--{param}` is an option of orch run");
    return Err(own_command().error(ErrorKind::ArgumentConflict, text));
  }
  let program_name = OsString::from("orch run");
  let matches = command
    .try_get_matches_from(std::iter::once(&program_name).chain(arguments))
    .map_err(|error| unknown_option(error, orchestrator))?;
  let options = Options::from_arg_matches(&matches)?;
  let given = given(&matches, orchestrator, &options)?;
  Ok(Line { options, given })
}

/// An option that is no parameter: says which there are, where none is near.
fn unknown_option(error: clap::Error, orchestrator: &Orchestrator) -> clap::Error {
  let near = error.get(ContextKind::SuggestedArg).is_some();
  let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
    return error;
  };
  if error.kind() != ErrorKind::UnknownArgument || near || !option.starts_with("--") {
    return error;
  }
  let params = orchestrator.params.iter().filter(|param| !is_own_option(&param.name));
  let params: Vec<String> = params.map(|param| format!("`--{}`", param.name)).collect();
  let takes = if params.is_empty() {
    "no parameters".to_owned()
  } else {
    params.join(", ")
  };
  let text = format!("there is no option `{option}`: `{}` takes {takes}", orchestrator.name);
  own_command().error(ErrorKind::UnknownArgument, text)
}

fn given(
  matches: &ArgMatches,
  orchestrator: &Orchestrator,
  options: &Options,
) -> Result<Vec<(String, String)>, clap::Error> {
  let mut given = Vec::new();
  for param in &orchestrator.params {
    if let Ok(Some(text)) = matches.try_get_one::<String>(&id(&param.name)) {
      given.push((param.name.to_string(), text.clone()));
    }
  }
  for argument in &options.arguments {
    let wrong = |text: String| own_command().error(ErrorKind::ValueValidation, text);
    let (name, text) = argument
      .split_once('=')
      .ok_or_else(|| wrong(format!("`--arg {argument}` is not of the form NAME=VALUE")))?;
    if !orchestrator.params.iter().any(|param| *param.name == *name) {
      return Err(wrong(format!("`{}` has no parameter `{name}`", orchestrator.name)));
    }
    given.push((name.to_owned(), text.to_owned()));
  }
  Ok(given)
}
