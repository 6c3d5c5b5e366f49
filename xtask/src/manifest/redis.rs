//! The manifest for several machines on a shared Redis, `deploy/redis/spin.toml`: the repository's with the components
//! built for that, the variables that say where the Redis is, and without key-value stores.

use anyhow::{Context as _, Result};
use toml_edit::{Array, DocumentMut, InlineTable, Item, TableLike, value};

/// Where it lies in the repository.
pub const PATH: &str = "deploy/redis/spin.toml";

/// From its folder to the repository's root.
const ROOT: &str = "../..";

/// Where the Redis may be; the components may call nothing else there.
const HOST: &str = "{{ redis_scheme }}://{{ redis_host }}";
/// Its whole address, as the components use it (`src/spin/redis.rs`).
const ADDRESS: &str = "{{ redis_scheme }}://{{ redis_login }}{{ redis_host }}/{{ redis_database }}";

const HEAD: &str = "\
# Alarum on several machines that share a Redis: docs/deploy-redis.md. Made from the spin.toml of the repository by
# `cargo xtask manifest`; what is changed by hand is lost.
";

const VARIABLES: &str = r#"
[variables]
# redis, or rediss for TLS.
redis_scheme = { default = "redis" }
# Host and port.
redis_host = { default = "127.0.0.1:6379" }
# user:password@ or :password@, where it asks for one; what is not a letter or a digit in them as %XX.
redis_login = { default = "", secret = true }
# The number of the database: each application needs one of its own.
redis_database = { default = "0" }
"#;

/// Makes it of the repository's manifest.
///
/// # Errors
/// When that is no manifest of such components.
pub fn derive(manifest: &str) -> Result<String> {
    let mut document: DocumentMut = manifest.parse().context("spin.toml: not TOML")?;
    let components = document.get_mut("component").and_then(Item::as_table_like_mut);
    for (name, component) in components.context("spin.toml: no components")?.iter_mut() {
        let name = name.get().to_string();
        let component = component.as_table_like_mut().with_context(|| format!("component {name}: not a table"))?;
        convert(component).with_context(|| format!("component {name}"))?;
    }
    let text = document.to_string();
    let text = text.split_once('\n').filter(|(line, _)| line.starts_with("#:schema")).map_or(&*text, |(_, rest)| rest);
    let (before, after) = text.split_once("\n\n#").context("spin.toml: nothing after [application]")?;
    Ok(format!("{HEAD}{before}\n{VARIABLES}\n#{after}"))
}

fn convert(component: &mut dyn TableLike) -> Result<()> {
    let source = component.get("source").and_then(Item::as_str).context("source: not a path")?;
    let source = source.replacen("target/", &format!("{ROOT}/target/redis/"), 1);
    component.insert("source", value(source));
    let build = component.get_mut("build").and_then(Item::as_table_like_mut).context("build: missing")?;
    let command = build.get("command").and_then(Item::as_str).context("build.command: missing")?;
    let command = format!("{command} --features redis --target-dir target/redis");
    build.insert("command", value(command));
    build.insert("workdir", value(ROOT));
    build.remove("watch");
    // What has no store has no files either.
    if component.remove("key_value_stores").is_none() {
        return Ok(());
    }

    let hosts = component.entry("allowed_outbound_hosts").or_insert(value(Array::new()));
    hosts.as_array_mut().context("allowed_outbound_hosts: not an array")?.push(HOST);
    let mut variables = InlineTable::new();
    variables.insert("redis_address", ADDRESS.into());
    component.insert("variables", value(variables));

    let files = component.get_mut("files").and_then(Item::as_array_mut).context("files: not an array")?;
    for mount in files.iter_mut() {
        let source =
            mount.as_inline_table_mut().and_then(|mount| mount.get_mut("source")).context("files: no source")?;
        *source = format!("{ROOT}/{}", source.as_str().context("files: source is not a text")?).into();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use toml_edit::Table;

    fn repository(path: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path);
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_manifest_for_redis_is_the_one_of_the_repository_with_another_store() {
        let derived = derive(&repository("spin.toml")).unwrap();
        assert!(derived == repository(PATH), "{PATH} is not up to date; run `cargo xtask manifest`");
    }

    #[test]
    fn triggers_and_rights_stay_and_only_the_store_is_another() {
        let ours: DocumentMut = repository("spin.toml").parse().unwrap();
        let redis: DocumentMut = repository(PATH).parse().unwrap();
        let triggers = |document: &DocumentMut| {
            let triggers = document["trigger"]["http"].as_array_of_tables().unwrap();
            let one = |trigger: &Table| {
                (
                    trigger["route"].as_value().unwrap().clone().decorated("", "").to_string(),
                    trigger["component"].as_str().unwrap().to_string(),
                )
            };
            triggers.iter().map(one).collect::<Vec<_>>()
        };
        assert_eq!(triggers(&ours), triggers(&redis));
        let hosts = |component: &Item| -> Vec<String> {
            let hosts = component.get("allowed_outbound_hosts").and_then(Item::as_array);
            hosts.into_iter().flatten().map(|host| host.as_str().unwrap().to_string()).collect()
        };
        let components = |document: &DocumentMut| document["component"].as_table_like().unwrap().len();
        assert_eq!(components(&ours), components(&redis));
        for (name, component) in redis["component"].as_table_like().unwrap().iter() {
            let mut expected = hosts(&ours["component"][name]);
            let stores = ours["component"][name].get("key_value_stores").is_some();
            if stores {
                expected.push(HOST.to_string());
                assert_eq!(component["variables"]["redis_address"].as_str(), Some(ADDRESS), "{name}");
            }
            assert_eq!(hosts(component), expected, "{name}");
            assert!(component.get("key_value_stores").is_none(), "{name}");
            let command = component["build"]["command"].as_str().unwrap();
            assert!(command.contains(&format!("-p {name} ")) && command.contains(" --features redis "), "{command}");
        }
        assert!(redis["variables"]["redis_login"]["secret"].as_bool().unwrap());
    }
}
