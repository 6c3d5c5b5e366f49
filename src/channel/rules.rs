//! All rules of a channel together: what becomes of an alert that is routed to it.

use crate::sorted::SortedMap;

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::drop::Drop;
use super::flapping::FlappingRule;
use super::grouping::Group;
use super::inhibit::Inhibit;
use super::silence::{Quiet, Silence, quiet};
use super::time_zone::TimeZone;
use crate::config::Channel;
use crate::filter::Facts;
use crate::journal::{AutoResolve, Ruling};

/// The rules of a channel.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChannelRules {
    /// How alerts join incidents.
    pub group: Group,
    /// When an alert key counts as flapping.
    pub flapping: FlappingRule,
    /// What is quiet when.
    pub silence: Vec<Silence>,
    /// What is quiet while something graver is active.
    pub inhibit: Vec<Inhibit>,
    /// What is not taken at all.
    pub drop: Vec<Drop>,
}

/// What the rules are asked about.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The channel.
    pub channel: &'a Channel,
    /// The alert, as enrichment and pipeline made it.
    pub facts: &'a Facts<'a>,
    /// When it was received, Unix seconds.
    pub now_s: u64,
    /// Where the times of day of silences count.
    pub zone: &'a TimeZone,
    /// What working days are.
    pub calendars: &'a [Calendar],
}

/// What becomes of an alert in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruled {
    /// A rule drops it: its id.
    Dropped(String),
    /// A silence discards it: the rule's id.
    Discarded(String),
    /// It goes to the board, with what the rules say of it.
    Taken(Box<Ruling>),
}

/// What the rules of a channel did to an alert, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChannelStep {
    /// The channel.
    pub channel_id: i64,
    /// `dropped`, `discarded`, `silenced` or `taken`.
    pub outcome: &'static str,
    /// The rule that drops, discards or silences it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub rule_id: String,
    /// Until when it is silenced, Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silenced_until: Option<u64>,
    /// How it joins incidents: `n` not at all, `p` by rule, `i` by similarity.
    pub group_method: char,
    /// By which values: the keys and values of each group that counts; by similarity, what is compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grouped_by: Vec<SortedMap<String, String>>,
    /// Whether a rule of inhibition asks for it as the quiet one.
    pub can_be_inhibited: bool,
    /// Whether it quietens others.
    pub inhibits: bool,
}

impl ChannelRules {
    /// The fields of a channel that belong here.
    pub const FIELDS: [&str; 5] = ["group", "flapping", "silence", "inhibit", "drop"];

    /// Refuses rules that cannot be followed. The text says which and why.
    pub fn check(&self, calendars: &[Calendar]) -> Result<(), String> {
        self.group.check().map_err(|problem| format!("group: {problem}"))?;
        self.flapping.check().map_err(|problem| format!("flapping: {problem}"))?;
        let mut ids = Vec::new();
        let mut check = |kind: &str, id: &String, checked: Result<(), String>| {
            checked.map_err(|problem| format!("{kind}: rule {id}: {problem}"))?;
            let legible =
                (1..=40).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
            if !legible || ids.contains(&(kind.to_owned(), id.clone())) {
                return Err(format!("{kind}: rule {id}: rule_id: must be unique, 1 to 40 letters, digits, '_' or '-'"));
            }
            ids.push((kind.to_owned(), id.clone()));
            Ok(())
        };
        self.silence.iter().try_for_each(|rule| check("silence", &rule.rule_id, rule.check(calendars)))?;
        self.inhibit.iter().try_for_each(|rule| check("inhibit", &rule.rule_id, rule.check()))?;
        self.drop.iter().try_for_each(|rule| check("drop", &rule.rule_id, rule.check()))
    }

    /// What becomes of an alert. A recovery passes every rule that keeps alerts out: it must close what it can.
    pub fn rule(&self, asked: Asked<'_>) -> Ruled {
        let Asked { channel, facts, .. } = asked;
        let mut ruling = Ruling { channel_id: channel.id, flapping: self.flapping.policy(), ..Ruling::default() };
        ruling.keep_open = channel.disable_auto_close;
        ruling.auto_resolve = Some(channel.auto_resolve()).filter(|auto: &AutoResolve| auto.after_s > 0);
        if facts.severity().is_none() {
            return Ruled::Taken(Box::new(ruling));
        }
        if let Some(rule) = self.drop.iter().filter(|rule| rule.drops(facts)).min_by_key(|rule| rule.priority) {
            return Ruled::Dropped(rule.rule_id.clone());
        }
        match quiet(&self.silence, asked) {
            Some(Quiet::Discarded(rule_id)) => return Ruled::Discarded(rule_id),
            Some(Quiet::Silenced { until, rule_id }) => {
                ruling.silenced_until = until;
                ruling.silence_rule_id = rule_id;
            }
            None => {}
        }
        self.inhibit.iter().for_each(|rule| rule.mark(channel.id, facts, &mut ruling));
        ruling.grouping = self.group.grouping(channel.id, facts);
        ruling.storms = self.group.storms();
        Ruled::Taken(Box::new(ruling))
    }

    /// By which marks another alert can inhibit this one, and the id of the rule that gives each.
    pub fn inhibiting(&self, channel_id: i64, facts: &Facts<'_>) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        for rule in &self.inhibit {
            let mut of_rule = Ruling::default();
            rule.mark(channel_id, facts, &mut of_rule);
            let marks = of_rule.discarded_by.into_iter().chain(of_rule.muted_by);
            found.extend(marks.map(|mark| (mark, rule.rule_id.clone())));
        }
        found
    }
}

impl Ruled {
    /// What became of it, for people. It is what `channel` ruled of the alert with these facts.
    pub fn told(&self, channel: &Channel, facts: &Facts<'_>) -> ChannelStep {
        let step = ChannelStep { channel_id: channel.id, group_method: 'n', ..ChannelStep::default() };
        match self {
            Self::Dropped(rule_id) => ChannelStep { outcome: "dropped", rule_id: rule_id.clone(), ..step },
            Self::Discarded(rule_id) => ChannelStep { outcome: "discarded", rule_id: rule_id.clone(), ..step },
            Self::Taken(ruling) => {
                let until = Some(ruling.silenced_until).filter(|until| *until > 0);
                let method = |grouping: &crate::journal::Grouping| if grouping.texts.is_some() { 'i' } else { 'p' };
                ChannelStep {
                    outcome: if until.is_some() { "silenced" } else { "taken" },
                    rule_id: ruling.silence_rule_id.clone(),
                    silenced_until: until,
                    group_method: ruling.grouping.as_ref().map_or('n', method),
                    grouped_by: ruling.grouping.iter().flat_map(|_| channel.rules.group.grouped_by(facts)).collect(),
                    can_be_inhibited: !ruling.muted_by.is_empty() || !ruling.discarded_by.is_empty(),
                    inhibits: !ruling.sources.is_empty(),
                    ..step
                }
            }
        }
    }
}
