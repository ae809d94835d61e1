//! What a program is to others: its messages as JSON Schema, and what a new version of it breaks. Knows nothing of
//! running.

mod changes;
mod schema;

pub use changes::{Break, Change, Changed, Kind, compare};
pub use schema::{document, named, tools};
