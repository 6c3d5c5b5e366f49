//! Walking the cases of a route for one alert, and the account of it for people.

use crate::sorted::SortedSet;

use serde::Serialize;

use super::{Case, Route, RoutingMode};
use crate::config::Channel;
use crate::filter::{Condition, Facts, Oper, Pattern, all_hold, value};

/// What every case did with an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RouteSteps {
    /// The cases that were looked at, first to last.
    pub cases: Vec<CaseStep>,
    /// The channels of the default, where it was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Vec<i64>>,
    /// Where the alert goes.
    pub channel_ids: Vec<i64>,
}

/// What one case did with an alert.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CaseStep {
    /// Which case, from 1.
    pub case: usize,
    /// Whether all of its conditions held.
    pub matched: bool,
    /// Its conditions.
    #[serde(rename = "if")]
    pub conditions: Vec<ConditionStep>,
    /// The channels that it gave.
    pub channel_ids: Vec<i64>,
    /// What else there is to say of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Whether the walk ended here.
    pub stopped: bool,
}

/// How one condition met an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConditionStep {
    key: String,
    oper: Oper,
    vals: Vec<Pattern>,
    /// What the alert has there; absent: nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    holds: bool,
}

impl ConditionStep {
    /// How `condition` meets these facts.
    pub fn new(condition: &Condition, facts: &Facts<'_>) -> Self {
        Self {
            key: condition.key.clone(),
            oper: condition.oper,
            vals: condition.vals.clone(),
            value: value(&condition.key, facts).map(|value| value.into_owned()),
            holds: condition.holds(facts),
        }
    }
}

impl Route {
    /// The channels for an alert, in the order in which the cases name them, each once. A channel that is disabled or
    /// does not exist takes nothing. With `steps`, tells what every case did.
    pub fn walk(&self, facts: &Facts<'_>, channels: &[Channel], mut steps: Option<&mut RouteSteps>) -> Vec<i64> {
        let mut found = Vec::new();
        for (nth, case) in (1..).zip(&self.cases) {
            let matched = all_hold(&case.conditions, facts);
            let taken = if matched { case.channels(facts, channels) } else { Taken::default() };
            let stopped = matched && !case.fallthrough;
            if let Some(steps) = &mut steps {
                let conditions = case.conditions.iter().map(|c| ConditionStep::new(c, facts)).collect();
                let (channel_ids, remarks) = (taken.ids.clone(), taken.remarks);
                steps.cases.push(CaseStep { case: nth, matched, conditions, channel_ids, remarks, stopped });
            }
            found.extend(taken.ids);
            if stopped {
                break;
            }
        }
        if found.is_empty() {
            found.extend(usable(&self.default.channel_ids, channels));
            if let Some(steps) = &mut steps {
                steps.default = Some(found.clone());
            }
        }
        let mut seen = SortedSet::new();
        found.retain(|id| seen.insert(*id));
        if let Some(steps) = steps {
            steps.channel_ids.clone_from(&found);
        }
        found
    }
}

/// The channels that a case gave.
#[derive(Default)]
struct Taken {
    ids: Vec<i64>,
    remarks: Vec<String>,
}

impl Case {
    fn channels(&self, facts: &Facts<'_>, channels: &[Channel]) -> Taken {
        let wanted = match self.routing_mode {
            RoutingMode::Standard => self.channel_ids.clone(),
            RoutingMode::NameMapping => {
                let label = &self.name_mapping_label;
                let Some(name) = facts.labels.get(label) else {
                    return Taken { ids: Vec::new(), remarks: vec![format!("the alert has no label {label}")] };
                };
                match channels.iter().find(|channel| channel.name == *name) {
                    Some(channel) => vec![channel.id],
                    None => {
                        return Taken { ids: Vec::new(), remarks: vec![format!("there is no channel named {name}")] };
                    }
                }
            }
        };
        let ids: Vec<i64> = usable(&wanted, channels).collect();
        let lost = wanted.iter().filter(|id| !ids.contains(id));
        Taken { remarks: lost.map(|id| format!("channel {id} is disabled or does not exist")).collect(), ids }
    }
}

fn usable<'a>(ids: &'a [i64], channels: &'a [Channel]) -> impl Iterator<Item = i64> + 'a {
    ids.iter().copied().filter(|id| channels.iter().any(|channel| channel.id == *id && channel.enabled))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Origin;
    use crate::intake::{AlertEvent, Status};

    const RULES: &str = r#"
        default = { channel_ids = [9] }
        cases = [
          { if = [{ key = "labels.team", oper = "IN", vals = ["a", "b"] }], channel_ids = [1], fallthrough = true },
          { if = [{ key = "severity", oper = "IN", vals = ["Critical"] }], channel_ids = [2, 1] },
          { if = [{ key = "labels.env", oper = "NOTIN", vals = ["dev"] }, { key = "labels.x", oper = "IN", vals = ["y"] }], channel_ids = [3] },
        ]"#;

    const BY_NAME: &str = r#"
        default = { channel_ids = [9] }
        cases = [{ routing_mode = "name_mapping", name_mapping_label = "team" }]"#;

    fn all_channels() -> Vec<Channel> {
        let named = [(1, "one"), (2, "two"), (3, "three"), (9, "rest")];
        named.map(|(id, name)| Channel { id, name: name.into(), enabled: true, ..Channel::default() }).into()
    }

    fn event(status: Status, labels: &[(&str, &str)]) -> AlertEvent {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        AlertEvent { status, labels, ..AlertEvent::default() }
    }

    fn explain(rules: &str, event: &AlertEvent, channels: &[Channel]) -> RouteSteps {
        let route: Route = basic_toml::from_str(rules).expect("valid rules");
        let (facts, mut steps) = (Facts::of(event, Origin::default()), RouteSteps::default());
        let explained = route.walk(&facts, channels, Some(&mut steps));
        assert_eq!(route.walk(&facts, channels, None), explained);
        assert_eq!(steps.channel_ids, explained);
        steps
    }

    fn channels(event: &AlertEvent) -> Vec<i64> {
        explain(RULES, event, &all_channels()).channel_ids
    }

    #[test]
    fn a_case_that_falls_through_adds_to_the_next_one_and_no_channel_comes_twice() {
        assert_eq!(channels(&event(Status::Critical, &[("team", "b")])), [1, 2]);
    }

    #[test]
    fn a_case_that_does_not_fall_through_ends_the_walk() {
        assert_eq!(channels(&event(Status::Critical, &[("x", "y")])), [2, 1]);
        let steps = explain(RULES, &event(Status::Critical, &[("x", "y")]), &all_channels());
        assert_eq!(
            steps.cases.iter().map(|c| (c.matched, c.stopped)).collect::<Vec<_>>(),
            [(false, false), (true, true)]
        );
    }

    #[test]
    fn the_default_takes_what_no_case_sent_anywhere() {
        assert_eq!(channels(&event(Status::Info, &[])), [9]);
        assert_eq!(channels(&event(Status::Info, &[("team", "a")])), [1]);
    }

    #[test]
    fn an_absent_label_is_not_in_and_all_conditions_must_hold() {
        assert_eq!(channels(&event(Status::Info, &[("x", "y")])), [3]);
        assert_eq!(channels(&event(Status::Info, &[("x", "y"), ("env", "dev")])), [9]);
    }

    #[test]
    fn a_disabled_channel_takes_nothing_and_the_default_stands_in_for_it() {
        let mut some = all_channels();
        some[0].enabled = false;
        let steps = explain(RULES, &event(Status::Info, &[("team", "a")]), &some);
        assert_eq!(steps.channel_ids, [9]);
        assert_eq!(steps.cases[0].remarks, ["channel 1 is disabled or does not exist"]);
        some[3].enabled = false;
        assert!(explain(RULES, &event(Status::Info, &[]), &some).channel_ids.is_empty());
    }

    #[test]
    fn a_label_can_name_the_channel_exactly_and_the_default_takes_what_it_does_not_find() {
        let by_name = |labels: &[(&str, &str)]| explain(BY_NAME, &event(Status::Info, labels), &all_channels());
        assert_eq!(by_name(&[("team", "two")]).channel_ids, [2]);
        let unknown = by_name(&[("team", "Two")]);
        assert_eq!((unknown.channel_ids, &unknown.default), (vec![9], &Some(vec![9])));
        assert_eq!(unknown.cases[0].remarks, ["there is no channel named Two"]);
        assert_eq!(by_name(&[]).cases[0].remarks, ["the alert has no label team"]);
    }

    #[test]
    fn the_account_of_a_condition_shows_what_the_alert_has_there() {
        let steps = explain(RULES, &event(Status::Info, &[("team", "c")]), &all_channels());
        let shown = serde_json::to_value(&steps.cases[0].conditions[0]).expect("plain data");
        let wanted =
            serde_json::json!({"key": "labels.team", "oper": "IN", "vals": ["a", "b"], "value": "c", "holds": false});
        assert_eq!(shown, wanted);
    }
}
