//! `spin.toml` (manifest version 2): what of it the runner understands, and the checks that make the rest an error which
//! names the field.

mod schema;

use crate::routes::WELL_KNOWN_PREFIX;
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// An application as its manifest describes it. Paths are absolute or relative to the working directory; templates are
/// not filled in yet.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// `[variables]`.
    pub variables: BTreeMap<String, Variable>,
    /// `[component.<id>]` of every component that a trigger names.
    pub components: BTreeMap<String, Component>,
    /// `(route, component id)` of the public triggers, in manifest order.
    pub routes: Vec<(String, String)>,
}

/// One application variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its value unless another is given; `None` means that one must be given.
    pub default: Option<String>,
}

/// One component.
#[derive(Debug, Clone)]
pub struct Component {
    /// The component's wasm file.
    pub source: PathBuf,
    /// `build.command`, shown when the file is missing.
    pub build_command: Option<String>,
    /// Component variables, as templates.
    pub variables: BTreeMap<String, String>,
    /// Environment variables.
    pub environment: BTreeMap<String, String>,
    /// Allowed outbound addresses, as templates.
    pub allowed_outbound_hosts: Vec<String>,
    /// Labels of the key-value stores it may open.
    pub key_value_stores: BTreeSet<String>,
    /// Directories and files it can read.
    pub files: Vec<Mount>,
}

/// One read-only mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// A directory or a file of the machine.
    pub source: PathBuf,
    /// Its absolute path inside the component.
    pub destination: String,
}

impl Manifest {
    /// Reads and checks the manifest at `path`.
    ///
    /// # Errors
    /// One line that names the field: a file that cannot be read, TOML that is not valid, a field that does not exist
    /// or is not supported here, a trigger without its component.
    pub fn read(path: &Path) -> Result<Manifest> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the manifest {}; name another with --manifest", path.display()))?;
        let directory = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Manifest::parse(&text, &directory).with_context(|| format!("manifest {}", path.display()))
    }

    /// Checks a manifest's text; its relative paths are meant from `directory`.
    ///
    /// # Errors
    /// As [`Manifest::read`].
    pub fn parse(text: &str, directory: &Path) -> Result<Manifest> {
        let raw: schema::Manifest = toml::from_str(text).map_err(|e| {
            let line = e.span().map_or(0, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
            anyhow::anyhow!("line {line}: {}", e.message().replace('\n', " "))
        })?;
        ensure!(
            raw.spin_manifest_version == 2,
            "spin_manifest_version is {}, only 2 is supported",
            raw.spin_manifest_version
        );
        let mut routes = Vec::new();
        let mut used = BTreeSet::new();
        for (kind, triggers) in raw.trigger {
            ensure!(
                kind == "http",
                "trigger.{kind} is not supported by the runner, only trigger.http; use Spin for it"
            );
            for (index, trigger) in triggers.into_iter().enumerate() {
                let field = format!("trigger.http number {}", index + 1);
                let trigger = trigger.try_into().map_err(|e| anyhow::anyhow!("{field}: {}", e.message()))?;
                let (component, route) = check_trigger(trigger, &raw.component).context(field)?;
                used.insert(component.clone());
                routes.extend(route.map(|route| (route, component)));
            }
        }
        ensure!(!used.is_empty(), "there is no [[trigger.http]], so nothing could be called");
        let variables = raw.variables.into_iter().map(|(name, v)| Ok((name.clone(), v.check(&name)?)));
        let components = raw.component.into_iter().filter(|(id, _)| used.contains(id)).map(|(id, component)| {
            let component = component.check(directory).with_context(|| format!("component.{id}"))?;
            Ok((id, component))
        });
        Ok(Manifest {
            variables: variables.collect::<Result<_>>()?,
            components: components.collect::<Result<_>>()?,
            routes,
        })
    }
}

fn check_trigger(
    trigger: schema::Trigger,
    components: &BTreeMap<String, schema::Component>,
) -> Result<(String, Option<String>)> {
    for (field, present) in [
        ("static_response", trigger.static_response.is_some()),
        ("components", trigger.components.is_some()),
        ("dependencies", trigger.dependencies.is_some()),
    ] {
        ensure!(!present, "field {field} is not supported by the runner; use Spin for it");
    }
    if let Some(executor) = trigger.executor {
        ensure!(
            executor.kind == "http",
            "executor.type {:?} is not supported by the runner, only \"http\"",
            executor.kind
        );
    }
    let component = match trigger.component {
        Some(toml::Value::String(id)) => id,
        Some(_) => bail!("field component must be the id of a [component.<id>]; inline components are not supported"),
        None => bail!("field component is missing"),
    };
    ensure!(components.contains_key(&component), "there is no [component.{component}]");
    match trigger.route {
        schema::Route::Public(route) => {
            ensure!(
                !route.starts_with(WELL_KNOWN_PREFIX),
                "route {route:?}: Spin answers {WELL_KNOWN_PREFIX}... itself"
            );
            Ok((component, Some(route)))
        }
        schema::Route::Private { private: true } => Ok((component, None)),
        schema::Route::Private { private: false } => bail!("route must be a string or {{ private = true }}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "spin_manifest_version = 2\n[application]\nname = \"x\"\n";
    const TRIGGER: &str = "[[trigger.http]]\nroute = \"/...\"\ncomponent = \"a\"\n";

    fn parse(rest: &str) -> Result<Manifest> {
        Manifest::parse(&format!("{HEAD}{rest}"), Path::new("/app"))
    }

    fn error_of(rest: &str) -> String {
        format!("{:#}", parse(rest).unwrap_err())
    }

    #[test]
    fn a_component_can_be_private_and_public_at_once() {
        let manifest = parse(&format!(
            "{TRIGGER}[[trigger.http]]\nroute = {{ private = true }}\ncomponent = \"b\"\n\
             [[trigger.http]]\nroute = \"/tick\"\ncomponent = \"b\"\n\
             [component.a]\nsource = \"a.wasm\"\n[component.b]\nsource = \"/abs/b.wasm\"\n"
        ))
        .unwrap();
        assert_eq!(manifest.routes, [("/...".into(), "a".into()), ("/tick".into(), "b".to_string())]);
        assert_eq!(manifest.components["a"].source, Path::new("/app/a.wasm"));
        assert_eq!(manifest.components["b"].source, Path::new("/abs/b.wasm"));
    }

    #[test]
    fn mounts_and_variables_are_read() {
        let manifest = parse(&format!(
            "[variables]\ntoken = {{ required = true, secret = true }}\nname = {{ default = \"n\" }}\n{TRIGGER}\
             [component.a]\nsource = \"a.wasm\"\nfiles = [{{ source = \"config\", destination = \"/config\" }}]\n\
             [component.a.variables]\ntoken = \"{{{{ token }}}}\"\n"
        ))
        .unwrap();
        assert_eq!(manifest.variables["token"], Variable { default: None });
        assert_eq!(manifest.variables["name"], Variable { default: Some("n".into()) });
        let mount = Mount { source: "/app/config".into(), destination: "/config".into() };
        assert_eq!(manifest.components["a"].files, [mount]);
    }

    #[test]
    fn what_is_not_supported_is_named() {
        let component = "[component.a]\nsource = \"a.wasm\"\n";
        for (rest, expected) in [
            (format!("{TRIGGER}{component}sqlite_databases = [\"default\"]\n"), "sqlite_databases"),
            (format!("{TRIGGER}{component}nonsense = 1\n"), "nonsense"),
            (format!("{TRIGGER}{component}key_value_stores = [\"other\"]\n"), "\"other\""),
            (format!("{TRIGGER}{component}files = [\"*.txt\"]\n"), "files"),
            (format!("{TRIGGER}[component.a]\nsource = {{ url = \"u\", digest = \"d\" }}\n"), "source"),
            (format!("{TRIGGER}{component}[[trigger.cron]]\ncomponent = \"a\"\n"), "trigger.cron"),
            (format!("[[trigger.http]]\nroute = \"/\"\ncomponent = \"zzz\"\n{component}"), "component.zzz"),
            (format!("[variables]\nUpper = {{ default = \"x\" }}\n{TRIGGER}{component}"), "Upper"),
            (format!("[variables]\nv = {{ }}\n{TRIGGER}{component}"), "variables.v"),
        ] {
            let message = error_of(&rest);
            assert!(message.contains(expected) && !message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn broken_toml_names_its_line() {
        assert!(error_of("[component.a\n").contains("line 4"), "{}", error_of("[component.a\n"));
    }
}
