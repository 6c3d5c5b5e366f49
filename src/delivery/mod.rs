//! Delivery: events become signed webhooks, and what fails is tried again.

pub mod sign;
pub mod target;
