//! One trace per rule of the semantics.

mod blocks;
mod endings;
mod groups;
mod loops;
mod losses;
mod plans;
mod times;

use super::build::*;
use crate::{hir::WorkerId, value::FailureKind};

fn lost(builder: &mut Builder, name: &str, delay: i64, kind: FailureKind) -> WorkerId {
  builder.mock(name, vec![rule(MockWhen::Else, delay, fails(kind))])
}
