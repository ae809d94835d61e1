//! One trace per rule of the semantics.

mod admission;
mod blocks;
mod budgets;
mod endings;
mod groups;
mod hedges;
mod loops;
mod losses;
mod plans;
mod resumes;
mod times;

use super::build::*;
use crate::{hir::WorkerId, protocol::WorkerError, value::FailureKind};

fn failed(kind: FailureKind) -> WorkerError {
  WorkerError {
    kind,
    message: "lost".into(),
    code: None,
    log: None,
  }
}

fn lost(builder: &mut Builder, name: &str, delay: i64, kind: FailureKind) -> WorkerId {
  builder.mock(name, vec![rule(MockWhen::Else, delay, fails(kind))])
}
