//! Secrets that calls draw: shown once, in the answer to the call.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::secret::Key;

/// Which secrets one of a kind has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    /// None.
    None,
    /// The key that senders put in the push URL, of which only a hash is kept.
    Push,
    /// The key to the Open API; the same.
    App,
    /// The secret that signs webhooks.
    Signing,
}

/// The path that leads a push to the door of its integration.
const PUSH: &str = "/event/push/alert/";

impl Secrets {
    /// Draws those of a new entry that are not given with it.
    pub fn draw(self, entry: &mut Map<String, Value>, answer: &mut Map<String, Value>, draw: &mut dyn FnMut() -> u64) {
        if self != Self::Signing || !entry.contains_key("secret") {
            self.rotate(entry, answer, draw);
        }
    }

    /// Draws new ones. A secret that signs stays as the old one, so that receivers can change over.
    pub fn rotate(
        self,
        entry: &mut Map<String, Value>,
        answer: &mut Map<String, Value>,
        draw: &mut dyn FnMut() -> u64,
    ) {
        let key = |draw: &mut dyn FnMut() -> u64| format!("{:016x}{:016x}", draw(), draw());
        match self {
            Self::None => {}
            Self::Push => {
                let (key, door) = (key(draw), entry.get("type").and_then(Value::as_str).unwrap_or("standard"));
                let path = format!("{PUSH}{door}?integration_key={key}");
                answer.insert("push_path".to_owned(), path.into());
                answer.insert("integration_key".to_owned(), key.as_str().into());
                keep(entry, &key);
            }
            Self::App => {
                let key = key(draw);
                keep(entry, &key);
                answer.insert("key".to_owned(), key.into());
            }
            Self::Signing => {
                let bytes = [draw(), draw(), draw(), draw()].map(u64::to_be_bytes);
                let secret = format!("whsec_{}", STANDARD.encode(bytes.as_flattened()));
                answer.insert("secret".to_owned(), secret.as_str().into());
                if let Some(old) = entry.insert("secret".to_owned(), secret.into()) {
                    entry.insert("old_secret".to_owned(), old);
                }
            }
        }
    }
}

/// Keeps the hash of a key, in place of whatever was there.
fn keep(entry: &mut Map<String, Value>, key: &str) {
    entry.remove("key");
    entry.insert("hash".to_owned(), Key::stored(key).into());
}
