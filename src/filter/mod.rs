//! Filters: conditions on alerts (Flashduty, "Filter Conditions"), as routing, enrichment, pipelines and channel rules
//! use them. A condition asks one [`value`] of an alert for one of several [`Pattern`]s; a list of conditions holds if
//! all do; a [`Filter`] is a list of such lists of which one must hold.

mod condition;
mod facts;
mod field;
mod pattern;
mod range;
mod re2;
mod tree;
mod wildcard;

pub use condition::{Condition, Conditions, Oper, all_hold};
pub use facts::{Facts, Origin};
pub use field::{canonical, is_known, value};
pub use pattern::{PATTERN_CHARS, Pattern};
pub use re2::expression;
pub use tree::Filter;
pub(crate) use wildcard::matches as matches_wildcard;
