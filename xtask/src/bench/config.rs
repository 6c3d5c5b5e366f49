//! The configuration and the manifest that are measured: all of the application, and the floor beside it.

use crate::manifest::{self, Places};
use anyhow::{Context as _, Result};
use std::fs;
use std::path::Path;

/// The key of the integration that belongs to one channel.
pub const PRIVATE_KEY: &str = "bench-private-key-00000000";
/// The key of the integration that is routed to two channels.
pub const SHARED_KEY: &str = "bench-shared-key-000000000";
/// The key to the Open API.
pub const APP_KEY: &str = "bench-app-key-000000000000";
/// The package and component of the floor.
pub const FLOOR: &str = "floor";
/// The package and component that measures what things cost in the guest.
pub const GUEST: &str = "guest";

/// The secret that signs what subscribers get.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// The configuration, with the subscribers at these addresses. The channels of the batches cost nothing where no batch
/// is pushed: a channel without alerts has no board.
fn config(subscribers: &[String]) -> String {
    let subscription = |(nth, url): (usize, &String)| {
        let id = nth + 1;
        format!("[[subscriptions]]\nid = {id}\nname = \"{id}\"\nurl = \"{url}\"\nsecret = \"{SECRET}\"\n\n")
    };
    let subscriptions: String = subscribers.iter().enumerate().map(subscription).collect();
    format!(
        r#"version = 1

[account]
id = 1
name = "Bench"

[[app_keys]]
name = "bench"
key = "{APP_KEY}"

[[channels]]
id = 1
name = "measured"

[[channels]]
id = 2
name = "batches"

[[channels]]
id = 3
name = "batches as well"

[[integrations]]
id = 1
name = "one channel"
kind = "private"
channel_id = 1
key = "{PRIVATE_KEY}"
rate_limit = {{ per_second = 0, per_minute = 0 }}

[[integrations]]
id = 2
name = "two channels"
kind = "shared"
key = "{SHARED_KEY}"
rate_limit = {{ per_second = 0, per_minute = 0 }}

[integrations.route.default]
channel_ids = [2, 3]

{subscriptions}[delivery]
timeout_ms = 1000
allow_http = true
allow_private_targets = true
"#
    )
}

/// The repository's manifest with the floor added.
fn manifest(text: &str, places: Places<'_>) -> Result<String> {
    let floor = format!(
        r#"
[[trigger.http]]
route = "/floor"
component = "{FLOOR}"

[component.{FLOOR}]
source = "target/wasm32-wasip2/release/{FLOOR}.wasm"
key_value_stores = ["default"]
"#
    );
    manifest::derive(&format!("{text}{floor}"), places)
}

/// The manifest of the component that measures in the guest, which needs nothing beside it.
const GUEST_MANIFEST: &str = r#"
spin_manifest_version = 2

[application]
name = "guest"

[[trigger.http]]
route = "/..."
component = "guest"

[component.guest]
source = "target/wasm32-wasip2/release/guest.wasm"
"#;

/// Writes the manifest of the component that measures in the guest into `dir`.
///
/// # Errors
/// When the file cannot be written.
pub fn write_guest(dir: &Path, root: &Path, wasm_dir: &Path) -> Result<()> {
    let manifest = manifest::derive(GUEST_MANIFEST, Places { root, wasm_dir, config_dir: dir })?;
    fs::write(dir.join("spin.toml"), manifest)?;
    Ok(())
}

/// Writes the manifest and the configuration into `dir`.
///
/// # Errors
/// When the repository's manifest cannot be read or a file not be written.
pub fn write(dir: &Path, root: &Path, wasm_dir: &Path, subscribers: &[String]) -> Result<()> {
    write_both(dir, (root, "spin.toml"), wasm_dir, subscribers, manifest)
}

/// The same for the components that keep their data in a Redis, without the floor, which does not.
///
/// # Errors
/// When that manifest cannot be read or a file not be written.
pub fn write_redis(dir: &Path, root: &Path, wasm_dir: &Path, subscribers: &[String]) -> Result<()> {
    write_both(dir, (root, manifest::redis::PATH), wasm_dir, subscribers, manifest::derive)
}

fn write_both(
    dir: &Path,
    (root, path): (&Path, &str),
    wasm_dir: &Path,
    subscribers: &[String],
    derive: fn(&str, Places<'_>) -> Result<String>,
) -> Result<()> {
    let config_dir = dir.join("config");
    fs::create_dir_all(&config_dir)?;
    fs::write(config_dir.join("alarum.toml"), config(subscribers))?;
    let text = fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))?;
    let manifest = derive(&text, Places { root, wasm_dir, config_dir: &config_dir })?;
    fs::write(dir.join("spin.toml"), manifest)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_one_that_the_application_takes() {
        let config = alarum::config::Config::parse(&config(&["http://127.0.0.1:4000/".to_string()])).unwrap();
        assert!(config.integration_by_key(PRIVATE_KEY).is_some() && config.integration_by_key(SHARED_KEY).is_some());
        assert!(config.app_key(APP_KEY).is_some());
    }

    #[test]
    fn the_manifest_has_the_application_and_the_floor() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let text = fs::read_to_string(root.join("spin.toml")).unwrap();
        let places = Places { root, wasm_dir: Path::new("/w"), config_dir: Path::new("/c") };
        let text = manifest(&text, places).unwrap();
        for component in [
            "ingest", "fanout", "courier", "actions", "api", "alerts", "settings", "webhooks", "status", "console",
            "floor",
        ] {
            assert!(text.contains(&format!("\"/w/{component}.wasm\"")), "{text}");
        }
    }
}
