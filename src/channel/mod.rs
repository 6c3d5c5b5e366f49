//! Rules of a channel.
pub mod alike;
