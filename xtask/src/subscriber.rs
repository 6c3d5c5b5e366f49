//! The demo subscriber: takes webhooks, checks their signatures, drops repeats, shows what came.

pub mod event;
pub mod line;
pub mod log;
pub mod page;
pub mod server;
pub mod signature;
