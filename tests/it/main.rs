//! Tests of the handlers with fakes and a fake clock. One binary, a module for each subject.

#[path = "../support/mod.rs"]
mod support;

mod actions;
mod alert_webhooks;
mod archive;
mod channel_rules;
mod channels;
mod custom_actions;
mod delivering;
mod delivering_apart;
mod directory;
mod documents;
mod engine;
mod explain;
mod fuzz;
mod fuzz_rules;
mod golden;
mod golden_api;
mod history;
mod hygiene;
mod intake;
mod lifecycle;
mod limits;
mod listing;
mod metrics;
mod migration;
mod model;
mod once;
mod one_folder;
mod openapi;
mod outlook;
mod promises;
mod promises_engine;
mod ready;
mod refusals;
mod replay;
mod retention;
mod rules;
mod searching;
mod targets;
mod webhook_bodies;
