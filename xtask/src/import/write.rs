//! The text of an imported configuration.

use crate::config::keys::{self, Keys};
use crate::import::convert::Channel;
use crate::import::inhibit::Rule;
use crate::import::matcher::Groups;
use crate::import::mute::Intervals;
use crate::import::notes::Notes;
use crate::import::receiver::{Webhook, needs};
use crate::import::route::GroupBy;
use alarum::config::Config;
use alarum::filter::{Condition, Oper};
use alarum::route::Case;
use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use toml_edit::Value;

/// All that goes into it.
pub struct Parts<'a> {
    /// New keys.
    pub keys: &'a Keys,
    /// The channels.
    pub channels: &'a [Channel],
    /// The cases of the route.
    pub cases: &'a [Case],
    /// Where alerts go that no case takes.
    pub default_id: i64,
    /// The webhooks, of all receivers.
    pub webhooks: &'a [Webhook],
    /// The rules of inhibition.
    pub rules: &'a [Rule],
    /// The intervals.
    pub intervals: &'a Intervals,
}

/// The configuration.
///
/// # Errors
/// When the domain does not accept it, which would be a mistake of this import.
pub fn config(parts: &Parts<'_>, notes: &mut Notes) -> Result<String> {
    let Keys { app, shared, .. } = parts.keys;
    let mut text = String::from(
        "# Imported from an Alertmanager's configuration. It holds keys: keep it to yourself.\n\
         # Prometheus pushes here as to an Alertmanager, with the integration's key as credentials (docs/doors.md).\n\
         version = 1\n\
         base_url = \"http://127.0.0.1:3000\"\n",
    );
    if let Some(zone) = parts.intervals.zone.as_ref().filter(|zone| *zone != "UTC") {
        let _ = writeln!(text, "time_zone = {}", quoted(zone));
    }
    let _ = write!(
        text,
        "\n[account]\nid = 1\nname = \"Alertmanager\"\n\n[[app_keys]]\nname = \"imported\"\nkey = {}\n",
        quoted(app)
    );
    for channel in parts.channels {
        write_channel(&mut text, channel, parts);
    }
    let name = "Alertmanager's routes";
    let _ = write!(
        text,
        "\n[[integrations]]\nid = 9001\nname = {}\nkind = \"shared\"\nkey = {}\n",
        quoted(name),
        quoted(shared)
    );
    for case in parts.cases {
        let ids: Vec<String> = case.channel_ids.iter().map(i64::to_string).collect();
        let _ = write!(
            text,
            "\n[[integrations.route.cases]]\nif = {}\nchannel_ids = [{}]\nfallthrough = {}\n",
            group(&case.conditions),
            ids.join(", "),
            case.fallthrough
        );
    }
    let _ = write!(text, "\n[integrations.route.default]\nchannel_ids = [{}]\n", parts.default_id);
    let (mut http, mut private) = (false, false);
    let mut id = 0;
    for webhook in parts.webhooks {
        let of = |channel: &&Channel| channel.manner.receiver == webhook.receiver;
        let ids: Vec<String> = parts.channels.iter().filter(of).map(|channel| channel.id.to_string()).collect();
        if ids.is_empty() {
            notes.left(webhook.line, &webhook.place, "no route leads to its receiver");
            continue;
        }
        id += 1;
        let needed = needs(&webhook.url);
        (http, private) = (http || needed.0, private || needed.1);
        write_subscription(&mut text, webhook, id, &ids.join(", "))?;
        let what = format!(
            "subscription {id}; it is told of new, reopened and closed incidents, in Alarum's form (docs/webhooks.md)"
        );
        notes.carried(webhook.line, &webhook.place, &what);
        if needed != (false, false) {
            let what = "it needs [delivery] allow_http or allow_private_targets, which count for all webhooks and are for development";
            notes.left(webhook.line, &webhook.place, what);
        }
    }
    let _ = write!(text, "\n[delivery]\nallow_http = {http}\nallow_private_targets = {private}\n");
    Config::parse(&text).map_err(|error| anyhow::anyhow!("{error}")).context("what was made of it is not valid")?;
    Ok(text)
}

fn write_channel(text: &mut String, channel: &Channel, parts: &Parts<'_>) {
    let Channel { id, name, manner } = channel;
    // Writing to a string does not fail.
    let _ = write!(text, "\n[[channels]]\nid = {id}\nname = {}\n", quoted(name));
    let keys = match &manner.group_by {
        GroupBy::All => None,
        // What all alerts of the integration have in common: they are one group.
        GroupBy::Labels(labels) if labels.is_empty() => Some(vec!["integration_id".to_owned()]),
        GroupBy::Labels(labels) => Some(labels.iter().map(|label| format!("labels.{label}")).collect()),
    };
    if let Some(keys) = keys {
        let keys: Vec<String> = keys.iter().map(|key| quoted(key)).collect();
        let _ = write!(text, "\n[channels.group]\nmethod = \"p\"\nequals = [[{}]]\n", keys.join(", "));
    }
    for (rule_id, windows) in parts.intervals.silences(&manner.mute, &manner.active) {
        let windows: Vec<String> = windows.iter().map(|window| format!("  {},\n", window.render())).collect();
        let _ = write!(
            text,
            "\n[[channels.silence]]\nrule_id = {}\nfilters = [[{{ key = \"title\", oper = \"IN\", vals = [\"*\"] }}]]\n\
             time_filters = [\n{}]\n",
            quoted(&rule_id),
            windows.concat()
        );
    }
    for rule in parts.rules {
        let equals: Vec<String> = rule.equals.iter().map(|key| quoted(key)).collect();
        let _ = write!(
            text,
            "\n[[channels.inhibit]]\nrule_id = {}\nsource_filters = {}\ntarget_filters = {}\nequals = [{}]\n",
            quoted(&rule.id),
            groups(&rule.source),
            groups(&rule.target),
            equals.join(", ")
        );
    }
}

fn write_subscription(text: &mut String, webhook: &Webhook, id: usize, channel_ids: &str) -> Result<()> {
    let types = if webhook.resolved { "\"i_new\", \"i_reopen\", \"i_rslv\"" } else { "\"i_new\", \"i_reopen\"" };
    let _ = write!(
        text,
        "\n[[subscriptions]]\nid = {id}\nname = {}\nurl = {}\nsecret = {}\nchannel_ids = [{channel_ids}]\nevent_types = [{types}]\n",
        quoted(&webhook.receiver),
        quoted(&webhook.url),
        quoted(&keys::webhook_secret()?),
    );
    if let Some(ms) = webhook.timeout_ms {
        let _ = writeln!(text, "timeout_ms = {ms}");
    }
    if !webhook.headers.is_empty() {
        let pairs = webhook.headers.iter().map(|(name, value)| format!("{} = {}", quoted(name), quoted(value)));
        let _ = writeln!(text, "headers = {{ {} }}", pairs.collect::<Vec<_>>().join(", "));
    }
    Ok(())
}

fn groups(groups: &Groups) -> String {
    let groups: Vec<String> = groups.iter().map(|conditions| group(conditions)).collect();
    format!("[{}]", groups.join(", "))
}

fn group(conditions: &[Condition]) -> String {
    let condition = |condition: &Condition| {
        let oper = if condition.oper == Oper::In { "IN" } else { "NOTIN" };
        let vals: Vec<String> = condition.vals.iter().map(|pattern| quoted(pattern.as_str())).collect();
        format!("{{ key = {}, oper = \"{oper}\", vals = [{}] }}", quoted(&condition.key), vals.join(", "))
    };
    format!("[{}]", conditions.iter().map(condition).collect::<Vec<_>>().join(", "))
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
