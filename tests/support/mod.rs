//! What the tests stand on: fakes of the ports, a deterministic scheduler, and a language for scenarios.
//!
//! Everything runs in one thread under a seed. At every store call, wait and delivery a task hands control back, and
//! the scheduler decides who goes on, so that a seed is an interleaving; it can be run again.

#![allow(dead_code)] // no test uses all of it

mod cluster;
pub mod desk;
pub mod documented;
pub mod hostile;
pub mod model;
pub mod node;
mod open_api;
pub mod openapi;
pub mod prometheus;
mod push;
pub mod receiver;
mod sim;
mod store;
mod world;

pub use cluster::{Cluster, Faults, Push, request};
pub use push::{alert, body, header, push, target};
pub use world::World;

/// The configuration that the tests use.
pub const DEMO: &str = include_str!("demo.toml");

/// The configuration that golden files are made with: everything that an integration can have.
pub const GOLDEN: &str = include_str!("golden.toml");

/// The keys in it.
pub const PRIVATE_KEY: &str = "private-key-0123456789";
pub const SHARED_KEY: &str = "shared-key-0123456789";
pub const UNROUTED_KEY: &str = "unrouted-key-0123456789";
/// Those that only the configuration of the golden files has.
pub const MAPPED_KEY: &str = "mapped-key-0123456789";
pub const TEMPLATED_KEY: &str = "templated-key-0123456789";
pub const PARTLY_KEY: &str = "partly-key-0123456789";
pub const DISABLED_KEY: &str = "disabled-key-0123456789";
pub const LIMITED_KEY: &str = "limited-key-0123456789";
pub const APP_KEY: &str = "app-key-0123456789abcdef";

/// A text with the keys in place of the names that golden files give them.
pub fn with_keys(text: &str) -> String {
    let names = [
        ("$PRIVATE", PRIVATE_KEY),
        ("$SHARED", SHARED_KEY),
        ("$UNROUTED", UNROUTED_KEY),
        ("$MAPPED", MAPPED_KEY),
        ("$TEMPLATED", TEMPLATED_KEY),
        ("$PARTLY", PARTLY_KEY),
        ("$DISABLED", DISABLED_KEY),
        ("$LIMITED", LIMITED_KEY),
    ];
    names.iter().fold(text.to_owned(), |text, (name, key)| text.replace(name, key))
}
