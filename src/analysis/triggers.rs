//! Triggers: when something starts a run by itself. Whether the schedule is one, whether the webhook is signed, and
//! whether the orchestrator takes what it is given.

use croner::parser::{CronParser, Seconds, Year};

use super::{
  checker::Checker,
  names::Body,
  symbols::{Space, Target},
};
use crate::{
  diagnostics::{Diagnostic, codes},
  hir::{self, NodeKind},
  source::{Span, Spanned},
  syntax::ast::{self, Name, TriggerSource},
};

impl Checker<'_> {
  pub fn check_triggers(&mut self) {
    for at in 0..self.symbols.triggers.len() {
      let declared = self.symbols.triggers[at];
      let source = self.trigger_source(declared.module, &declared.it.source);
      self.unsigned_webhook(&declared.it.source, declared.item.span);
      let mut body = Body::new(self, declared.module);
      let trigger = body.trigger(declared.it, source, declared.item.span);
      self.program.triggers.extend(trigger);
    }
  }

  fn trigger_source(&mut self, module: usize, source: &TriggerSource) -> hir::TriggerSource {
    match source {
      TriggerSource::Schedule { cron, zone } => {
        self.check_cron(cron);
        zone.iter().for_each(|zone| self.check_zone(zone));
        hir::TriggerSource::Schedule {
          cron: cron.value.as_str().into(),
          zone: zone.as_ref().map_or("UTC", |zone| &zone.value).into(),
        }
      }
      TriggerSource::Webhook { path, signed } => {
        self.check_path(path);
        hir::TriggerSource::Webhook {
          path: path.value.as_str().into(),
          signed: signed.as_ref().and_then(|name| self.signing_secret(module, name)),
        }
      }
    }
  }

  fn check_cron(&mut self, cron: &Spanned<String>) {
    let parser = CronParser::builder()
      .seconds(Seconds::Disallowed)
      .year(Year::Disallowed);
    let fields = cron.value.split_whitespace().count();
    let said = match parser.build().parse(&cron.value) {
      Ok(parsed) if fields == 5 => return self.check_day(cron, &parsed),
      Ok(_) => format!("it has {fields} fields, not five"),
      Err(error) => error.to_string().trim_end_matches('.').to_lowercase(),
    };
    let message = format!("`{}` is no schedule: {said}", cron.value);
    let finding = Diagnostic::new(&codes::BAD_TRIGGER, message)
      .label(cron.span, "not five fields of cron")
      .help("minute, hour, day of the month, month, day of the week: `\"0 9 * * 1-5\"` is 9:00 on working days");
    self.say(finding);
  }

  /// A day that no month has. Where a day of the week is given, too, that one starts runs all the same.
  fn check_day(&mut self, cron: &Spanned<String>, parsed: &croner::Cron) {
    let (days, months) = (&parsed.pattern.days, &parsed.pattern.months);
    let any_weekday = cron.value.split_whitespace().last().is_some_and(|field| field == "*");
    let comes = |month: u16| days.values().iter().any(|day| *day <= longest(month));
    if any_weekday && !days.has_modifiers() && !months.values().into_iter().any(comes) {
      let finding = Diagnostic::new(&codes::BAD_TRIGGER, format!("`{}` never comes", cron.value))
        .label(cron.span, "none of these months has such a day")
        .help("`L` is the last day of a month: `\"0 9 L 2 *\"`");
      self.say(finding);
    }
  }

  fn check_path(&mut self, path: &Spanned<String>) {
    let message = match &path.value {
      path if !path.starts_with('/') => "the path of a webhook begins with `/`".to_owned(),
      path => match path
        .chars()
        .find(|c| !c.is_ascii_graphic() || "?#\"<>\\^`{|}".contains(*c))
      {
        Some(mark) => format!("`{mark}` can't stand in the path of a webhook"),
        None => return,
      },
    };
    self.say(Diagnostic::new(&codes::BAD_TRIGGER, message).label(path.span, "no path"));
  }

  fn check_zone(&mut self, zone: &Spanned<String>) {
    if jiff::tz::TimeZone::get(&zone.value).is_err() {
      let finding = Diagnostic::new(&codes::BAD_TRIGGER, format!("there is no time zone `{}`", zone.value))
        .label(zone.span, "not a zone of the IANA database")
        .help("a zone is written as `\"Europe/Stockholm\"`");
      self.say(finding);
    }
  }

  fn signing_secret(&mut self, module: usize, name: &Name) -> Option<std::sync::Arc<str>> {
    match self.resolve(module, Space::Value, name, "secret")[..] {
      [Target::Secret(at)] => Some(self.symbols.secrets[at].it.value.as_str().into()),
      [Target::Broken] => None,
      _ => {
        let finding = Diagnostic::new(&codes::WRONG_KIND, format!("`{}` is not a secret", name.value));
        self.say(
          finding
            .label(name.span, "everybody could read it")
            .help(format!("write `secret {} = env \"NAME\"`", name.value)),
        );
        None
      }
    }
  }

  fn unsigned_webhook(&mut self, source: &TriggerSource, span: Span) {
    if let TriggerSource::Webhook { path, signed: None } = source {
      let finding = Diagnostic::new(
        &codes::UNSIGNED_WEBHOOK,
        format!("anybody who can reach `{}` starts runs", path.value),
      )
      .label(
        Span {
          end: path.span.end,
          ..span
        },
        "not signed",
      )
      .help("write `signed token`, with `secret token = env \"NAME\"` shared with the sender");
      self.say(finding);
    }
  }
}

/// How many days a month has at most.
fn longest(month: u16) -> u16 {
  match month {
    2 => 29,
    4 | 6 | 9 | 11 => 30,
    _ => 31,
  }
}

impl Body<'_, '_> {
  fn trigger(&mut self, trigger: &ast::Trigger, source: hir::TriggerSource, span: Span) -> Option<hir::Trigger> {
    let event = trigger.event.as_ref().map(|(name, ty)| {
      if let TriggerSource::Schedule { .. } = trigger.source {
        let finding = Diagnostic::new(&codes::BAD_TRIGGER, "a schedule brings no event")
          .label(name.span, "nothing to read")
          .help("the time is `run.started`");
        self.say(finding);
      }
      let ty = self.checker.type_of(self.module, ty);
      (self.bind(name, ty.clone(), false), ty)
    });
    let condition = trigger.condition.as_ref();
    let condition = condition.map(|condition| self.condition(condition, "the condition of a trigger"));
    let facts = condition
      .as_ref()
      .map(|(_, facts)| facts.holds.clone())
      .unwrap_or_default();
    let call = self.given(&facts, |body| body.trigger_call(&trigger.call))?;
    Some(hir::Trigger {
      source,
      event,
      condition: condition.map(|(condition, _)| condition),
      call,
      span,
    })
  }

  /// A call of an orchestrator: what starts is a run.
  fn trigger_call(&mut self, call: &ast::Expr) -> Option<hir::Call<hir::OrchestratorId>> {
    let node = ast::Node {
      kind: ast::NodeKind::Expr(call.clone()),
      with: Vec::new(),
      after: Vec::new(),
      undo: None,
      finally: None,
      span: call.span,
    };
    let node = self.node(&node);
    match node.kind {
      NodeKind::Orchestrate(call) => Some(call),
      _ if node.ty.is_unknown() => None,
      _ => {
        let finding = Diagnostic::new(&codes::BAD_TRIGGER, "a trigger starts a run of an orchestrator")
          .label(call.span, "not a call of one")
          .help("write `=> name(arguments)`");
        self.say(finding);
        None
      }
    }
  }
}
