//! The manifest's own shape, as serde sees it. Fields that Spin knows and the runner does not run are listed as well, so
//! that the error can say "not supported" instead of "unknown".

use super::{Component as Checked, Mount, Variable as CheckedVariable};
use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub(super) spin_manifest_version: i64,
    #[expect(dead_code, reason = "read only to be accepted")]
    application: Application,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Variable>,
    #[serde(default)]
    pub(super) trigger: BTreeMap<String, Vec<Table>>,
    #[serde(default)]
    pub(super) component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read only to be accepted: they say nothing about how to run")]
pub(super) struct Application {
    name: String,
    version: Option<String>,
    description: Option<String>,
    authors: Option<Vec<String>>,
    targets: Option<Value>,
    trigger: Option<Table>,
    tool: Option<Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "secret only matters to tools that print values, which the runner never does")]
pub(super) struct Variable {
    default: Option<String>,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    secret: bool,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "an id is only for tools")]
pub(super) struct Trigger {
    id: Option<String>,
    pub(super) component: Option<Value>,
    pub(super) route: Route,
    pub(super) executor: Option<Executor>,
    pub(super) static_response: Option<Value>,
    pub(super) components: Option<Value>,
    pub(super) dependencies: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "route must be a string or { private = true }")]
pub(super) enum Route {
    Public(String),
    Private { private: bool },
}

#[derive(Deserialize)]
pub(super) struct Executor {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "some fields are read only to be accepted: they say nothing about how to run")]
pub(super) struct Component {
    source: Value,
    description: Option<String>,
    #[serde(default)]
    variables: BTreeMap<String, String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    files: Vec<Value>,
    #[serde(default)]
    allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    key_value_stores: Vec<String>,
    build: Option<Build>,
    tool: Option<Table>,
    targets: Option<Value>,
    dependencies_inherit_configuration: Option<bool>,
    exclude_files: Option<Value>,
    allowed_http_hosts: Option<Value>,
    sqlite_databases: Option<Value>,
    ai_models: Option<Value>,
    dependencies: Option<Value>,
    profile: Option<Value>,
}

#[derive(Deserialize)]
struct Build {
    command: Option<Value>,
}

impl Variable {
    pub(super) fn check(self, name: &str) -> Result<CheckedVariable> {
        check_variable_name(name).with_context(|| format!("variables.{name}"))?;
        ensure!(
            self.required != self.default.is_some(),
            "variables.{name} must have either a default or required = true"
        );
        Ok(CheckedVariable { default: self.default })
    }
}

impl Component {
    pub(super) fn check(self, directory: &Path) -> Result<Checked> {
        for (field, value) in [
            ("exclude_files", &self.exclude_files),
            ("allowed_http_hosts", &self.allowed_http_hosts),
            ("sqlite_databases", &self.sqlite_databases),
            ("ai_models", &self.ai_models),
            ("dependencies", &self.dependencies),
            ("profile", &self.profile),
        ] {
            ensure!(value.is_none(), "field {field} is not supported by the runner; use Spin for it");
        }
        let Value::String(source) = self.source else {
            bail!("field source must be a file path; other sources are not supported by the runner, use Spin for them");
        };
        for label in &self.key_value_stores {
            ensure!(
                label == "default",
                "key_value_stores label {label:?}: the runner has only \"default\"; Spin needs a runtime-config for others"
            );
        }
        for name in self.variables.keys() {
            check_variable_name(name).with_context(|| format!("variables.{name}"))?;
        }
        let build_command = self.build.and_then(|build| match build.command? {
            Value::String(command) => Some(command),
            Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" && ")),
            _ => None,
        });
        Ok(Checked {
            source: directory.join(source),
            build_command,
            variables: self.variables,
            environment: self.environment,
            allowed_outbound_hosts: self.allowed_outbound_hosts,
            key_value_stores: self.key_value_stores.into_iter().collect(),
            files: self.files.iter().map(|value| mount(value, directory)).collect::<Result<_>>()?,
        })
    }
}

fn mount(value: &Value, directory: &Path) -> Result<Mount> {
    let part = |name: &str| value.get(name).and_then(Value::as_str);
    let (Some(source), Some(destination)) = (part("source"), part("destination")) else {
        let shown = value.as_str().unwrap_or("table");
        bail!(
            "files entry {shown:?} must be {{ source = \"...\", destination = \"/...\" }}; patterns are not supported"
        );
    };
    ensure!(destination.starts_with('/'), "files destination {destination:?} must start with \"/\"");
    Ok(Mount { source: directory.join(PathBuf::from(source)), destination: destination.to_string() })
}

/// Spin's rule for variable names: lower case words of letters and digits, single underscores between them.
fn check_variable_name(name: &str) -> Result<()> {
    ensure!(
        crate::variables::is_valid_name(name),
        "a variable's name must start with a letter and hold only lower-case letters, digits and single underscores"
    );
    Ok(())
}
