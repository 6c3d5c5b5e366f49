//! The rules of a channel, looked at when an alert comes in: drop, silence, inhibition, grouping, flapping (Flashduty,
//! "Noise Reduction").
//!
//! What they say of an alert is a [`Ruling`](crate::journal::Ruling), which goes into the journal: boards need no rules.

pub mod alike;
mod calendar;
mod drop;
mod flapping;
mod grouping;
mod inhibit;
mod posix;
mod rules;
mod silence;
mod time_zone;
mod window;

pub use calendar::Calendar;
pub use rules::{Asked, ChannelRules, ChannelStep, Ruled};
pub use silence::Silence;
pub use time_zone::TimeZone;
