//! What is valid but surely not meant: channels that nothing leads to, cases that are never reached, what is never used.

use crate::check::tree::{Node, Step};
use alarum::config::{Config, Integration, IntegrationKind};
use alarum::filter::Condition;
use alarum::route::{Case, RoutingMode};

/// A warning and its line in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The line, from 1.
    pub line: usize,
    /// What is odd.
    pub text: String,
}

/// All warnings for a valid document, in the order of the file. `now_s` is the time, Unix seconds.
pub fn warnings(tree: &Node, config: &Config, now_s: u64) -> Vec<Warning> {
    let mut found = Found { tree, warnings: Vec::new() };
    channels(config, &mut found, now_s);
    for (nth, integration) in config.integrations.iter().enumerate() {
        routes(config, integration, nth, &mut found);
    }
    subscriptions(config, &mut found);
    unused(config, &mut found);
    secrets(config, &mut found);
    settings(config, &mut found);
    found.warnings.sort_by_key(|warning| warning.line);
    found.warnings
}

struct Found<'a> {
    tree: &'a Node,
    warnings: Vec<Warning>,
}

impl Found<'_> {
    /// Adds one on the deepest part of the path that there is.
    fn add(&mut self, path: &[Step], text: String) {
        let node = (0..=path.len()).rev().find_map(|length| self.tree.at(&path[..length]));
        self.warnings.push(Warning { line: node.map_or(1, |node| node.line), text });
    }
}

fn key(name: &str) -> Step {
    Step::Key(name.to_owned())
}

fn entry(section: &str, nth: usize) -> Vec<Step> {
    vec![key(section), Step::Item(nth)]
}

fn channels(config: &Config, found: &mut Found<'_>, now_s: u64) {
    let enabled = || config.integrations.iter().filter(|integration| integration.enabled);
    let by_name = enabled().flat_map(|i| &i.rules.route.cases).any(|c| c.routing_mode == RoutingMode::NameMapping);
    for (nth, channel) in config.channels.iter().enumerate() {
        let at = format!("channels: id {}", channel.id);
        let path = entry("channels", nth);
        let leads = |i: &Integration| {
            i.channel_id == Some(channel.id) || i.rules.route.channel_ids().any(|id| id == channel.id)
        };
        if channel.enabled && !by_name && !enabled().any(leads) {
            found.add(&path, format!("{at}: no enabled integration leads to it"));
        }
        if !channel.enabled && enabled().any(leads) {
            found.add(&path, format!("{at}: it is disabled, so what is sent to it is not taken"));
        }
        if config.channels.iter().take(nth).any(|other| other.name == channel.name) {
            found.add(&path, format!("{at}: name: another channel has the same; routes by name find the first"));
        }
        for (rule, silence) in channel.rules.silence.iter().enumerate() {
            let over = silence.time_filter.is_some_and(|once| once.end_time <= now_s);
            if over && silence.time_filters.is_empty() {
                let path = [&path[..], &[key("silence"), Step::Item(rule)]].concat();
                found.add(&path, format!("{at}: silence: rule {}: it is over", silence.rule_id));
            }
        }
    }
}

fn routes(config: &Config, integration: &Integration, nth: usize, found: &mut Found<'_>) {
    let at = format!("integrations: id {}", integration.id);
    let path = entry("integrations", nth);
    let route = &integration.rules.route;
    if integration.kind == IntegrationKind::Shared && route.is_empty() {
        found.add(&path, format!("{at}: it is shared and has no route, so every push is refused"));
    }
    let in_route = |steps: &[Step]| [&path[..], &[key("route")], steps].concat();
    for (number, case) in route.cases.iter().enumerate() {
        let covers = |other: &&Case| !other.fallthrough && holds_wherever(&other.conditions, &case.conditions);
        if let Some(other) = route.cases.iter().take(number).position(|other| covers(&other)) {
            let text = format!(
                "{at}: route: case {}: it is never reached, because case {} ends before",
                number + 1,
                other + 1
            );
            found.add(&in_route(&[key("cases"), Step::Item(number)]), text);
        }
        if !case.channel_ids.is_empty() && !case.channel_ids.iter().any(|id| config.is_enabled(*id)) {
            let text = format!("{at}: route: case {}: all of its channels are disabled", number + 1);
            found.add(&in_route(&[key("cases"), Step::Item(number)]), text);
        }
        if contradicts(&case.conditions) {
            let text = format!("{at}: route: case {}: its conditions exclude each other", number + 1);
            found.add(&in_route(&[key("cases"), Step::Item(number)]), text);
        }
    }
    let all = |case: &Case| case.conditions.is_empty() && case.channel_ids.iter().any(|id| config.is_enabled(*id));
    if !route.default.channel_ids.is_empty() && route.cases.iter().any(all) {
        let text = format!("{at}: route: default: it is never used, because a case takes every alert");
        found.add(&in_route(&[key("default")]), text);
    }
    if !route.is_empty() && route.default.channel_ids.is_empty() && !route.cases.iter().any(all) {
        let text = format!("{at}: route: it has no default, so what no case takes is kept nowhere");
        found.add(&in_route(&[]), text);
    }
}

/// Whether the first conditions hold wherever the second do, as far as can be seen: all of them are among those.
fn holds_wherever(first: &[Condition], second: &[Condition]) -> bool {
    first.iter().all(|condition| second.contains(condition))
}

/// Whether one condition is the opposite of another.
fn contradicts(conditions: &[Condition]) -> bool {
    let opposite = |a: &Condition, b: &Condition| a.key == b.key && a.vals == b.vals && a.oper != b.oper;
    conditions.iter().enumerate().any(|(nth, a)| conditions.iter().skip(nth + 1).any(|b| opposite(a, b)))
}

fn subscriptions(config: &Config, found: &mut Found<'_>) {
    if !config.subscriptions.iter().any(|s| s.enabled && !s.is_action()) {
        found.add(&[key("subscriptions")], "subscriptions: there is none that is told anything by itself".to_owned());
    }
    for (nth, subscription) in config.subscriptions.iter().enumerate() {
        let at = format!("subscriptions: id {}", subscription.id);
        let path = entry("subscriptions", nth);
        if subscription.enabled && !config.channels.iter().any(|c| c.enabled && subscription.covers(c.id)) {
            found.add(&path, format!("{at}: channel_ids: none of its channels is enabled, so it is told nothing"));
        }
        if subscription.old_secret.as_ref() == Some(&subscription.secret) {
            found.add(&path, format!("{at}: old_secret: it is the secret itself"));
        }
        let same = |other: &alarum::config::Subscription| {
            other.url == subscription.url && other.kind == subscription.kind && other.enabled
        };
        let overlaps = |other: &alarum::config::Subscription| {
            config.channels.iter().any(|c| other.covers(c.id) && subscription.covers(c.id))
        };
        let plain = subscription.enabled && !subscription.is_action() && subscription.details.filters.0.is_empty();
        if plain && config.subscriptions.iter().take(nth).any(|other| same(other) && overlaps(other)) {
            found.add(&path, format!("{at}: url: another subscription tells the same address of the same channels"));
        }
    }
}

fn unused(config: &Config, found: &mut Found<'_>) {
    for (nth, table) in config.mapping_tables.iter().enumerate() {
        let named = |i: &Integration| format!("{:?}", i.rules.enrichment).contains(&format!("{:?}", table.id));
        if !config.integrations.iter().any(named) {
            found.add(&entry("mapping_tables", nth), format!("mapping_tables: id {}: nothing uses it", table.id));
        }
    }
    let windows = || config.channels.iter().flat_map(|c| &c.rules.silence).flat_map(|s| &s.time_filters);
    for (nth, calendar) in config.calendars.iter().enumerate() {
        if !windows().any(|window| window.cal_id == calendar.cal_id) {
            found.add(&entry("calendars", nth), format!("calendars: {}: no silence uses it", calendar.cal_id));
        }
    }
    if config.integrations.iter().all(|integration| !integration.enabled) {
        found.add(&[key("integrations")], "integrations: none is enabled, so no alert can come in".to_owned());
    }
    if config.app_keys.is_empty() {
        found.add(&[key("app_keys")], "app_keys: there is none, so nobody can use the Open API".to_owned());
    }
}

fn secrets(config: &Config, found: &mut Found<'_>) {
    for (nth, app_key) in config.app_keys.iter().enumerate() {
        let path = entry("app_keys", nth);
        if config.integrations.iter().any(|integration| integration.key == app_key.key) {
            let text = format!("app_keys: {}: key: an integration has the same, so senders may read", app_key.name);
            found.add(&path, text);
        }
        if config.app_keys.iter().take(nth).any(|other| other.key == app_key.key) {
            found.add(&path, format!("app_keys: {}: key: another one is the same", app_key.name));
        }
    }
}

fn settings(config: &Config, found: &mut Found<'_>) {
    if config.base_url.is_empty() {
        found.add(&[key("base_url")], "base_url: without it webhooks have no link to their incident".to_owned());
    }
    for (allowed, name) in
        [(config.delivery.allow_http, "allow_http"), (config.delivery.allow_private_targets, "allow_private_targets")]
    {
        if allowed {
            found.add(&[key("delivery"), key(name)], format!("delivery.{name}: is for development"));
        }
    }
}
