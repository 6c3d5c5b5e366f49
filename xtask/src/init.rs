//! `cargo xtask init`: a configuration for people who start Spin by hand.

use crate::config::keys::Keys;
use crate::config::template::{Subscriber, render};
use anyhow::{Context as _, Result, bail};
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Writes `alarum.toml` with random keys into `dir`; never over an existing one. The answer is its path.
///
/// # Errors
/// When there is one already, or it cannot be written.
pub fn run(dir: &Path) -> Result<PathBuf> {
    let path = dir.join("alarum.toml");
    let text = render("http://127.0.0.1:3000", &Keys::draw()?, Subscriber::Nobody);
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!(
                "{} is there already and stays as it is; remove it, or choose another folder with --dir",
                path.display()
            )
        }
        Err(error) => return Err(error).with_context(|| format!("cannot write {}", path.display())),
    };
    file.write_all(text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_init_leaves_the_first_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("config");
        let first = fs::read_to_string(run(&folder).unwrap()).unwrap();
        assert!(run(&folder).unwrap_err().to_string().contains("is there already"));
        assert_eq!(fs::read_to_string(folder.join("alarum.toml")).unwrap(), first);
    }
}
