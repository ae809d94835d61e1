//! `orch run`: runs an orchestrator, shows how it goes on standard error, prints what it returns.
#![expect(
  clippy::disallowed_methods,
  reason = "this is the door through which arguments are read and records written"
)]

mod arguments;
mod command_line;
mod news;
pub(super) mod report;
pub(super) mod summary;
mod tally;
#[cfg(test)]
mod tests;
mod view;
mod watch;
pub(super) mod words;

use std::{
  ffi::OsString,
  fs::File,
  io::{self, Read},
  path::Path,
  sync::Arc,
};

use indexmap::IndexMap;

use command_line::Line;
pub use command_line::{Options, orchestrator as named, with_parameters};
pub(super) use report::failure;
pub(super) use watch::{Watcher, Watching, refused};

use super::{
  exit::Exit,
  journal, program,
  terminal::{self, Color},
};
use crate::{
  files::{Depot, Hold},
  hir::{Orchestrator, OrchestratorId, Program},
  session::{self, Bundle, Checked, Order, Reuses},
  source::SourceId,
  value::Value,
};

/// The largest `--input`, in bytes.
const LARGEST_INPUT: u64 = 64 << 20;

/// `arguments` are those after `run`.
pub fn main(arguments: &[OsString]) -> Exit {
  let (line, order) = match prepare(arguments) {
    Ok(prepared) => prepared,
    Err(exit) => return exit,
  };
  match Watcher::new(&line.options.watching, line.options.store()) {
    Ok(watcher) => watcher.watch(&order, |observe, say| session::run(&order, observe, say)),
    Err(message) => {
      terminal::say(&format!("{message}\n"));
      Exit::Usage
    }
  }
}

/// Carries out a run that was dispatched; what it would say is in its journal.
pub fn child(store: &Path, run: &str) -> Exit {
  match session::run_child(store, run) {
    Ok(()) => Exit::Success,
    Err(error) => {
      terminal::say(&format!("{error}\n"));
      Exit::Failed
    }
  }
}

/// Everything up to the moment at which something could be started.
fn prepare(arguments: &[OsString]) -> Result<(Line, Order), Exit> {
  let Some(file) = command_line::file(arguments) else {
    let matches =
      command_line::own_command().try_get_matches_from(std::iter::once(&"orch run".into()).chain(arguments));
    return Err(matches.err().map_or(Exit::Usage, |error| super::usage(&error)));
  };
  let (checked, program) = program::load(&file, &command_line::form(arguments), color(arguments))?;
  let name = command_line::orchestrator(arguments, &program);
  let id = program::pick(&program, name.as_deref()).map_err(|message| {
    terminal::say(&message);
    Exit::Usage
  })?;
  let orchestrator = program.orchestrator(id);
  let command = command_line::full_command(orchestrator, &checked.sources);
  let line = command_line::parse(command, orchestrator, arguments).map_err(|error| super::usage(&error))?;
  let order = order(&checked, program.clone(), id, &line)?;
  Ok((line, order))
}

/// `--color`, before everything else is read.
fn color(arguments: &[OsString]) -> Color {
  let texts = || arguments.iter().map(|argument| argument.to_string_lossy());
  let after = texts()
    .zip(texts().skip(1))
    .find(|(name, _)| name == "--color")
    .map(|(_, value)| value);
  let joined = texts().find_map(|text| text.strip_prefix("--color=").map(|value| value.to_owned().into()));
  match after.or(joined).as_deref() {
    Some("always") => Color::Always,
    Some("never") => Color::Never,
    _ => Color::Auto,
  }
}

fn order(checked: &Checked, program: Arc<Program>, id: OrchestratorId, line: &Line) -> Result<Order, Exit> {
  let input = match &line.options.input {
    Some(path) => Some(input(path).map_err(|message| {
      terminal::say(&format!("{message}\n"));
      Exit::Refused
    })?),
    None => None,
  };
  let store = line.options.store();
  let reuses = match &line.options.resume {
    Some(name) => Some(Reuses {
      run: journal::run_of(&store, name)?.into(),
      before: None,
    }),
    None => None,
  };
  let taken = arguments(program.orchestrator(id), &line.given, input.as_ref(), &store);
  let (arguments, hold) = taken.map_err(|wrong| {
    wrong.iter().for_each(|line| terminal::say(&format!("{line}\n")));
    Exit::Refused
  })?;
  Ok(Order {
    bundle: Bundle::of(checked),
    program,
    variant: line.options.form.variant(),
    orchestrator: id,
    arguments,
    hold,
    seed: line.options.seed,
    store,
    root: checked.sources.get(SourceId(0)).path.clone(),
    forget: line.options.forget,
    given: None,
    durability: line.options.durability.into(),
    reuses,
  })
}

/// By parameter, and what keeps their files from going away, if they have any.
pub(super) type Arguments = (IndexMap<Arc<str>, Value>, Option<Arc<Hold>>);

/// The arguments with their files, which are kept as they are now, at least as long as the hold is.
///
/// # Errors
/// One line for each argument that is missing, unknown or does not fit.
pub(super) fn arguments(
  orchestrator: &Orchestrator,
  given: &[(String, String)],
  input: Option<&serde_json::Map<String, serde_json::Value>>,
  store: &Path,
) -> Result<Arguments, Vec<String>> {
  let mut arguments = arguments::collect(orchestrator, given, input)?;
  let mut hold = None;
  let depot = Depot::new(store.into());
  arguments::capture(orchestrator, &mut arguments, &mut |kind, value| {
    if hold.is_none() {
      hold = Some(session::hold_files(store).map_err(|error| error.to_string())?);
    }
    let path = Path::new(value.as_str().unwrap_or_default());
    depot.keep(kind, path, path, &[]).map_err(|error| error.to_string())
  })?;
  Ok((arguments, hold))
}

/// The fields of a JSON object in a file, or on standard input (`-`).
///
/// # Errors
/// Why there are none.
pub(super) fn input(path: &Path) -> Result<serde_json::Map<String, serde_json::Value>, String> {
  let name = path.display();
  let mut text = String::new();
  let read = if path == Path::new("-") {
    io::stdin().take(LARGEST_INPUT).read_to_string(&mut text)
  } else {
    File::open(path).and_then(|file| file.take(LARGEST_INPUT).read_to_string(&mut text))
  };
  read.map_err(|error| format!("can't read the arguments in `{name}`: {error}"))?;
  match serde_json::from_str(&text) {
    Ok(serde_json::Value::Object(fields)) => Ok(fields),
    Ok(_) => Err(format!("the arguments in `{name}` are not a JSON object")),
    Err(error) => Err(format!("the arguments in `{name}` are not JSON: {error}")),
  }
}
