//! The state directory: keys, data, the derived manifest. One run at a time uses it.

use anyhow::{Context as _, Result, bail};
use std::fs::{self, DirBuilder, File, TryLockError};
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

/// An opened state directory. It is locked until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    _lock: File,
}

impl StateDir {
    /// Opens it; on first use it is made, readable by its owner alone.
    ///
    /// # Errors
    /// When it cannot be made, or another run uses it.
    pub fn open(path: &Path) -> Result<StateDir> {
        let create = DirBuilder::new().recursive(true).mode(0o700).create(path);
        create.with_context(|| format!("cannot create {}", path.display()))?;
        let path = path.canonicalize().with_context(|| format!("cannot find {}", path.display()))?;
        let lock = File::create(path.join("up.lock")).context("cannot create up.lock in the state directory")?;
        match lock.try_lock() {
            Ok(()) => Ok(StateDir { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "another `cargo xtask up` uses {}; stop it, or choose another --state-dir and --listen",
                path.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the state directory"),
        }
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The derived manifest.
    pub fn manifest(&self) -> PathBuf {
        self.path.join("spin.toml")
    }

    /// Listens where the demo subscriber listened last time, or on another free port where that is taken.
    ///
    /// # Errors
    /// When there is no port at all, or it cannot be remembered.
    pub async fn subscriber_listener(&self) -> Result<(TcpListener, SocketAddr)> {
        let file = self.path.join("subscriber.port");
        let remembered: Option<u16> = match fs::read_to_string(&file) {
            Ok(text) => text.trim().parse().ok(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        let at = |port: u16| TcpListener::bind(("127.0.0.1", port));
        let listener = match remembered {
            None => at(0).await,
            Some(port) => match at(port).await {
                Ok(listener) => Ok(listener),
                Err(_taken) => at(0).await,
            },
        };
        let listener = listener.context("no free port for the demo subscriber")?;
        let address = listener.local_addr().context("the demo subscriber has no address")?;
        if remembered != Some(address.port()) {
            let write = fs::write(&file, format!("{}\n", address.port()));
            write.with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok((listener, address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_subscribers_port_is_remembered_and_changes_only_when_taken() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        let (first, address) = state.subscriber_listener().await.unwrap();
        let (_second, other) = state.subscriber_listener().await.unwrap();
        assert_ne!(address, other);
        drop(_second);
        assert_eq!(state.subscriber_listener().await.unwrap().1, other);
        drop(first);
    }

    #[test]
    fn a_second_run_is_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let first = StateDir::open(dir.path()).unwrap();
        assert!(StateDir::open(dir.path()).unwrap_err().to_string().contains("another `cargo xtask up`"));
        drop(first);
        StateDir::open(dir.path()).unwrap();
    }
}
