//! Reading and validating a document: as a whole, or those sections that a component needs (it carries only their code).
//!
//! What is wrong is noted on the way, so that all of it can be told; nothing is judged by what could not be read.

use serde_json::{Map, Value};

use super::document::Entry;
use super::{Channel, Config, ConfigError, Details, Document, Integration, RETENTION_DAYS, Rules, Subscription};
use crate::channel::{ChannelRules, TimeZone};

impl Document {
    /// What was read of it, if nothing is wrong with it.
    fn verdict(self, config: Config) -> Result<Config, ConfigError> {
        self.problems.verdict(config)
    }
}

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
        let config = Self::read_all(&mut document);
        document.verdict(config)
    }

    /// All that is wrong with a document, at most [`PROBLEMS`](super::PROBLEMS); none: it is valid.
    pub fn problems(sections: Map<String, Value>) -> Vec<String> {
        let mut document = Document::to_judge(sections);
        Self::read_all(&mut document);
        document.problems.all()
    }

    fn read_all(document: &mut Document) -> Self {
        let mut config = Self::read_with(document, with_details);
        config.validate_delivery(&mut document.problems);
        config.read_people(document);
        config.read_keys(document);
        config.read_fields(document);
        config
    }

    /// The same without what only delivery needs, how and where subscriptions are sent to, and what only calls need: keys,
    /// people, custom fields.
    ///
    /// # Errors
    /// As [`Config::read`], for the rest of the document.
    pub fn read_for_intake(mut document: Document) -> Result<Self, ConfigError> {
        let config = Self::read_with(&mut document, without_details);
        document.verdict(config)
    }

    fn read_with(document: &mut Document, subscriptions: impl FnOnce(&mut Document) -> Vec<Subscription>) -> Self {
        let mut read = |mut entry: Entry| {
            entry.split(&Rules::REVISIONS);
            let rules = entry.split(&Rules::FIELDS).read()?;
            Ok(Integration { rules, ..entry.read()? })
        };
        let integrations = document.read_entries("integrations", &mut read);
        let mapping_tables = document.list("mapping_tables");
        let mut read = |mut entry: Entry| {
            entry.split(&Channel::REVISIONS);
            let rules = entry.split(&ChannelRules::FIELDS).read()?;
            Ok(Channel { rules, ..entry.read()? })
        };
        let channels = document.read_entries("channels", &mut read);
        let calendars = document.list("calendars");
        let time_zone = document.optional("time_zone").unwrap_or_default();
        let subscriptions = subscriptions(document);
        let config = Self {
            integrations,
            mapping_tables,
            calendars,
            time_zone,
            ..Self::shared(document, channels, subscriptions)
        };
        config.validate_integrations(&mut document.problems);
        config
    }

    /// The same without what only intake or delivery needs: the rules of integrations and channels, mapping tables,
    /// how and where subscriptions are sent to.
    ///
    /// # Errors
    /// As [`Config::read`], for the rest of the document.
    pub fn read_without_rules(mut document: Document) -> Result<Self, ConfigError> {
        let integrations = integrations_without_rules(&mut document);
        Ok(Self { integrations, ..Self::read_for_actions(document)? })
    }

    /// What people's actions need: the same without integrations.
    ///
    /// # Errors
    /// As [`Config::read`], for what is read.
    pub fn read_for_actions(mut document: Document) -> Result<Self, ConfigError> {
        let mut config = Self::read_folding(&mut document);
        config.read_people(&mut document);
        config.read_keys(&mut document);
        config.read_fields(&mut document);
        document.verdict(config)
    }

    /// What folding needs: the same without people, keys and custom fields.
    ///
    /// # Errors
    /// As [`Config::read`], for what is read.
    pub fn read_for_folding(mut document: Document) -> Result<Self, ConfigError> {
        let config = Self::read_folding(&mut document);
        document.verdict(config)
    }

    fn read_folding(document: &mut Document) -> Self {
        let subscriptions = without_details(document);
        Self::read_rest(document, subscriptions)
    }

    /// What delivery needs: the same with how and where subscriptions are sent to, without keys and custom fields.
    ///
    /// # Errors
    /// As [`Config::read`], for what is read.
    pub fn read_for_delivery(mut document: Document) -> Result<Self, ConfigError> {
        let config = Self::read_delivery(&mut document);
        document.verdict(config)
    }

    /// The same with keys.
    ///
    /// # Errors
    /// As [`Config::read`], for what is read.
    pub fn read_for_webhooks(mut document: Document) -> Result<Self, ConfigError> {
        let mut config = Self::read_delivery(&mut document);
        config.read_keys(&mut document);
        document.verdict(config)
    }

    fn read_delivery(document: &mut Document) -> Self {
        let subscriptions = with_details(document);
        let integrations = integrations_without_rules(document);
        let mut config = Self { integrations, ..Self::read_rest(document, subscriptions) };
        config.validate_delivery(&mut document.problems);
        config.read_people(document);
        config
    }

    fn read_rest(document: &mut Document, subscriptions: Vec<Subscription>) -> Self {
        let mut read = |mut entry: Entry| {
            entry.split(&Channel::REVISIONS);
            entry.split(&ChannelRules::FIELDS);
            entry.read()
        };
        let channels = document.read_entries("channels", &mut read);
        Self::shared(document, channels, subscriptions)
    }

    /// What every component needs.
    fn shared(document: &mut Document, channels: Vec<Channel>, subscriptions: Vec<Subscription>) -> Self {
        let version = document.optional::<u32>("version");
        document.problems.check(version == Some(1), || match version {
            None => "version: is required".to_owned(),
            Some(version) => format!("version: must be 1, is {version}"),
        });
        if let Err(problem) = document.allows_calls() {
            document.problems.note(problem.0);
        }
        let config = Self {
            base_url: document.optional("base_url").unwrap_or_default(),
            account: document.required("account"),
            app_keys: Vec::new(),
            people: Vec::new(),
            fields: Vec::new(),
            channels,
            integrations: Vec::new(),
            mapping_tables: Vec::new(),
            calendars: Vec::new(),
            time_zone: TimeZone::default(),
            subscriptions,
            delivery: document.optional("delivery").unwrap_or_default(),
            tick: document.optional("tick").unwrap_or_default(),
            metrics: document.optional("metrics").unwrap_or_default(),
            retention_days: document.optional("retention_days").unwrap_or(RETENTION_DAYS),
            revision: document.revision,
            is_provisional: false,
        };
        config.validate_shared(&mut document.problems);
        config
    }

    fn read_people(&mut self, document: &mut Document) {
        self.people = document.list("people");
        self.validate_people(&mut document.problems);
    }

    /// After people, whom keys name.
    fn read_keys(&mut self, document: &mut Document) {
        self.app_keys = document.list("app_keys");
        self.validate_keys(&mut document.problems);
    }

    fn read_fields(&mut self, document: &mut Document) {
        self.fields = document.list("fields");
        self.validate_fields(&mut document.problems);
    }
}

/// The integrations without what they do to alerts.
fn integrations_without_rules(document: &mut Document) -> Vec<Integration> {
    let mut read = |mut entry: Entry| {
        entry.split(&Rules::REVISIONS);
        entry.split(&Rules::FIELDS);
        entry.read()
    };
    document.read_entries("integrations", &mut read)
}

/// The subscriptions without how they are sent to.
fn without_details(document: &mut Document) -> Vec<Subscription> {
    let mut read = |mut entry: Entry| {
        entry.split(&Details::FIELDS);
        entry.read()
    };
    document.read_entries("subscriptions", &mut read)
}

/// The subscriptions with how they are sent to.
fn with_details(document: &mut Document) -> Vec<Subscription> {
    let mut wrong = Vec::new();
    let mut read = |mut entry: Entry| {
        let mut details: Details = entry.split(&Details::FIELDS).read()?;
        let subscription: Subscription = entry.read()?;
        let named = |problem| format!("subscriptions: id {}: {problem}", subscription.id);
        wrong.extend(details.check(&subscription).map_err(named).err());
        Ok(Subscription { details, ..subscription })
    };
    let subscriptions = document.read_entries("subscriptions", &mut read);
    wrong.into_iter().for_each(|problem| document.problems.note(problem));
    subscriptions
}
