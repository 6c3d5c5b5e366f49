//! Which configuration holds, as an instance knows it: the one that calls made where there is one, else the file.
//!
//! Read at the first use and then at most once a second. What cannot be read changes nothing for who has one. Who has none
//! waits: one who delivered by the file could leave out subscribers that only the other knows. Intake alone goes on by the
//! file, because no alert is to be refused for this; what it would refuse for good it puts off (`Config::is_provisional`).

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::root::Root;
use crate::config::{Config, ConfigError, Document};
use crate::id::hex;
use crate::keys;
use crate::ports::{Clock, Log, Store};
use crate::time::Timestamp;

/// What a configuration is used for this long without looking whether there is another, milliseconds.
const FRESH_MS: u64 = 1_000;
/// Intake looks before it answers only after this long without having looked after an answer, milliseconds.
const OLD_MS: u64 = 10_000;

/// How a component reads the configuration: as much of it as it needs.
pub type Reader = fn(Document) -> Result<Config, ConfigError>;

/// The mounted file.
#[derive(Default)]
pub struct File {
    /// What it says; absent where it could not be read.
    pub text: Option<String>,
    hash: OnceCell<String>,
    calls: OnceCell<bool>,
}

impl File {
    /// Takes its text.
    pub fn new(text: Option<String>) -> Self {
        Self { text, ..Self::default() }
    }

    /// What tells it from any other.
    pub fn hash(&self) -> &str {
        self.hash.get_or_init(|| hex(&Sha256::digest(self.text.as_deref().unwrap_or_default())))
    }

    /// Its document.
    ///
    /// # Errors
    /// It could not be read, or is no TOML.
    pub fn document(&self) -> Result<Document, ConfigError> {
        Document::parse(self.text.as_deref().ok_or_else(|| ConfigError("there is no file".to_owned()))?)
    }

    /// Whether calls may change the configuration. A file that cannot be read forbids nothing: what was stored holds.
    pub fn allows_calls(&self) -> bool {
        *self.calls.get_or_init(|| self.document().and_then(|mut document| document.allows_calls()).unwrap_or(true))
    }
}

/// What an instance knows of the configuration.
pub struct Cache {
    /// The mounted file.
    pub file: File,
    read: Reader,
    /// Whether it goes by the file where the other one cannot be read.
    is_lenient: bool,
    config: RefCell<Option<Rc<Config>>>,
    /// What was stored when it was last looked at: nothing, or the value of the key. `None`: it was not yet looked at.
    seen: RefCell<Option<Option<Vec<u8>>>>,
    looked_at: Cell<Option<Timestamp>>,
    has_said: Cell<bool>,
    problem: RefCell<String>,
}

impl Cache {
    /// For a component that reads the configuration so.
    pub fn new(read: Reader, file: File) -> Self {
        Self {
            file,
            read,
            is_lenient: false,
            config: RefCell::default(),
            seen: RefCell::default(),
            looked_at: Cell::default(),
            has_said: Cell::default(),
            problem: RefCell::default(),
        }
    }

    /// The same for intake.
    pub fn lenient(read: Reader, file: File) -> Self {
        Self { is_lenient: true, ..Self::new(read, file) }
    }

    /// The configuration as it was a second ago or later; `None` where there is no valid one, which the log then says.
    pub async fn current(&self, store: &impl Store, ports: &(impl Clock + Log)) -> Option<Rc<Config>> {
        self.renew(store, ports, FRESH_MS).await;
        self.config.borrow().clone()
    }

    /// The same without looking before use, where the instance looked at all lately.
    pub async fn at_hand(&self, store: &impl Store, ports: &(impl Clock + Log)) -> Option<Rc<Config>> {
        self.renew(store, ports, OLD_MS).await;
        self.config.borrow().clone()
    }

    /// Looks now if that is a second ago. Returns whether another configuration holds than before.
    pub async fn refresh(&self, store: &impl Store, ports: &(impl Clock + Log)) -> bool {
        self.renew(store, ports, FRESH_MS).await
    }

    /// Why there was none when it was last looked for; without secrets.
    pub fn problem(&self) -> String {
        self.problem.borrow().clone()
    }

    /// Forgets when it looked: what was just stored is to be seen.
    pub fn expire(&self) {
        self.looked_at.set(None);
    }

    async fn renew(&self, store: &impl Store, ports: &(impl Clock + Log), age_ms: u64) -> bool {
        let now = ports.now();
        let fresh = |at: Timestamp| at <= now && now.millis_since(at) < age_ms;
        let has_looked = self.seen.borrow().is_some() || self.config.borrow().is_some();
        if has_looked && self.looked_at.get().is_some_and(fresh) {
            return false;
        }
        // Others of the instance go on by what there is meanwhile; where there is nothing, they look as well.
        self.looked_at.set(Some(now));
        let before = self.config.borrow().clone();
        if let Err(problem) = self.look(store, ports).await {
            ports.line(&format!("level=error msg=\"configuration not read\" problem={problem:?}"));
            *self.problem.borrow_mut() = problem;
            self.do_without(ports);
        }
        match (&before, &*self.config.borrow()) {
            (Some(before), Some(now)) => !Rc::ptr_eq(before, now),
            (before, now) => before.is_some() != now.is_some(),
        }
    }

    /// Reads what is stored, and takes what holds by it. What was seen before, valid or not, is not read again.
    async fn look(&self, store: &impl Store, log: &impl Log) -> Result<(), String> {
        let stored = match store.get(keys::CONFIG).await {
            Err(error) if self.file.allows_calls() => return Err(error.to_string()),
            stored => stored.unwrap_or_default(),
        };
        if self.seen.borrow().as_ref() == Some(&stored) {
            return Ok(());
        }
        let root = stored.as_deref().map(Root::decode);
        let known_file = matches!(&root, Some(Ok(root)) if root.file() == self.file.hash());
        let document = match root {
            Some(root) if known_file || self.file.allows_calls() => match root {
                Ok(mut root) => {
                    let revision = root.revision();
                    Document::of(root.document(store).await?, revision)
                }
                Err(problem) => Err(ConfigError(problem)),
            },
            _ => self.file.document(),
        };
        let changed = stored.is_some() && !known_file && self.file.allows_calls();
        *self.seen.borrow_mut() = Some(stored);
        if changed && !self.is_lenient && !self.has_said.replace(true) {
            log.line("level=warn msg=\"file changed\"");
        }
        let config = document.and_then(self.read).map_err(|error| error.0)?;
        *self.config.borrow_mut() = Some(Rc::new(config));
        Ok(())
    }

    /// Goes on without what could not be read: with what there is. Who has seen nothing looks again at the next use.
    fn do_without(&self, log: &impl Log) {
        let mut config = self.config.borrow_mut();
        if config.is_none() && self.is_lenient {
            match self.file.document().and_then(self.read) {
                Ok(file) => *config = Some(Rc::new(Config { is_provisional: true, ..file })),
                Err(ConfigError(problem)) => {
                    log.line(&format!("level=error msg=\"file not valid\" problem={problem:?}"));
                }
            }
        }
        if self.seen.borrow().is_none() {
            self.looked_at.set(None);
        }
    }
}
