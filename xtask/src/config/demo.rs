//! The configuration in the state directory, which the components see.
//!
//! Without `--config` it is the demo's own, made once and kept with its keys. With `--config` it is a copy of a user's
//! file, made anew at each start; the demo's own then waits beside it for a start without.

use crate::config::keys::Keys;
use crate::config::template::{Subscriber, render};
use anyhow::{Context as _, Result};
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item, Table, value};

/// What follows from where things listen in this run.
#[derive(Debug, Clone, Copy)]
pub struct Addresses<'a> {
    /// Where the application listens.
    pub base_url: &'a str,
    /// Where the demo subscriber takes webhooks.
    pub webhook_url: &'a str,
}

/// Both files.
pub struct Files {
    mounted: PathBuf,
    waiting: PathBuf,
}

impl Files {
    /// In this state directory.
    pub fn new(state_dir: &Path) -> Files {
        Files { mounted: state_dir.join("config/alarum.toml"), waiting: state_dir.join("demo-config.toml") }
    }

    /// The folder to mount.
    pub fn folder(&self) -> &Path {
        self.mounted.parent().unwrap_or(&self.mounted)
    }

    /// The file that the components see.
    pub fn mounted(&self) -> &Path {
        &self.mounted
    }

    /// Puts the demo's own in place, made on first use; the answer is its text.
    ///
    /// # Errors
    /// When a file cannot be read or written, or was edited into something that is not TOML.
    pub fn use_demo(&self, addresses: Addresses<'_>) -> Result<String> {
        if self.waiting.exists() {
            rename(&self.waiting, &self.mounted)?;
        }
        let old = if self.mounted.exists() { Some(read(&self.mounted)?) } else { None };
        let new = match &old {
            None => render(addresses.base_url, &Keys::draw()?, Subscriber::At(addresses.webhook_url)),
            Some(text) => readdressed(text, addresses).with_context(|| self.mounted.display().to_string())?,
        };
        if old.as_deref() != Some(new.as_str()) {
            write_private(&self.mounted, &new)?;
        }
        Ok(new)
    }

    /// Puts a copy of a user's file in place, exactly as it is; the answer is its text.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn use_file(&self, path: &Path) -> Result<String> {
        let text = read(path)?;
        if !self.waiting.exists() {
            // Whether the mounted file is the demo's own is known only by this rule: while a copy is mounted, the demo's
            // own waits. So it has to exist.
            if !self.mounted.exists() {
                write_private(&self.mounted, &render("", &Keys::draw()?, Subscriber::At("")))?;
            }
            rename(&self.mounted, &self.waiting)?;
        }
        write_private(&self.mounted, &text)?;
        Ok(text)
    }
}

/// The same configuration with this run's addresses; nothing else changes, comments included.
fn readdressed(text: &str, addresses: Addresses<'_>) -> Result<String> {
    let mut document: DocumentMut = text.parse().context("not TOML")?;
    set(document.as_table_mut(), "base_url", addresses.base_url);
    if let Some(subscriptions) = document.get_mut("subscriptions").and_then(Item::as_array_of_tables_mut) {
        // Others may have been added by hand.
        for subscription in subscriptions.iter_mut().filter(|table| is_demo_subscriber(table)) {
            set(subscription, "url", addresses.webhook_url);
        }
    }
    Ok(document.to_string())
}

fn is_demo_subscriber(subscription: &Table) -> bool {
    subscription.get("name").and_then(Item::as_str) == Some("demo subscriber")
}

fn set(table: &mut Table, key: &str, new: &str) {
    if table.get(key).and_then(Item::as_str) != Some(new) {
        table[key] = value(new);
    }
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).with_context(|| format!("cannot move {} to {}", from.display(), to.display()))
}

/// Writes a file that only its owner can read: it holds keys.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    let fresh = path.with_extension("new");
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        if fresh.exists() {
            fs::remove_file(&fresh)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        // Components that already run never see half a file.
        fs::rename(&fresh, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::facts::Facts;
    use std::os::unix::fs::PermissionsExt as _;

    const FIRST: Addresses<'_> =
        Addresses { base_url: "http://127.0.0.1:3000", webhook_url: "http://127.0.0.1:4000/webhook" };
    const SECOND: Addresses<'_> =
        Addresses { base_url: "http://127.0.0.1:3001", webhook_url: "http://127.0.0.1:4001/webhook" };

    #[test]
    fn later_runs_keep_the_keys_and_follow_the_addresses() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path());
        let first = files.use_demo(FIRST).unwrap();
        assert_eq!(files.use_demo(FIRST).unwrap(), first);
        let second = files.use_demo(SECOND).unwrap();
        assert_eq!(second, first.replace(":3000", ":3001").replace(":4000", ":4001"));
        let mode = fs::metadata(files.mounted()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn what_people_add_to_the_demo_configuration_stays() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path());
        let mut text = files.use_demo(FIRST).unwrap();
        text.push_str("\n# mine\n[[subscriptions]]\nname = \"mine\"\nurl = \"http://127.0.0.1:9/\"\n");
        write_private(files.mounted(), &text).unwrap();
        let second = files.use_demo(SECOND).unwrap();
        assert!(second.contains("# mine") && second.contains("http://127.0.0.1:9/"));
    }

    #[test]
    fn a_users_file_is_copied_as_it_is_and_the_demo_keys_survive_it() {
        let dir = tempfile::tempdir().unwrap();
        let theirs = dir.path().join("theirs.toml");
        let files = Files::new(&dir.path().join("state"));
        let demo = Facts::read(&files.use_demo(FIRST).unwrap()).unwrap();
        for text in ["version = 1 # a\n", "version = 1 # b\n"] {
            fs::write(&theirs, text).unwrap();
            files.use_file(&theirs).unwrap();
            assert_eq!(fs::read_to_string(files.mounted()).unwrap(), text);
        }
        let again = Facts::read(&files.use_demo(FIRST).unwrap()).unwrap();
        assert!(again == demo);
    }

    #[test]
    fn a_users_file_on_first_use_is_never_taken_for_the_demo() {
        let dir = tempfile::tempdir().unwrap();
        let theirs = dir.path().join("theirs.toml");
        fs::write(&theirs, "version = 1\n").unwrap();
        let files = Files::new(&dir.path().join("state"));
        files.use_file(&theirs).unwrap();
        let demo = files.use_demo(FIRST).unwrap();
        assert!(demo.contains("[[integrations]]") && demo.contains(FIRST.webhook_url));
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "version = 1\n");
    }
}
