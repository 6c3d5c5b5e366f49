//! What becomes of alerts and incidents: scenarios on one board, which read like the documentation.

mod alerts;
mod closed;
pub mod fields;
mod flapping;
pub mod grouping;
mod inhibition;
mod leaving;
pub mod merging;
mod noise;
pub mod people;
mod states;
mod telling;
mod time;
