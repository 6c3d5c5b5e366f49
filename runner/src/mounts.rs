//! Files that a component can read. A directory is mounted where it lies; WASI mounts directories only, so a single file
//! is first copied into a directory of its own, which stands for the directory that the component sees it in.

use crate::manifest::Mount;
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The directories to mount for one component, with their paths inside it.
///
/// # Errors
/// A source that does not exist, a destination used twice, a single file inside a mounted directory.
pub fn prepare(component: &str, files: &[Mount], state_dir: &Path) -> Result<Vec<(PathBuf, String)>> {
    let mut mounts: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut copied: BTreeMap<String, PathBuf> = BTreeMap::new();
    let staging = state_dir.join("mounts").join(component);
    if staging.exists() {
        // Left over from the last start; a file that is mounted no longer must not be seen any more.
        std::fs::remove_dir_all(&staging).with_context(|| format!("files: cannot clear {}", staging.display()))?;
    }
    for Mount { source, destination } in files {
        if source.is_dir() {
            let clash = mounts.insert(trimmed(destination), source.clone());
            ensure!(clash.is_none(), "files destination {destination:?} is used twice");
        } else if source.is_file() {
            let Some((parent, name)) = destination.rsplit_once('/').filter(|(_, name)| !name.is_empty()) else {
                bail!("files destination {destination:?} of the file {} must name a file", source.display());
            };
            let next = staging.join(copied.len().to_string());
            let directory = copied.entry(trimmed(parent)).or_insert(next);
            let copy = || {
                std::fs::create_dir_all(&*directory)?;
                std::fs::copy(source, directory.join(name))
            };
            copy().with_context(|| format!("files: cannot copy {} for mounting", source.display()))?;
        } else {
            bail!("files source {} does not exist", source.display());
        }
    }
    for (destination, directory) in copied {
        let clash = mounts.insert(destination.clone(), directory);
        ensure!(clash.is_none(), "files: single files inside the mounted directory {destination:?} are not supported");
    }
    Ok(mounts.into_iter().map(|(destination, directory)| (directory, destination)).collect())
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
        let mounts = prepare("c", &files, &here.path().join("state")).unwrap();
        assert_eq!(mounts[0], (config, "/config".to_string()));
        assert_eq!(mounts[1].1, "/etc");
        assert_eq!(std::fs::read(mounts[1].0.join("routes.toml")).unwrap(), b"x");
        let mounts = prepare("c", &[], &here.path().join("state")).unwrap();
        assert!(mounts.is_empty() && !here.path().join("state/mounts/c").exists());
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
            vec![mount(file, "/x/")],
        ] {
            assert!(prepare("c", &files, &state).is_err(), "{files:?}");
        }
    }
}
