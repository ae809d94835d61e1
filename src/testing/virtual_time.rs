//! A run in virtual time: mocks answer at once, a worker without one ends the test.

use std::{cell::RefCell, sync::Arc};

use super::{
  run::{Ended, Order, Went},
  trace::Trace,
};
use crate::{
  engine::{Input, RunTime, Scripted, Simulation, World, mocked},
  protocol::{FileText, Task},
};

/// Carries out a run as long as something can happen in it; `texts` get what the files of mocks hold.
pub(super) fn simulate(world: World, order: Order, trace: &mut Trace, texts: &mut Vec<FileText>) -> Went {
  let began = world.began();
  let unmocked = RefCell::new(None);
  let mut simulation = Simulation::within(world, order.run, order.first, |start| match &start.invocation.task {
    Task::Mock(task) => {
      texts.extend(task.texts.iter().cloned());
      mocked(start)
    }
    Task::Process(_) | Task::Errand(_) => {
      let place = (start.attempt.worker, Arc::clone(&start.attempt.identity.step));
      unmocked.borrow_mut().get_or_insert(place);
      Scripted::Hang
    }
  });
  if let Some(after) = order.cancel {
    simulation.expect(RunTime(after), Input::CancelRequested("cancelled by the test".into()));
  }
  let mut end = None;
  while let Some(records) = simulation.advance() {
    records.iter().for_each(|record| trace.note(began, record));
    end = records.last().and_then(Ended::of);
    if unmocked.borrow().is_some() {
      break;
    }
  }
  let (run, world) = simulation.end();
  let end = match (unmocked.into_inner(), end) {
    (Some((worker, step)), _) => Ended::Unmocked { worker, step },
    (None, Some(end)) => end,
    (None, None) => Ended::Stuck,
  };
  Went { run, world, end }
}
