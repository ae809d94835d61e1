//! Long runs through the driver: nothing is kept of a step that is over. Counted in what is allocated, not in time.
//!
//! `ORCH_SOAK_STEPS` says how many steps a run has.
#![expect(clippy::disallowed_methods, reason = "the memory of this process is read")]
