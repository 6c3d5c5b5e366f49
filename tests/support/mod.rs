//! What the tests stand on: fakes of the ports, a deterministic scheduler, and a language for scenarios.
//!
//! Everything runs in one thread under a seed. At every store call, wait and delivery a task hands control back, and
//! the scheduler decides who goes on, so that a seed is an interleaving; it can be run again.

#![allow(dead_code)] // no test uses all of it

mod cluster;
mod receiver;
mod sim;
mod store;
mod world;

pub use cluster::{Cluster, Faults, Push, request};
pub use world::World;

/// The configuration that the tests use.
pub const DEMO: &str = include_str!("demo.toml");

/// The configuration that golden files are made with: everything that an integration can have.
pub const GOLDEN: &str = include_str!("golden.toml");

/// The keys in it.
pub const PRIVATE_KEY: &str = "private-key-0123456789";
pub const SHARED_KEY: &str = "shared-key-0123456789";
pub const UNROUTED_KEY: &str = "unrouted-key-0123456789";
pub const APP_KEY: &str = "app-key-0123456789abcdef";
