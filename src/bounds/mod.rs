//! What a run can come to at worst: calls, parallelism and time, as numbers or as formulas in the sizes of its lists.
//! Knows nothing of running.

mod block;
mod bound;
mod builtins;
mod calls;
mod frame;
mod grown;
pub mod json;
mod leaf;
mod loops;
mod measure;
mod nodes;
mod order;
mod report;
mod shape;
mod spending;
mod symbols;
pub mod text;
mod waits;
mod worst;

pub use bound::Bound;
pub use report::{Bounds, bounds};
pub use symbols::{Owner, Place, Size, Symbol, Symbols};
