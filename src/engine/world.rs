//! What the runs of one project share while they are driven one after another: the gatekeeper, on a clock that goes on
//! from run to run. Pure; knows nothing of how time passes.

use super::{
  event::{ExecutionId, RunTime},
  gatekeeper::{Gatekeeper, Need},
};

/// See the module.
#[derive(Debug, Default)]
pub struct World {
  gate: Gatekeeper<ExecutionId>,
  /// When the present run began, in milliseconds on the clock of the project.
  began: i64,
}

/// What a look at the clock gave.
#[derive(Debug)]
pub struct Admitted {
  /// In order of asking.
  pub executions: Vec<ExecutionId>,
  /// When to look again, in the present run's time.
  pub wake: Option<RunTime>,
}

impl World {
  /// When the present run began, or the next one will, in milliseconds on the clock of the project.
  pub fn began(&self) -> i64 {
    self.began
  }

  /// So many milliseconds go by, of the present run or between two.
  pub fn pass(&mut self, milliseconds: i64) {
    self.began = self.began.saturating_add(milliseconds.max(0));
  }

  pub fn ask(&mut self, execution: ExecutionId, needs: Vec<Need>) {
    self.gate.ask(execution, needs);
  }

  pub fn hold(&mut self, execution: ExecutionId, needs: Vec<Need>) {
    self.gate.hold(execution, needs);
  }

  pub fn withdraw(&mut self, execution: ExecutionId) {
    self.gate.withdraw(execution);
  }

  pub fn release(&mut self, execution: ExecutionId) {
    self.gate.release(execution);
  }

  /// Admits everybody whose turn has come, in the present run's time.
  pub fn poll(&mut self, at: RunTime) -> Admitted {
    let admissions = self.gate.poll(self.began.saturating_add(at.0));
    Admitted {
      executions: admissions.admitted,
      wake: admissions.wake.map(|wake| RunTime(wake.saturating_sub(self.began))),
    }
  }
}
