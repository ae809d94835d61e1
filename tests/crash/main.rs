//! The store on a simulated disk: power cuts at every point, operations that fail, bits that flip. In each case the run is
//! taken up again and comes to the same end, or an error says why not.

#[path = "../common/mod.rs"]
mod common;

mod boundaries;
mod chance;
mod damage;
mod disk;
mod faults;
mod image;
mod play;
mod programs;
mod removal;
mod vfs;
