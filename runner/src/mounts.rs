//! Files that a component can read. A directory is mounted where it lies; WASI mounts directories only, so single files
//! are first copied into a directory that stands for the one the component sees them in.

use crate::manifest::Mount;
use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The single files of one directory inside the component: name to content.
type Files = BTreeMap<String, Vec<u8>>;

/// The directories to mount for one component, with their paths inside it.
///
/// # Errors
/// A source that does not exist, a destination used twice, a single file inside a mounted directory.
pub fn prepare(files: &[Mount], state_dir: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut mounts: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut single: BTreeMap<String, Files> = BTreeMap::new();
    for Mount { source, destination } in files {
        if source.is_dir() {
            let clash = mounts.insert(trimmed(destination), source.clone());
            ensure!(clash.is_none(), "files destination {destination:?} is used twice");
        } else if source.is_file() {
            let Some((parent, name)) = destination.rsplit_once('/').filter(|(_, name)| !name.is_empty()) else {
                bail!("files destination {destination:?} of the file {} must name a file", source.display());
            };
            let content = std::fs::read(source).with_context(|| format!("files: cannot read {}", source.display()))?;
            let clash = single.entry(trimmed(parent)).or_default().insert(name.to_string(), content);
            ensure!(clash.is_none(), "files destination {destination:?} is used twice");
        } else {
            bail!("files source {} does not exist", source.display());
        }
    }
    for (destination, files) in single {
        let copies = copy(&files, &state_dir.join("mounts"))
            .with_context(|| format!("files: cannot copy what is mounted in {destination:?}"))?;
        let clash = mounts.insert(destination.clone(), copies);
        ensure!(clash.is_none(), "files: single files inside the mounted directory {destination:?} are not supported");
    }
    Ok(mounts.into_iter().map(|(destination, directory)| (directory, destination)).collect())
}

/// Copies files into a directory named after their content: it never holds anything else, and several runners may
/// share it.
fn copy(files: &Files, into: &Path) -> std::io::Result<PathBuf> {
    let mut digest = Sha256::new();
    for (name, content) in files {
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name);
        digest.update((content.len() as u64).to_le_bytes());
        digest.update(content);
    }
    let name: String = digest.finalize()[..16].iter().map(|b| format!("{b:02x}")).collect();
    let directory = into.join(&name);
    if directory.is_dir() {
        return Ok(directory);
    }
    let unfinished = into.join(format!("{name}.{}", std::process::id()));
    std::fs::create_dir_all(&unfinished)?;
    for (name, content) in files {
        std::fs::write(unfinished.join(name), content)?;
    }
    match std::fs::rename(&unfinished, &directory) {
        // Another runner was quicker with the same content.
        Err(_) if directory.is_dir() => std::fs::remove_dir_all(&unfinished)?,
        renamed => renamed?,
    }
    Ok(directory)
}

fn trimmed(path: &str) -> String {
    let path = path.trim_end_matches('/');
    if path.is_empty() { "/".to_string() } else { path.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(source: PathBuf, destination: &str) -> Mount {
        Mount { source, destination: destination.to_string() }
    }

    #[test]
    fn directories_stay_where_they_are_and_files_are_copied() {
        let here = tempfile::tempdir().unwrap();
        let (config, file) = (here.path().join("config"), here.path().join("routes.toml"));
        std::fs::create_dir(&config).unwrap();
        std::fs::write(&file, "x").unwrap();
        let files = [mount(config.clone(), "/config/"), mount(file, "/etc/routes.toml")];
        let mounts = prepare(&files, &here.path().join("state")).unwrap();
        assert_eq!(mounts[0], (config, "/config".to_string()));
        assert_eq!(mounts[1].1, "/etc");
        assert_eq!(std::fs::read(mounts[1].0.join("routes.toml")).unwrap(), b"x");
        assert_eq!(prepare(&files, &here.path().join("state")).unwrap(), mounts, "the copy is used again");
        std::fs::write(here.path().join("routes.toml"), "y").unwrap();
        let changed = prepare(&files, &here.path().join("state")).unwrap();
        assert_eq!(std::fs::read(changed[1].0.join("routes.toml")).unwrap(), b"y");
    }

    #[test]
    fn what_cannot_be_mounted_is_an_error() {
        let here = tempfile::tempdir().unwrap();
        let file = here.path().join("f");
        std::fs::write(&file, "x").unwrap();
        let directory = here.path().to_path_buf();
        let state = here.path().join("state");
        for files in [
            vec![mount(here.path().join("none"), "/x")],
            vec![mount(directory.clone(), "/x"), mount(directory.clone(), "/x")],
            vec![mount(directory, "/x"), mount(file.clone(), "/x/f")],
            vec![mount(file.clone(), "/x/")],
            vec![mount(file.clone(), "/x/f"), mount(file, "/x/f")],
        ] {
            assert!(prepare(&files, &state).is_err(), "{files:?}");
        }
    }
}
