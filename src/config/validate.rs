//! What a configuration must be, beyond its shape. A problem names the field, never a secret.

use super::people::FIELDS;
use super::problems::Problems;
use super::{Config, IntegrationKind};
use crate::delivery::sign::check_secret;
use crate::delivery::target;
use crate::ingest::Door;
use crate::sorted::add;

/// The most custom actions of a channel (Flashduty, "Custom Actions").
const ACTIONS: usize = 5;

/// What is wrong with a key that is not strong.
const WEAK: &str = "must have at least 16 characters, or be 'sha256:' and 64 hexadecimal digits";

impl Config {
    /// Finds the problems of what every component needs.
    pub(super) fn validate_shared(&self, problems: &mut Problems) {
        if !problems.may_judge() {
            return;
        }
        let mut seen = Vec::new();
        for channel in &self.channels {
            let at = format!("channels: id {}", channel.id);
            problems
                .check(channel.id > 0 && add(&mut seen, channel.id), || format!("{at}: must be positive and unique"));
            let length = channel.name.chars().count();
            problems.check((1..=59).contains(&length), || {
                format!("{at}: name: must have 1 to 59 characters, has {length}")
            });
            let problem = || format!("{at}: description: must have at most 500 characters");
            problems.check(channel.description.chars().count() <= 500, problem);
            let problem = || format!("{at}: auto_resolve_timeout: must be at most 2592000 seconds");
            problems.check(channel.auto_resolve_timeout <= 2_592_000, problem);
        }
        self.delivery.check(problems);
        self.validate_subscriptions(problems);
        let days = self.retention_days;
        problems.check((1..=3650).contains(&days), || format!("retention_days: must be 1 to 3650, is {days}"));
    }

    /// Finds the problems of the keys. Who they are of is read before.
    pub(super) fn validate_keys(&self, problems: &mut Problems) {
        if !problems.may_judge() {
            return;
        }
        for (nth, key) in self.app_keys.iter().enumerate() {
            let twin = self.app_keys.iter().take(nth).any(|other| other.name == key.name);
            problems.check(!twin, || format!("app_keys: {}: name: must be unique", key.name));
            problems.check(key.key.is_strong(), || format!("app_keys: {}: key: {WEAK}", key.name));
            let known = key.person_id == 0 || self.people.iter().any(|person| person.id == key.person_id);
            problems.check(known, || format!("app_keys: {}: person_id: there is no such person", key.name));
        }
    }

    /// Finds the problems of the people.
    pub(super) fn validate_people(&self, problems: &mut Problems) {
        if !problems.may_judge() {
            return;
        }
        for (nth, person) in self.people.iter().enumerate() {
            let twin = self.people.iter().take(nth).any(|other| other.id == person.id);
            let problem = || format!("people: id {}: must be positive and unique, with a name", person.id);
            problems.check(person.id > 0 && !twin && !person.name.is_empty(), problem);
        }
    }

    /// Finds the problems of the custom fields.
    pub(super) fn validate_fields(&self, problems: &mut Problems) {
        if !problems.may_judge() {
            return;
        }
        problems.check(self.fields.len() <= FIELDS, || format!("fields: must be at most {FIELDS}"));
        for (nth, field) in self.fields.iter().enumerate() {
            problems.part(&format!("fields: {}", field.name), field.check());
            let twin = self.fields.iter().take(nth).any(|other| other.name == field.name);
            problems.check(!twin, || format!("fields: {}: must be unique", field.name));
        }
    }

    /// Finds the problems of the integrations.
    pub(super) fn validate_integrations(&self, problems: &mut Problems) {
        if !problems.may_judge() {
            return;
        }
        let mut tables = Vec::new();
        for table in &self.mapping_tables {
            let at = format!("mapping_tables: id {}", table.id);
            problems.check(!table.id.is_empty() && add(&mut tables, &table.id), || {
                format!("{at}: must be there and unique")
            });
            problems.part(&at, table.check());
        }
        let mut calendars = Vec::new();
        for calendar in &self.calendars {
            let at = format!("calendars: {}", calendar.cal_id);
            problems.check(add(&mut calendars, &calendar.cal_id), || format!("{at}: must be unique"));
            problems.part(&at, calendar.check());
        }
        for channel in &self.channels {
            problems.part(&format!("channels: id {}", channel.id), channel.rules.check(&self.calendars));
        }
        let mut ids = Vec::new();
        for (index, integration) in self.integrations.iter().enumerate() {
            let at = format!("integrations: id {}", integration.id);
            problems.check(integration.id > 0 && add(&mut ids, integration.id), || {
                format!("{at}: must be positive and unique")
            });
            problems.check(integration.key.is_strong(), || format!("{at}: key: {WEAK}"));
            let twin = self.integrations[..index].iter().any(|other| other.key == integration.key);
            problems.check(!twin, || format!("{at}: key: another integration has the same"));
            let door = integration.door.as_deref();
            let problem = || format!("{at}: type: is not the type of an integration");
            problems.check(door.is_none_or(|kind| Door::of_kind(kind).is_some()), problem);
            let private = integration.kind == IntegrationKind::Private;
            let problem =
                || format!("{at}: a private integration has a channel_id and no route, a shared one no channel_id");
            problems.check(
                private == integration.channel_id.is_some() && (!private || integration.rules.route.is_empty()),
                problem,
            );
            let rules = &integration.rules;
            problems.part(&format!("{at}: enrichment"), rules.enrichment.check(&self.mapping_tables));
            problems.part(&format!("{at}: pipeline"), rules.pipeline.check());
            if let Some(mapping) = &rules.mapping {
                problems.part(&format!("{at}: mapping"), mapping.check());
            }
            problems.part(&format!("{at}: route"), rules.route.check());
            let targets = integration.channel_id.into_iter().chain(integration.rules.route.channel_ids());
            for id in targets {
                problems.check(self.channel(id).is_some(), || format!("{at}: there is no channel {id}"));
            }
        }
    }

    /// Finds the problems of what only who delivers looks at: where to, how long, how signed. So a subscription
    /// that cannot be told keeps no alert from being taken.
    pub(super) fn validate_delivery(&self, problems: &mut Problems) {
        if !problems.may_judge() {
            return;
        }
        self.delivery.check_hosts(problems);
        for subscription in &self.subscriptions {
            let at = format!("subscriptions: id {}", subscription.id);
            problems.part(&format!("{at}: secret"), check_secret(&subscription.secret));
            if let Some(old) = &subscription.old_secret {
                problems.part(&format!("{at}: old_secret"), check_secret(old));
            }
            let limit = subscription.timeout_ms(self);
            problems.check((100..=30_000).contains(&limit), || {
                format!("{at}: timeout_ms: must be 100 to 30000, is {limit}")
            });
            problems.part(&format!("{at}: url"), target::check(&subscription.url, &self.delivery));
        }
    }

    fn validate_subscriptions(&self, problems: &mut Problems) {
        let mut ids = Vec::new();
        for subscription in &self.subscriptions {
            let at = format!("subscriptions: id {}", subscription.id);
            problems.check(subscription.id > 0 && add(&mut ids, subscription.id), || {
                format!("{at}: must be positive and unique")
            });
            problems.part(&at, subscription.check());
            for id in &subscription.channel_ids {
                problems.check(self.channel(*id).is_some(), || format!("{at}: channel_ids: there is no channel {id}"));
            }
        }
        let actions: Vec<_> = self.subscriptions.iter().filter(|s| s.is_action() && s.enabled).collect();
        for channel in &self.channels {
            let count = actions.iter().filter(|action| action.covers(channel.id)).count();
            let problem = || format!("channels: id {}: must have at most {ACTIONS} custom actions", channel.id);
            problems.check(count <= ACTIONS, problem);
        }
    }
}
