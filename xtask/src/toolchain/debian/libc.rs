//! The C library for WASI, from Debian's package `wasi-libc`.
//!
//! The one of Debian 12 is from 2022 and older than the target. A newer suite's is downloaded through an apt of its own
//! (own lists, own cache; signatures are checked as always) and unpacked, never installed: the machine's own apt does not
//! learn of the other suite.

use crate::console;
use crate::shutdown::{Interrupted, Shutdown};
use crate::step::{Step, query};
use crate::toolchain::debian::Private;
use crate::toolchain::debian::packages::apt;
use crate::workspace::Workspace;
use anyhow::{Context as _, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

const LIMIT: Duration = Duration::from_secs(300);
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Newer suites, the first that has the package is taken.
const SUITES: [&str; 2] = ["trixie", "forky"];

/// Downloads and unpacks the library; the answer is the folder with its archives and start files.
pub async fn fetch(private: &Private, workspace: &Workspace, shutdown: &Shutdown) -> Result<PathBuf> {
    let own = own_suite().await?;
    let suites = SUITES.iter().copied().chain([own.codename.as_str()]);
    for suite in suites {
        match fetch_from(suite, &own.uri, private, workspace, shutdown).await {
            Ok(folder) => return Ok(folder),
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => console::progress(&format!("no wasi-libc from {suite}: {error:#}")),
        }
    }
    bail!("no Debian suite at {} has a usable wasi-libc", own.uri)
}

async fn fetch_from(
    suite: &str,
    uri: &str,
    private: &Private,
    workspace: &Workspace,
    shutdown: &Shutdown,
) -> Result<PathBuf> {
    let view = View::create(&private.home.join("libc").join(suite), suite, uri)?;
    let title = format!("reading the package lists of {suite}");
    Step::quiet(workspace, &title, view.apt(&["update"])).limit(LIMIT).run(shutdown).await?;
    let title = format!("downloading wasi-libc of {suite}");
    Step::quiet(workspace, &title, view.apt(&["download", "wasi-libc"])).limit(LIMIT).run(shutdown).await?;
    let package = view.downloaded()?;
    let unpacked = view.folder.join("unpacked");
    let mut command = Command::new("dpkg-deb");
    command.arg("--extract").arg(&package).arg(&unpacked);
    query(command).await?;
    let folder = archives(&unpacked).with_context(|| format!("{} has no libc.a", package.display()))?;
    fs::remove_dir_all(view.folder.join("lists")).context("cannot remove the package lists")?;
    Ok(folder)
}

/// The folder of the archives: of the target itself, or of its predecessor, which links as well.
fn archives(unpacked: &Path) -> Option<PathBuf> {
    let folders = ["wasm32-wasip2", "wasm32-wasi"].map(|name| unpacked.join("usr/lib").join(name));
    folders.into_iter().find(|folder| folder.join("libc.a").is_file())
}

/// An apt that knows one suite and nothing of the machine.
struct View {
    folder: PathBuf,
}

impl View {
    fn create(folder: &Path, suite: &str, uri: &str) -> Result<View> {
        let signed = if Path::new(KEYRING).is_file() { format!("[signed-by={KEYRING}] ") } else { String::new() };
        let create = || {
            for name in ["lists/partial", "cache/archives/partial", "empty"] {
                fs::create_dir_all(folder.join(name))?;
            }
            fs::write(folder.join("sources.list"), format!("deb {signed}{uri} {suite} main\n"))
        };
        create().with_context(|| format!("cannot prepare {}", folder.display()))?;
        Ok(View { folder: folder.to_path_buf() })
    }

    fn apt(&self, arguments: &[&str]) -> Command {
        let mut command = apt(&[]);
        for (name, value) in [
            ("Dir::State", "."),
            ("Dir::State::lists", "lists"),
            ("Dir::Cache", "cache"),
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::Etc::sourceparts", "empty"),
            ("Dir::Etc::preferencesparts", "empty"),
        ] {
            command.arg("-o").arg(format!("{name}={}", self.folder.join(value).display()));
        }
        command.args(["-o", "Dir::State::status=/dev/null", "-o", "Dir::Etc::preferences=/dev/null"]);
        // The folder may lie where apt's unprivileged user cannot go.
        command.args(["-o", "APT::Sandbox::User=root"]);
        command.args(arguments).current_dir(&self.folder);
        command
    }

    fn downloaded(&self) -> Result<PathBuf> {
        let entries = fs::read_dir(&self.folder).with_context(|| format!("cannot read {}", self.folder.display()))?;
        let paths = entries.flatten().map(|entry| entry.path());
        let mut packages: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "deb")).collect();
        ensure!(packages.len() == 1, "apt downloaded {} packages, not one", packages.len());
        Ok(packages.remove(0))
    }
}

/// The suite that the machine itself uses, and the mirror that it is read from.
struct Own {
    uri: String,
    codename: String,
}

async fn own_suite() -> Result<Own> {
    let os_release = fs::read_to_string("/etc/os-release").context("cannot read /etc/os-release")?;
    let codename = os_release.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let codename = codename.context("/etc/os-release names no suite")?.trim_matches('"').to_string();
    let mut arguments = vec!["indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)"];
    arguments.push("Created-By: Packages");
    let targets = query(apt(&arguments)).await?;
    let uri = mirror(&targets, &codename).with_context(|| format!("no apt source has {codename} main"))?;
    Ok(Own { uri: uri.to_string(), codename })
}

fn mirror<'a>(targets: &'a str, codename: &str) -> Option<&'a str> {
    targets.lines().find_map(|line| line.strip_prefix(codename)?.strip_prefix(" main "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_of_the_suite_itself_is_found() {
        let targets = "bookworm-updates main http://mirror.test/debian/\nbookworm contrib http://mirror.test/c/\n\
            bookworm main http://mirror.test/debian/\nbookworm-security main http://mirror.test/security/\n";
        assert_eq!(mirror(targets, "bookworm"), Some("http://mirror.test/debian/"));
        assert_eq!(mirror(targets, "forky"), None);
    }
}
