//! Application variables: their values, and what each component sees of them.
//!
//! A value comes, first match wins, from the environment (`SPIN_VARIABLE_<NAME>`), from `--variable`, from the
//! manifest's default. A component only sees what its own `[component.<id>.variables]` gives it.

use crate::manifest::Manifest;
use crate::template;
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeMap;

/// Application variables with their values. `Debug` shows names only: values may be secrets.
pub struct Variables {
    values: BTreeMap<String, String>,
}

impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Variables {
    /// Gives every variable of the manifest its value. `given` are `name=value` arguments (`name=@file` reads a file);
    /// `environment` looks up an environment variable.
    ///
    /// # Errors
    /// An argument that is no `name=value` or names no variable, a file that cannot be read, required variables without
    /// a value (all of them are named).
    pub fn resolve(
        manifest: &Manifest,
        given: &[String],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Variables> {
        let mut arguments = BTreeMap::new();
        for argument in given {
            let Some((name, value)) = argument.split_once('=') else {
                bail!("--variable must be given as name=value");
            };
            ensure!(
                manifest.variables.contains_key(name),
                "--variable {name}: the manifest has no such variable under [variables]"
            );
            let value = match value.strip_prefix('@') {
                Some(path) => std::fs::read_to_string(path)
                    .with_context(|| format!("--variable {name}: cannot read the file {path:?}"))?,
                None => value.to_string(),
            };
            arguments.insert(name, value);
        }
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for (name, variable) in &manifest.variables {
            let found = environment(&format!("SPIN_VARIABLE_{}", name.to_uppercase()))
                .or_else(|| arguments.remove(name.as_str()))
                .or_else(|| variable.default.clone());
            match found {
                Some(value) => drop(values.insert(name.clone(), value)),
                None => missing.push(name.as_str()),
            }
        }
        ensure!(
            missing.is_empty(),
            "required variables without a value: {}; give each with --variable name=value or SPIN_VARIABLE_<NAME>",
            missing.join(", ")
        );
        Ok(Variables { values })
    }

    /// Fills in the templates of one component's variables.
    ///
    /// # Errors
    /// A template that is malformed or names an unknown variable.
    pub fn of_component(&self, templates: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>> {
        let fill = |(name, template): (&String, &String)| {
            let value = template::resolve(template, &self.values).with_context(|| format!("variables.{name}"))?;
            Ok((name.clone(), value))
        };
        templates.iter().map(fill).collect()
    }

    /// Fills in the templates of an `allowed_outbound_hosts` list; the flag tells which entries were templates.
    ///
    /// # Errors
    /// As [`Variables::of_component`].
    pub fn of_hosts(&self, entries: &[String]) -> Result<Vec<(String, bool)>> {
        let fill = |entry: &String| {
            let value = template::resolve(entry, &self.values).context("allowed_outbound_hosts")?;
            Ok((value, template::is_template(entry)))
        };
        entries.iter().map(fill).collect()
    }
}

/// Whether Spin accepts `name` as the name of a variable.
pub fn is_valid_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && !name.ends_with('_')
        && !name.contains("__")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn manifest() -> Manifest {
        let text = "spin_manifest_version = 2\n[application]\nname = \"x\"\n[variables]\n\
                    token = { required = true }\nname = { default = \"n\" }\n\
                    [[trigger.http]]\nroute = \"/...\"\ncomponent = \"a\"\n[component.a]\nsource = \"a.wasm\"\n";
        Manifest::parse(text, Path::new("")).unwrap()
    }

    fn resolve(given: &[&str], environment: &[(&str, &str)]) -> Result<Variables> {
        let given: Vec<String> = given.iter().map(|s| s.to_string()).collect();
        Variables::resolve(&manifest(), &given, |key| {
            environment.iter().find(|(name, _)| *name == key).map(|(_, value)| value.to_string())
        })
    }

    #[test]
    fn the_environment_beats_arguments_and_those_beat_defaults() {
        let both = resolve(&["token=a", "name=b"], &[("SPIN_VARIABLE_TOKEN", "e")]).unwrap();
        let templates = BTreeMap::from([("all".to_string(), "{{ token }}/{{ name }}".to_string())]);
        assert_eq!(both.of_component(&templates).unwrap()["all"], "e/b");
        assert_eq!(resolve(&["token=a"], &[]).unwrap().of_component(&templates).unwrap()["all"], "a/n");
    }

    #[test]
    fn missing_and_unknown_variables_are_named() {
        assert!(resolve(&[], &[]).unwrap_err().to_string().contains("token"));
        assert!(resolve(&["token=a", "tokken=b"], &[]).unwrap_err().to_string().contains("tokken"));
    }

    #[test]
    fn values_are_not_shown() {
        assert_eq!(format!("{:?}", resolve(&["token=hush"], &[]).unwrap()), r#"{"name", "token"}"#);
    }

    #[test]
    fn names_follow_the_rule() {
        for (name, valid) in [("a", true), ("a_1", true), ("", false), ("1a", false), ("a__b", false), ("a_", false)] {
            assert_eq!(is_valid_name(name), valid, "{name}");
        }
    }
}
