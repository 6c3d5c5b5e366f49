//! Filters: conditions on alerts (Flashduty's filter conditions), as routing, enrichment and rules use them.

mod condition;
mod facts;

pub use condition::{Condition, Oper, value};
pub use facts::{Facts, Origin};
