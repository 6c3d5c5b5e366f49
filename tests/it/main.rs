//! Tests of the handlers with fakes and a fake clock. One binary, a module for each subject.

#[path = "../support/mod.rs"]
mod support;

mod channel_rules;
mod documents;
mod explain;
mod fuzz;
mod fuzz_rules;
mod golden;
mod golden_api;
mod intake;
mod lifecycle;
mod limits;
mod model;
mod one_folder;
mod promises;
mod refusals;
mod replay;
mod rules;
