//! `if` and `match`: the subject first, then the arm that it takes; the others exist only as names in one event.

use super::{
  event::Event,
  failing::{Fallible, failure},
  instance::{InstanceId, Locals, State},
  layout::{Arm, Choice},
  run::Run,
};
use crate::value::{FailureKind, Value, excerpt};

impl Run {
  pub(super) fn choose(&mut self, id: InstanceId, choice: &Choice) -> Fallible<()> {
    let subject = self.eval(id, &choice.subject)?;
    let holds = |literals: &[crate::hir::Literal]| literals.iter().any(|literal| literal.matches(&subject));
    let tested = choice.tests.iter().position(|(literals, _)| holds(literals));
    let taken = tested.or(choice.otherwise.as_ref().map(|_| choice.tests.len()));
    if taken.is_none() && !choice.may_skip {
      let message = format!("no arm takes `{}`", excerpt(&subject, 60));
      return Err(failure(FailureKind::Expression, message));
    }
    let arms = choice.tests.iter().map(|(_, arm)| arm).chain(&choice.otherwise);
    let (chosen, others): (Vec<_>, Vec<_>) = arms.enumerate().partition(|(at, _)| Some(*at) == taken);
    let arm = chosen.first().map(|(_, arm)| *arm);
    let path = self.path(id);
    self.record(Event::ArmTaken {
      path,
      arm: arm.map(|arm| arm.segment.clone()),
      not_taken: others.iter().map(|(_, arm)| arm.segment.clone()).collect(),
    });
    match arm {
      Some(arm) => self.take(id, arm),
      None => self.succeed(id, Value::Null),
    }
    Ok(())
  }

  fn take(&mut self, id: InstanceId, arm: &Arm) {
    self.with(id, |instance| instance.state = State::Choice);
    self.spawn_arm(id, arm, Locals::new());
  }
}
