//! The configuration: a file that the manifest mounts.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::config::{Config, ConfigError};

/// Where the manifest mounts it.
const PATH: &str = "/config/alarum.toml";

thread_local! {
    static CONFIG: OnceCell<Option<Rc<Config>>> = const { OnceCell::new() };
}

/// The configuration, read by `parse` once in each instance; `None` where there is no valid one, which the log then
/// says.
pub fn config(parse: fn(&str) -> Result<Config, ConfigError>) -> Option<Rc<Config>> {
    CONFIG.with(|config| config.get_or_init(|| load(parse)).clone())
}

fn load(parse: fn(&str) -> Result<Config, ConfigError>) -> Option<Rc<Config>> {
    let text = match std::fs::read_to_string(PATH) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("no configuration: {PATH}: {error}; `cargo xtask init` makes config/alarum.toml");
            return None;
        }
    };
    match parse(&text) {
        Ok(config) => Some(Rc::new(config)),
        Err(error) => {
            eprintln!("the configuration is not valid: {PATH}: {error}");
            None
        }
    }
}
