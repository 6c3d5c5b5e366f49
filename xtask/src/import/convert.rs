//! The whole import: reads the file section by section and puts the configuration together.

use crate::config::keys::Keys;
use crate::import::mute::Intervals;
use crate::import::notes::Notes;
use crate::import::receiver::{self, Webhook};
use crate::import::route::{self, Manner};
use crate::import::yaml::Yaml;
use crate::import::{inhibit, routing, write};
use anyhow::{Context as _, Result, ensure};

/// The id of the first channel.
const FIRST_CHANNEL: i64 = 101;
/// The longest name of a channel, characters.
const NAME: usize = 59;

/// What came of an import.
pub struct Imported {
    /// The configuration's text; it holds secrets.
    pub config: String,
    /// What became of each part.
    pub notes: Notes,
}

/// A channel that is made.
pub struct Channel {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// What its alerts have in common.
    pub manner: Manner,
}

/// What is known so far.
pub struct Import {
    /// The account.
    pub notes: Notes,
    /// The channels.
    pub channels: Vec<Channel>,
    /// The intervals.
    pub intervals: Intervals,
    receivers: Vec<String>,
}

impl Import {
    /// Whether there is a receiver of this name.
    pub fn knows(&self, receiver: &str) -> bool {
        self.receivers.iter().any(|name| name == receiver)
    }

    /// The channel for alerts of a manner; a new one where there is none.
    pub fn channel(&mut self, manner: Manner) -> i64 {
        if let Some(channel) = self.channels.iter().find(|channel| channel.manner == manner) {
            return channel.id;
        }
        let id = FIRST_CHANNEL + i64::try_from(self.channels.len()).unwrap_or_default();
        let begin: String = manner.receiver.chars().take(NAME - 6).collect();
        let is_taken = |name: &str| self.channels.iter().any(|channel| channel.name == name);
        let name = std::iter::once(begin.clone()).chain((2..).map(|nth| format!("{begin} {nth}")));
        let name = name.into_iter().find(|name| !is_taken(name)).unwrap_or(begin);
        self.channels.push(Channel { id, name, manner });
        id
    }
}

/// Imports a document.
///
/// # Errors
/// When it is not an Alertmanager's configuration, or its routes cannot be followed.
pub fn convert(text: &str, keys: &Keys) -> Result<Imported> {
    let document = Yaml::parse(text)?;
    let mut parts = document.parts("");
    let mut import = Import {
        notes: Notes::default(),
        channels: Vec::new(),
        intervals: Intervals::default(),
        receivers: Vec::new(),
    };
    let http = global(parts.take("global"), &mut import.notes);
    parts.leave(
        "templates",
        "Alarum's bodies are JSON, or a template of the subscription (docs/webhooks.md)",
        &mut import.notes,
    );

    let mut webhooks: Vec<Webhook> = Vec::new();
    let receivers = parts.list("receivers");
    for (place, entry) in &receivers {
        let (name, found) = receiver::read(entry, place, http, &mut import.notes);
        ensure!(
            !name.is_empty() && !import.knows(&name),
            "line {}: {place}: name: must be there and unique",
            entry.line
        );
        import.receivers.push(name);
        webhooks.extend(found);
    }
    for section in ["time_intervals", "mute_time_intervals"] {
        for (place, entry) in parts.list(section) {
            import.intervals.read(entry, &place, &mut import.notes);
        }
    }
    let root = parts.take("route").context("it has no route")?;
    let tree = route::read(&mut import, root)?;
    let cases = routing::cases(&tree).context("route")?;
    let mut rules = Vec::new();
    for (nth, (place, entry)) in parts.list("inhibit_rules").into_iter().enumerate() {
        rules.extend(inhibit::read(&mut import, entry, &place, nth));
    }
    parts.finish("this import does not know it", &mut import.notes);

    told(&mut import, &receivers, &webhooks);
    let made = write::Parts {
        keys,
        channels: &import.channels,
        cases: &cases,
        default_id: tree.channel_id,
        webhooks: &webhooks,
        rules: &rules,
        intervals: &import.intervals,
    };
    let config = write::config(&made, &mut import.notes)?;
    Ok(Imported { config, notes: import.notes })
}

/// What is global: the settings of HTTP clients count where a receiver has none; the rest is told.
fn global<'a>(section: Option<&'a Yaml>, notes: &mut Notes) -> Option<&'a Yaml> {
    let mut parts = section?.parts("global");
    let http = parts.take("http_config");
    let why = "an alert is over when its sender says so; for others channels have auto_resolve_timeout";
    parts.leave("resolve_timeout", why, notes);
    parts.finish("it is for a way to tell people that Alarum does not have", notes);
    http
}

/// What became of each receiver.
fn told(import: &mut Import, receivers: &[(String, &Yaml)], webhooks: &[Webhook]) {
    for ((place, entry), name) in receivers.iter().zip(import.receivers.clone()) {
        let ids: Vec<String> =
            import.channels.iter().filter(|c| c.manner.receiver == name).map(|c| c.id.to_string()).collect();
        let count = webhooks.iter().filter(|webhook| webhook.receiver == name).count();
        if ids.is_empty() {
            import.notes.left(entry.line, place, &format!("no route leads to receiver '{name}'"));
        } else {
            let what = format!("receiver '{name}': channels {}, subscriptions: {count}", ids.join(", "));
            import.notes.carried(entry.line, place, &what);
        }
    }
}
