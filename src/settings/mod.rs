//! What is configured, as people change it while Alarum runs.

pub mod edits;
