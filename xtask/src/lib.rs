//! The project's commands, called as `cargo xtask …`. The library is there for its tests; the commands are in
//! `main.rs`.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test that fails may say so by panicking"))]

pub mod bench;
pub mod check;
pub mod components;
pub mod config;
pub mod conformance;
pub mod console;
pub mod host;
pub mod import;
pub mod init;
pub mod manifest;
pub mod process;
pub mod shutdown;
pub mod state;
pub mod step;
pub mod subscriber;
pub mod suite;
pub mod toolchain;
pub mod up;
pub mod workspace;
