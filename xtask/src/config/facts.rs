//! What `up` needs to know of a configuration, its own or a user's.

use anyhow::{Context as _, Result};
use toml_edit::{DocumentMut, Item, Table};

/// The keys to show, and those to check signatures with. Whatever a file does not have is left out; whether it is
/// valid is for the application to say.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Of the first private integration.
    pub private_key: Option<String>,
    /// Of the first shared integration.
    pub shared_key: Option<String>,
    /// The first app key.
    pub app_key: Option<String>,
    /// What the scheduler has to give, if anything.
    pub tick_key: Option<String>,
    /// Of all subscriptions.
    pub secrets: Vec<String>,
    /// Where subscriptions send to.
    pub targets: Vec<String>,
}

impl Facts {
    /// Reads them.
    ///
    /// # Errors
    /// When the text is not TOML.
    pub fn read(config: &str) -> Result<Facts> {
        let document: DocumentMut = config.parse().context("not TOML")?;
        let integration =
            |kind: &str| tables(&document, "integrations").find(|table| text(table, "kind").as_deref() == Some(kind));
        let subscriptions = |key: &'static str| {
            tables(&document, "subscriptions").filter_map(move |table| text(table, key)).collect::<Vec<_>>()
        };
        Ok(Facts {
            private_key: integration("private").and_then(|table| text(table, "key")),
            shared_key: integration("shared").and_then(|table| text(table, "key")),
            app_key: tables(&document, "app_keys").find_map(|table| text(table, "key")),
            tick_key: document.get("tick").and_then(|tick| tick.get("key")?.as_str()).map(str::to_string),
            secrets: subscriptions("secret"),
            targets: subscriptions("url"),
        })
    }
}

fn tables<'a>(document: &'a DocumentMut, name: &str) -> impl Iterator<Item = &'a Table> {
    document.get(name).and_then(Item::as_array_of_tables).into_iter().flatten()
}

fn text(table: &Table, key: &str) -> Option<String> {
    table.get(key).and_then(Item::as_str).map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::Keys;
    use crate::config::template::{Subscriber, render};

    #[test]
    fn all_is_found_in_a_generated_configuration() {
        let keys = Keys::draw().unwrap();
        let text = render("http://127.0.0.1:3000", &keys, Subscriber::At("http://127.0.0.1:4000/webhook"));
        let facts = Facts::read(&text).unwrap();
        assert_eq!(facts.private_key, Some(keys.private));
        assert_eq!(facts.shared_key, Some(keys.shared));
        assert_eq!(facts.app_key, Some(keys.app));
        assert_eq!(facts.secrets, [keys.webhook]);
        assert_eq!(facts.targets, ["http://127.0.0.1:4000/webhook"]);
        assert_eq!(facts.tick_key, None);
    }

    #[test]
    fn what_a_file_does_not_have_is_left_out() {
        assert!(Facts::read("version = 1\n").unwrap() == Facts::default());
        assert_eq!(Facts::read("[tick]\nkey = \"k\"\n").unwrap().tick_key.as_deref(), Some("k"));
        assert!(Facts::read("version =").is_err());
    }
}
