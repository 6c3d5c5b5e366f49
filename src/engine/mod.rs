//! The engine: what records, people and time do to a board.
//!
//! All of it is pure: no clock, no chance, no configuration. Each thing that happens is one [`Step`](crate::board::Step),
//! done as a whole or not at all. Time is logical: before a record is applied, everything that was due before it was
//! received happens, in order. So the same records give the same board, however they are cut into folds.

pub mod action;
mod apply;
mod closing;
mod due;
mod event;
mod flapping;
mod joining;
mod muting;
mod outlook;
mod sender;
mod tell;

pub use apply::Applying;
pub use due::bring;
pub use outlook::{Outlook, foresee};
