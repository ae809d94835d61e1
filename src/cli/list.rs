//! `orch list`: what a program offers: orchestrators to run, triggers that start them, profiles to run them in.

use std::{fmt::Write, path::PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value as Json, json};

use super::{
  exit::Exit,
  program,
  terminal::{self, Color},
};
use crate::{
  hir::{Orchestrator, Param, Program, Trigger, TriggerSource},
  session::Checked,
};

/// Lists what a program offers: orchestrators, triggers and profiles
#[derive(Args)]
pub struct Options {
  /// The program's root file
  file: PathBuf,
  /// What to write to standard output
  #[arg(long, value_enum, default_value_t)]
  format: Format,
  #[command(flatten)]
  form: program::Form,
  /// When to use colours
  #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
  color: Color,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
  /// For people
  #[default]
  Human,
  /// One JSON object
  Json,
}

pub fn main(options: &Options) -> Exit {
  let (checked, program) = match program::load(&options.file, &options.form, options.color) {
    Ok(loaded) => loaded,
    Err(exit) => return exit,
  };
  terminal::print(&match options.format {
    Format::Human => for_people(&checked, &program),
    Format::Json => format!("{:#}\n", document(&checked, &program)),
  })
}

/// Those of the root file.
fn own(program: &Program) -> impl Iterator<Item = &Orchestrator> {
  let all = program.orchestrator_ids().map(|(_, orchestrator)| orchestrator);
  all.filter(|orchestrator| orchestrator.module.0 == 0)
}

fn for_people(checked: &Checked, program: &Program) -> String {
  let orchestrators = own(program).map(|orchestrator| {
    let params: Vec<String> = orchestrator
      .params
      .iter()
      .map(|param| parameter(checked, param))
      .collect();
    let doc = orchestrator.doc.as_deref().and_then(|doc| doc.lines().next());
    let doc = doc.map(|doc| format!("\n    {doc}")).unwrap_or_default();
    format!(
      "{}({}) -> {}{doc}",
      orchestrator.name,
      params.join(", "),
      orchestrator.output
    )
  });
  let triggers = program.triggers.iter().map(|trigger| {
    let condition = trigger.condition.as_ref();
    let condition = condition.map(|condition| format!(" if {}", checked.sources.text(condition.span)));
    let target = &program.orchestrator(trigger.call.target).name;
    format!("{}{} => {target}", source(trigger), condition.unwrap_or_default())
  });
  let profiles = program.profiles.iter().map(|profile| profile.to_string());
  let mut text = String::new();
  section(&mut text, "orchestrators", orchestrators);
  section(&mut text, "triggers", triggers);
  section(&mut text, "profiles", profiles);
  text
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
  let lines: Vec<String> = lines.collect();
  if !lines.is_empty() {
    let _ = writeln!(text, "{title}");
    lines.iter().for_each(|line| _ = writeln!(text, "  {line}"));
  }
}

fn parameter(checked: &Checked, param: &Param) -> String {
  let default = param.default.as_ref();
  let default = default.map(|default| format!(" = {}", checked.sources.text(default.span)));
  format!("{}: {}{}", param.name, param.ty, default.unwrap_or_default())
}

fn source(trigger: &Trigger) -> String {
  match &trigger.source {
    TriggerSource::Schedule { cron, zone } => format!("on schedule {cron:?} tz {zone:?}"),
    TriggerSource::Webhook { path, signed } => {
      let signed = signed
        .as_ref()
        .map(|variable| format!(" signed by the secret in {variable}"));
      format!("on webhook {path:?}{}", signed.unwrap_or_default())
    }
  }
}

fn document(checked: &Checked, program: &Program) -> Json {
  let orchestrators = own(program).map(|orchestrator| {
    let params = orchestrator.params.iter().map(|param| {
      json!({
        "name": &*param.name,
        "type": param.ty.to_string(),
        "default": param.default.as_ref().map(|default| checked.sources.text(default.span)),
      })
    });
    json!({
      "name": &*orchestrator.name,
      "doc": orchestrator.doc,
      "parameters": params.collect::<Json>(),
      "output": orchestrator.output.to_string(),
    })
  });
  let triggers = program.triggers.iter().map(|trigger| {
    let source = match &trigger.source {
      TriggerSource::Schedule { cron, zone } => json!({ "schedule": &**cron, "zone": &**zone }),
      TriggerSource::Webhook { path, signed } => json!({ "webhook": &**path, "signed_by": signed.as_deref() }),
    };
    json!({
      "on": source,
      "if": trigger.condition.as_ref().map(|condition| checked.sources.text(condition.span)),
      "starts": &*program.orchestrator(trigger.call.target).name,
    })
  });
  json!({
    "orchestrators": orchestrators.collect::<Json>(),
    "triggers": triggers.collect::<Json>(),
    "profiles": program.profiles.iter().map(|profile| &**profile).collect::<Vec<&str>>(),
  })
}
