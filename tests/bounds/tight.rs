//! Tight.
