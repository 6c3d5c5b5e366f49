//! Schemathesis, which makes requests out of a description and holds the answers against it.
//!
//! It comes from PyPI, at the versions that `tests/openapi/requirements.txt` names, into an environment of its own. Where
//! there is no Python, or nothing can be installed, a test that needs it says so and passes; where
//! `ALARUM_REQUIRE_SCHEMATHESIS` is set, it fails.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::client::Client;

const REQUIREMENTS: &str = include_str!("../../openapi/requirements.txt");
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/schemathesis.toml");

/// An installed schemathesis.
pub struct Schemathesis {
    program: PathBuf,
}

impl Schemathesis {
    /// Installs it below a directory, unless it is there; `None` where that cannot be done.
    ///
    /// # Panics
    /// It is required and cannot be installed.
    pub fn find(dir: &Path) -> Option<Self> {
        let environment = dir.join("schemathesis");
        match install(&environment) {
            Ok(program) => Some(Self { program }),
            Err(problem) => {
                let missing = format!("schemathesis cannot be installed: {problem}");
                assert!(std::env::var_os("ALARUM_REQUIRE_SCHEMATHESIS").is_none(), "{missing}");
                // Past the test harness, which shows only what failing tests print.
                let _ = writeln!(std::io::stderr(), "not run: {missing}");
                None
            }
        }
    }

    /// Holds a deployment against a description.
    ///
    /// # Errors
    /// What it found, as it tells it.
    ///
    /// # Panics
    /// It cannot be run.
    pub fn run(&self, description: &Value, client: &Client) -> Result<String, String> {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("openapi.json");
        std::fs::write(&file, description.to_string()).expect("written");
        let mut command = Command::new(&self.program);
        command.arg("--config-file").arg(CONFIG).arg("run").arg(&file).args(["--url", &client.url]);
        command.env("ALARUM_APP_KEY", &client.app_key).env("ALARUM_PUSH_KEY", &client.push_key);
        command.env("NO_COLOR", "1").env("PYTHONHASHSEED", "0").current_dir(dir.path()).stdin(Stdio::null());
        let Output { status, stdout, stderr } = command.output().expect("it runs");
        let told = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        if status.success() { Ok(told) } else { Err(told) }
    }
}

/// Installs it into an environment, unless it is there at these versions.
fn install(environment: &Path) -> Result<PathBuf, String> {
    let (program, stamp) = (environment.join("bin/schemathesis"), environment.join("requirements.txt"));
    if program.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(program);
    }
    let wanted = environment.with_extension("txt");
    std::fs::write(&wanted, REQUIREMENTS).map_err(|error| error.to_string())?;
    done(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
    let pip =
        ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "--requirement"];
    done(Command::new(environment.join("bin/python")).args(pip).arg(&wanted))?;
    // Only now: what was broken off begins anew.
    std::fs::rename(&wanted, &stamp).map_err(|error| error.to_string())?;
    Ok(program)
}

fn done(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {}", said.trim())) }
}
