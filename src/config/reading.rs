//! Reading and validating a document: as a whole, or those sections that a component needs (it carries only their code).

use super::document::Entry;
use super::{Channel, Config, ConfigError, Details, Document, Integration, RETENTION_DAYS, Rules, Subscription};
use crate::channel::{ChannelRules, TimeZone};

impl Config {
    /// Reads and validates a text.
    ///
    /// # Errors
    /// The first problem, with its section and field.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::read(Document::parse(text)?)
    }

    /// Reads and validates a document.
    ///
    /// # Errors
    /// The first problem, with its section and field.
    pub fn read(mut document: Document) -> Result<Self, ConfigError> {
        let mut config = Self::read_with(&mut document, with_details)?;
        config.validate_delivery()?;
        config.read_people(&mut document)?;
        config.read_keys(&mut document)?;
        config.read_fields(&mut document)?;
        Ok(config)
    }

    /// The same without what only delivery needs, how and where subscriptions are sent to, and what only calls need: keys,
    /// people, custom fields.
    ///
    /// # Errors
    /// As [`Config::read`], for the rest of the document.
    pub fn read_for_intake(mut document: Document) -> Result<Self, ConfigError> {
        Self::read_with(&mut document, without_details)
    }

    fn read_with(
        document: &mut Document,
        subscriptions: impl FnOnce(&mut Document) -> Result<Vec<Subscription>, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let read = |mut entry: Entry| {
            entry.split(&Rules::REVISIONS);
            let rules = entry.split(&Rules::FIELDS).read()?;
            Ok(Integration { rules, ..entry.read()? })
        };
        let integrations = document.read_entries("integrations", read)?;
        let mapping_tables = document.list("mapping_tables")?;
        let read = |mut entry: Entry| {
            let rules = entry.split(&ChannelRules::FIELDS).read()?;
            Ok(Channel { rules, ..entry.read()? })
        };
        let channels = document.read_entries("channels", read)?;
        let calendars = document.list("calendars")?;
        let time_zone = document.optional("time_zone")?.unwrap_or_default();
        let subscriptions = subscriptions(document)?;
        let config = Self {
            integrations,
            mapping_tables,
            calendars,
            time_zone,
            ..Self::shared(document, channels, subscriptions)?
        };
        config.validate_integrations()?;
        Ok(config)
    }

    /// The same without what only intake or delivery needs: the rules of integrations and channels, mapping tables,
    /// how and where subscriptions are sent to.
    ///
    /// # Errors
    /// As [`Config::read`], for the rest of the document.
    pub fn read_without_rules(mut document: Document) -> Result<Self, ConfigError> {
        let integrations = integrations_without_rules(&mut document)?;
        Ok(Self { integrations, ..Self::read_for_actions(document)? })
    }

    /// What people's actions need: the same without integrations.
    ///
    /// # Errors
    /// As [`Config::read`], for what is read.
    pub fn read_for_actions(mut document: Document) -> Result<Self, ConfigError> {
        let mut config = Self::read_folding(&mut document)?;
        config.read_people(&mut document)?;
        config.read_keys(&mut document)?;
        config.read_fields(&mut document)?;
        Ok(config)
    }

    /// What folding needs: the same without people, keys and custom fields.
    ///
    /// # Errors
    /// As [`Config::read`], for what is read.
    pub fn read_for_folding(mut document: Document) -> Result<Self, ConfigError> {
        Self::read_folding(&mut document)
    }

    fn read_folding(document: &mut Document) -> Result<Self, ConfigError> {
        let subscriptions = without_details(document)?;
        Self::read_rest(document, subscriptions)
    }

    /// What delivery needs: the same with how and where subscriptions are sent to, without keys and custom fields.
    ///
    /// # Errors
    /// As [`Config::read`], for what is read.
    pub fn read_for_delivery(mut document: Document) -> Result<Self, ConfigError> {
        Self::read_delivery(&mut document)
    }

    /// The same with keys.
    ///
    /// # Errors
    /// As [`Config::read`], for what is read.
    pub fn read_for_webhooks(mut document: Document) -> Result<Self, ConfigError> {
        let mut config = Self::read_delivery(&mut document)?;
        config.read_keys(&mut document)?;
        Ok(config)
    }

    fn read_delivery(document: &mut Document) -> Result<Self, ConfigError> {
        let subscriptions = with_details(document)?;
        let integrations = integrations_without_rules(document)?;
        let mut config = Self { integrations, ..Self::read_rest(document, subscriptions)? };
        config.validate_delivery()?;
        config.read_people(document)?;
        Ok(config)
    }

    fn read_rest(document: &mut Document, subscriptions: Vec<Subscription>) -> Result<Self, ConfigError> {
        let read = |mut entry: Entry| {
            entry.split(&ChannelRules::FIELDS);
            entry.read()
        };
        let channels = document.read_entries("channels", read)?;
        Self::shared(document, channels, subscriptions)
    }

    /// What every component needs.
    fn shared(
        document: &mut Document,
        channels: Vec<Channel>,
        subscriptions: Vec<Subscription>,
    ) -> Result<Self, ConfigError> {
        let version: u32 = document.required("version")?;
        if version != 1 {
            return Err(ConfigError(format!("version: must be 1, is {version}")));
        }
        document.allows_calls()?;
        let config = Self {
            base_url: document.optional("base_url")?.unwrap_or_default(),
            account: document.required("account")?,
            app_keys: Vec::new(),
            people: Vec::new(),
            fields: Vec::new(),
            channels,
            integrations: Vec::new(),
            mapping_tables: Vec::new(),
            calendars: Vec::new(),
            time_zone: TimeZone::default(),
            subscriptions,
            delivery: document.optional("delivery")?.unwrap_or_default(),
            tick: document.optional("tick")?.unwrap_or_default(),
            metrics: document.optional("metrics")?.unwrap_or_default(),
            retention_days: document.optional("retention_days")?.unwrap_or(RETENTION_DAYS),
            revision: document.revision,
            is_provisional: false,
        };
        config.validate_shared()?;
        Ok(config)
    }

    fn read_people(&mut self, document: &mut Document) -> Result<(), ConfigError> {
        self.people = document.list("people")?;
        self.validate_people()
    }

    /// After people, whom keys name.
    fn read_keys(&mut self, document: &mut Document) -> Result<(), ConfigError> {
        self.app_keys = document.list("app_keys")?;
        self.validate_keys()
    }

    fn read_fields(&mut self, document: &mut Document) -> Result<(), ConfigError> {
        self.fields = document.list("fields")?;
        self.validate_fields()
    }
}

/// The integrations without what they do to alerts.
fn integrations_without_rules(document: &mut Document) -> Result<Vec<Integration>, ConfigError> {
    let read = |mut entry: Entry| {
        entry.split(&Rules::REVISIONS);
        entry.split(&Rules::FIELDS);
        entry.read()
    };
    document.read_entries("integrations", read)
}

/// The subscriptions without how they are sent to.
fn without_details(document: &mut Document) -> Result<Vec<Subscription>, ConfigError> {
    let read = |mut entry: Entry| {
        entry.split(&Details::FIELDS);
        entry.read()
    };
    document.read_entries("subscriptions", read)
}

/// The subscriptions with how they are sent to.
fn with_details(document: &mut Document) -> Result<Vec<Subscription>, ConfigError> {
    let read = |mut entry: Entry| {
        let mut details: Details = entry.split(&Details::FIELDS).read()?;
        let subscription: Subscription = entry.read()?;
        let named = |problem| ConfigError(format!("subscriptions: id {}: {problem}", subscription.id));
        details.check(&subscription).map_err(named)?;
        Ok(Subscription { details, ..subscription })
    };
    document.read_entries("subscriptions", read)
}
