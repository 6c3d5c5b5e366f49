//! What becomes of alerts and incidents: scenarios on one board, which read like the documentation.

mod alerts;
mod flapping;
mod grouping;
mod inhibition;
mod leaving;
mod merging;
mod noise;
mod people;
mod states;
mod time;
