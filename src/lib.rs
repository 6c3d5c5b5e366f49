//! Alarum takes in alerts over HTTP, merges them into incidents kept in key-value storage, and tells every subscriber
//! by webhook what happened to them. It speaks Flashduty's protocols and needs nothing but Spin.
//!
//! This crate is the domain: pure functions and handlers over the ports in [`ports`]. Only `spin` touches the platform.
//! How a push flows through the rooms is told in `docs/design.md`.

#![forbid(unsafe_code)]

pub mod api;
pub mod board;
pub mod call;
pub mod channel;
pub mod config;
pub mod console;
pub mod count;
pub mod courier;
mod day;
pub mod delivery;
pub mod description;
pub mod door;
pub mod engine;
pub mod error;
pub mod fanout;
pub mod filter;
pub mod fold;
pub mod http;
pub mod id;
pub mod ingest;
pub mod intake;
pub mod journal;
pub mod json;
pub mod keys;
pub mod ports;
pub mod route;
pub mod secret;
pub mod settings;
pub mod sorted;
#[cfg(target_arch = "wasm32")]
pub mod spin;
pub mod status;
pub mod time;
pub mod title;
pub mod value;
