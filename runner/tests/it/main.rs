//! The runner with a component inside, over real connections. The component is `tests/fixture`; build it first:
//! `cargo build -p runner-fixture --target wasm32-wasip2 --release`.

#![allow(clippy::unwrap_used, reason = "a test that fails may say so by panicking")]

mod chaining;
mod command;
mod files_and_variables;
mod hostile_input;
mod instances;
mod key_value;
mod network;
mod stats;
mod support;
