//! The journal: what was accepted. It is the truth; everything else can be computed from it again.
//!
//! Each instance appends to a stream of its own, so nobody contends: records 1, 2, 3 … without gaps, each written
//! once, before the pushes in it are answered.

mod company;
mod reader;
mod record;
mod ruling;
mod writer;

pub use reader::{Place, Read, StreamRead, read_beyond};
pub use record::{Accepted, Arrival, Record, What};
pub use ruling::{AutoResolve, Flapping, Grouping, Ruling, Texts};
pub use writer::{AppendError, Journal, STREAM_IDLE_MS, STREAM_STALL_MS};
