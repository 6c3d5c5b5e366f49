//! The configuration: a file that the manifest mounts.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::config::{Config, ConfigError};

/// Where the manifest mounts it.
const PATH: &str = "/config/alarum.toml";

thread_local! {
    static CONFIG: OnceCell<Result<Rc<Config>, String>> = const { OnceCell::new() };
}

/// The configuration, read by `parse` once in each instance; `None` where there is no valid one, which the log then
/// says.
pub fn config(parse: fn(&str) -> Result<Config, ConfigError>) -> Option<Rc<Config>> {
    config_or_problem(parse).ok()
}

/// The same, or what is wrong with it; without secrets.
///
/// # Errors
/// There is none, or it is not valid.
pub fn config_or_problem(parse: fn(&str) -> Result<Config, ConfigError>) -> Result<Rc<Config>, String> {
    CONFIG.with(|config| config.get_or_init(|| load(parse)).clone())
}

fn load(parse: fn(&str) -> Result<Config, ConfigError>) -> Result<Rc<Config>, String> {
    let text = std::fs::read_to_string(PATH);
    let text = text.map_err(|error| format!("{PATH}: {error}; `cargo xtask init` makes config/alarum.toml"));
    let config = text.and_then(|text| parse(&text).map_err(|error| format!("{PATH}: {error}")));
    let config = config.map(Rc::new);
    config.inspect_err(|problem| eprintln!("level=error msg=\"no configuration\" problem={problem:?}"))
}
