//! The configuration file: a template with random keys, and what `up` needs to know of any such file.

pub mod demo;
pub mod facts;
pub mod keys;
pub mod template;
