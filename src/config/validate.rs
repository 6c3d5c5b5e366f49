//! What a configuration must be, beyond its shape. A problem names the field, never a secret.

use super::people::FIELDS;
use super::{Config, ConfigError, IntegrationKind};
use crate::ingest::Door;
use crate::sorted::add;

/// The most custom actions of a channel (Flashduty, "Custom Actions").
const ACTIONS: usize = 5;

/// What is wrong with a key that is not strong.
const WEAK: &str = "must have at least 16 characters, or be 'sha256:' and 64 hexadecimal digits";

impl Config {
    /// Finds the first problem of what every component needs.
    pub(super) fn validate_shared(&self) -> Result<(), ConfigError> {
        let mut seen = Vec::new();
        for channel in &self.channels {
            let at = format!("channels: id {}", channel.id);
            check(channel.id > 0 && add(&mut seen, channel.id), || format!("{at}: must be positive and unique"))?;
            let length = channel.name.chars().count();
            check((1..=59).contains(&length), || format!("{at}: name: must have 1 to 59 characters, has {length}"))?;
            let problem = || format!("{at}: description: must have at most 500 characters");
            check(channel.description.chars().count() <= 500, problem)?;
            let problem = || format!("{at}: auto_resolve_timeout: must be at most 2592000 seconds");
            check(channel.auto_resolve_timeout <= 2_592_000, problem)?;
        }
        self.delivery.check()?;
        self.validate_subscriptions()?;
        let days = self.retention_days;
        check((1..=3650).contains(&days), || format!("retention_days: must be 1 to 3650, is {days}"))
    }

    /// Finds the first problem of the keys. Who they are of is read before.
    pub(super) fn validate_keys(&self) -> Result<(), ConfigError> {
        for (nth, key) in self.app_keys.iter().enumerate() {
            let twin = self.app_keys.iter().take(nth).any(|other| other.name == key.name);
            check(!twin, || format!("app_keys: {}: name: must be unique", key.name))?;
            check(key.key.is_strong(), || format!("app_keys: {}: key: {WEAK}", key.name))?;
            let known = key.person_id == 0 || self.people.iter().any(|person| person.id == key.person_id);
            check(known, || format!("app_keys: {}: person_id: there is no such person", key.name))?;
        }
        Ok(())
    }

    /// Finds the first problem of the people.
    pub(super) fn validate_people(&self) -> Result<(), ConfigError> {
        for (nth, person) in self.people.iter().enumerate() {
            let twin = self.people.iter().take(nth).any(|other| other.id == person.id);
            let problem = || format!("people: id {}: must be positive and unique, with a name", person.id);
            check(person.id > 0 && !twin && !person.name.is_empty(), problem)?;
        }
        Ok(())
    }

    /// Finds the first problem of the custom fields.
    pub(super) fn validate_fields(&self) -> Result<(), ConfigError> {
        check(self.fields.len() <= FIELDS, || format!("fields: must be at most {FIELDS}"))?;
        for (nth, field) in self.fields.iter().enumerate() {
            field.check().map_err(|e| ConfigError(format!("fields: {}: {e}", field.name)))?;
            let twin = self.fields.iter().take(nth).any(|other| other.name == field.name);
            check(!twin, || format!("fields: {}: must be unique", field.name))?;
        }
        Ok(())
    }

    /// Finds the first problem of the integrations.
    pub(super) fn validate_integrations(&self) -> Result<(), ConfigError> {
        let mut tables = Vec::new();
        for table in &self.mapping_tables {
            let at = format!("mapping_tables: id {}", table.id);
            check(!table.id.is_empty() && add(&mut tables, &table.id), || format!("{at}: must be there and unique"))?;
            table.check().map_err(|e| ConfigError(format!("{at}: {e}")))?;
        }
        let mut calendars = Vec::new();
        for calendar in &self.calendars {
            let at = format!("calendars: {}", calendar.cal_id);
            check(add(&mut calendars, &calendar.cal_id), || format!("{at}: must be unique"))?;
            calendar.check().map_err(|e| ConfigError(format!("{at}: {e}")))?;
        }
        for channel in &self.channels {
            let checked = channel.rules.check(&self.calendars);
            checked.map_err(|e| ConfigError(format!("channels: id {}: {e}", channel.id)))?;
        }
        let mut ids = Vec::new();
        for (index, integration) in self.integrations.iter().enumerate() {
            let at = format!("integrations: id {}", integration.id);
            check(integration.id > 0 && add(&mut ids, integration.id), || {
                format!("{at}: must be positive and unique")
            })?;
            check(integration.key.is_strong(), || format!("{at}: key: {WEAK}"))?;
            let twin = self.integrations[..index].iter().any(|other| other.key == integration.key);
            check(!twin, || format!("{at}: key: another integration has the same"))?;
            let door = integration.door.as_deref();
            let problem = || format!("{at}: type: is not the type of an integration");
            check(door.is_none_or(|kind| Door::of_kind(kind).is_some()), problem)?;
            let private = integration.kind == IntegrationKind::Private;
            let problem =
                || format!("{at}: a private integration has a channel_id and no route, a shared one no channel_id");
            check(
                private == integration.channel_id.is_some() && (!private || integration.rules.route.is_empty()),
                problem,
            )?;
            integration
                .rules
                .enrichment
                .check(&self.mapping_tables)
                .map_err(|e| ConfigError(format!("{at}: enrichment: {e}")))?;
            integration.rules.pipeline.check().map_err(|e| ConfigError(format!("{at}: pipeline: {e}")))?;
            if let Some(mapping) = &integration.rules.mapping {
                mapping.check().map_err(|e| ConfigError(format!("{at}: mapping: {e}")))?;
            }
            integration.rules.route.check().map_err(|e| ConfigError(format!("{at}: route: {e}")))?;
            let targets = integration.channel_id.into_iter().chain(integration.rules.route.channel_ids());
            for id in targets {
                check(self.channel(id).is_some(), || format!("{at}: there is no channel {id}"))?;
            }
        }
        Ok(())
    }

    /// Finds the first problem of what only who delivers looks at: where to, how long, how signed. So a subscription
    /// that cannot be told keeps no alert from being taken.
    pub(super) fn validate_delivery(&self) -> Result<(), ConfigError> {
        self.delivery.check_hosts()?;
        for subscription in &self.subscriptions {
            let at = format!("subscriptions: id {}", subscription.id);
            crate::delivery::sign::check_secret(&subscription.secret)
                .map_err(|e| ConfigError(format!("{at}: secret: {e}")))?;
            if let Some(old) = &subscription.old_secret {
                crate::delivery::sign::check_secret(old).map_err(|e| ConfigError(format!("{at}: old_secret: {e}")))?;
            }
            let limit = subscription.timeout_ms(self);
            check((100..=30_000).contains(&limit), || format!("{at}: timeout_ms: must be 100 to 30000, is {limit}"))?;
            crate::delivery::target::check(&subscription.url, &self.delivery)
                .map_err(|e| ConfigError(format!("{at}: url: {e}")))?;
        }
        Ok(())
    }

    fn validate_subscriptions(&self) -> Result<(), ConfigError> {
        let mut ids = Vec::new();
        for subscription in &self.subscriptions {
            let at = format!("subscriptions: id {}", subscription.id);
            check(subscription.id > 0 && add(&mut ids, subscription.id), || {
                format!("{at}: must be positive and unique")
            })?;
            subscription.check().map_err(|e| ConfigError(format!("{at}: {e}")))?;
            for id in &subscription.channel_ids {
                check(self.channel(*id).is_some(), || format!("{at}: channel_ids: there is no channel {id}"))?;
            }
        }
        let actions: Vec<_> = self.subscriptions.iter().filter(|s| s.is_action() && s.enabled).collect();
        for channel in &self.channels {
            let count = actions.iter().filter(|action| action.covers(channel.id)).count();
            let problem = || format!("channels: id {}: must have at most {ACTIONS} custom actions", channel.id);
            check(count <= ACTIONS, problem)?;
        }
        Ok(())
    }
}

fn check(holds: bool, problem: impl FnOnce() -> String) -> Result<(), ConfigError> {
    if holds { Ok(()) } else { Err(ConfigError(problem())) }
}
