//! An example of a receiver of Alarum's webhooks, to read and to take from. What it does and why is told in
//! `docs/receivers.md`.
//!
//! [`receiver`] decides what to do with a request, [`signature`] whom to believe, [`recent`] remembers, and [`server`]
//! is what all of it needs of HTTP.

#![forbid(unsafe_code)]

pub mod receiver;
pub mod recent;
pub mod server;
pub mod signature;
