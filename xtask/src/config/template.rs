//! The text of a generated configuration.

use crate::config::keys::Keys;

/// Whom a generated configuration tells of incidents.
#[derive(Debug, Clone, Copy)]
pub enum Subscriber<'a> {
    /// The demo subscriber at this URL.
    At(&'a str),
    /// Nobody yet; how to add somebody is shown in a comment.
    Nobody,
}

/// The configuration for `base_url`, with `keys`.
pub fn render(base_url: &str, keys: &Keys, subscriber: Subscriber<'_>) -> String {
    let Keys { app, private, shared, webhook } = keys;
    let subscription = match subscriber {
        Subscriber::At(url) => format!("\n{}\n{}", subscription(url, webhook), delivery(true)),
        Subscriber::Nobody => {
            let example = subscription("https://hooks.example.com/alarum", webhook);
            let example: String = example.lines().map(|line| format!("# {line}\n")).collect();
            format!("\n# Who is told by webhook; remove the \"# \" and set the url.\n{example}\n{}", delivery(false))
        }
    };
    format!(
        r#"# Alarum's configuration. It holds keys: keep it to yourself. Lines that begin with a hash and no space
# are examples: they count when the hash is removed.
version = 1
# Where people reach this deployment; links to incidents begin with it.
base_url = "{base_url}"
# How long what is over is kept, days.
#retention_days = 180
# Where the times of day of silences count: UTC, an offset, or a rule with summer time.
#time_zone = "CET-1CEST,M3.5.0,M10.5.0/3"

# Whether calls may change the configuration; what they store then holds in place of this file.
#[administration]
#calls = true

[account]
id = 1
name = "Demo"

# Open API: ?app_key=...
[[app_keys]]
name = "demo"
key = "{app}"
# What it may do: read, operate or administer (docs/configuration.md).
role = "administer"
#person_id = 1

# Who handles incidents; with an app key that has a person_id one acts as that person (docs/api.md).
#[[people]]
#id = 1
#name = "Ada"
#email = "ada@example.com"

# The custom fields of incidents.
#[[fields]]
#name = "priority"
#type = "single_select"
#options = ["P1", "P2"]

# Working days and days off, for silences.
#[[calendars]]
#cal_id = "office"
#holidays = ["2026-12-25"]

# Where alerts become incidents. The rules of channels are told in docs/channels.md.
[[channels]]
id = 101
name = "storage"
# Close incidents after so many seconds.
#auto_resolve_timeout = 86400
# Alerts with the same host share an incident.
#[channels.group]
#method = "p"
#equals = [["labels.host"]]
# A key that opens and recovers again and again makes no incident for an hour.
#[channels.flapping]
#mute_mins = 60
# Alerts that the channel does not take.
#[[channels.drop]]
#rule_id = "tests"
#filters = [[{{ key = "labels.env", oper = "IN", vals = ["test*"] }}]]
# Alerts that are quiet at certain times.
#[[channels.silence]]
#rule_id = "backup"
#filters = [[{{ key = "title", oper = "IN", vals = ["*replication lag*"] }}]]
#time_filters = [{{ start = "22:00", end = "06:00" }}]
# Alerts that are quiet while a graver one of the same host is active.
#[[channels.inhibit]]
#rule_id = "host-down"
#source_filters = [[{{ key = "severity", oper = "IN", vals = ["Critical"] }}]]
#target_filters = [[{{ key = "severity", oper = "NOTIN", vals = ["Critical"] }}]]
#equals = ["labels.host"]

[[channels]]
id = 100
name = "everything else"

# Pushes with this key go to one channel: ?integration_key=...
[[integrations]]
id = 9001
name = "storage alerts"
kind = "private"
channel_id = 101
key = "{private}"

# Pushes with this key are routed.
[[integrations]]
id = 9002
name = "all alerts"
kind = "shared"
key = "{shared}"

[[integrations.route.cases]]
if = [{{ key = "labels.team", oper = "IN", vals = ["storage"] }}]
channel_ids = [101]
fallthrough = false

[integrations.route.default]
channel_ids = [100]
{subscription}"#
    )
}

fn subscription(url: &str, secret: &str) -> String {
    format!(
        r#"[[subscriptions]]
id = 1
name = "demo subscriber"
url = "{url}"
secret = "{secret}"
channel_ids = []  # empty: all
event_types = []  # empty: all
# What all of the following do is told in docs/webhooks.md.
# What it is told of: what happens to incidents, or "alert".
#kind = "incident"
# Whether it is told anything.
#enabled = true
# The secret before this one; it signs as well, while receivers change over.
#old_secret = "{secret}"
# The limit for one attempt, where it is not that of [delivery]: 100 to 30000.
#timeout_ms = 2000
# Of all events only those of such incidents or alerts.
#filters = [[{{ key = "severity", oper = "IN", vals = ["Critical"] }}]]
# Headers that are added to every webhook.
#headers = {{ "x-tenant" = "seven" }}
# What counts as taken: every 2xx, or "200" alone.
#success = "2xx"
# How often it is tried again, and after how many seconds each time; the last of them repeats.
#retries = 4
#retry_waits_s = [10, 60, 600]
# A body of its own, and what stands in it in place of values.
#body = '{{"text": "{{{{incident.title}}}}", "grade": "{{{{incident.incident_severity}}}}"}}'
#value_mapping = {{ "incident.incident_severity" = {{ Critical = "P1" }} }}
"#
    )
}

fn delivery(development: bool) -> String {
    let relaxed = if development {
        "# For development only.\nallow_http = true\nallow_private_targets = true\n"
    } else {
        "allow_http = false\nallow_private_targets = false\n"
    };
    format!(
        r#"[delivery]
# For one attempt, from connecting to the last byte of the answer.
timeout_ms = 1000
{relaxed}# For how many days it is kept what was told, 1 to 90.
#history_days = 7
# The only ports and hosts that webhooks may be sent to; left out, any that is public (docs/webhook-targets.md).
#allowed_ports = [443]
#allowed_hosts = ["hooks.example.com"]
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alarum::config::Config;

    const BASE: &str = "http://127.0.0.1:3000";

    #[test]
    fn the_domain_accepts_the_demo_configuration() {
        let keys = Keys::draw().unwrap();
        let config = Config::parse(&render(BASE, &keys, Subscriber::At("http://127.0.0.1:4000/webhook"))).unwrap();
        assert_eq!(config.base_url, BASE);
        assert_eq!(config.subscriptions.len(), 1);
        assert_eq!(config.integration_by_key(&keys.private).unwrap().id, 9001);
        assert_eq!(config.integration_by_key(&keys.shared).unwrap().id, 9002);
        assert!(config.app_key(&keys.app).is_some());
    }

    #[test]
    fn the_domain_accepts_a_configuration_without_a_subscriber() {
        let text = render(BASE, &Keys::draw().unwrap(), Subscriber::Nobody);
        let config = Config::parse(&text).unwrap();
        assert!(
            config.subscriptions.is_empty() && !config.delivery.allow_http && !config.delivery.allow_private_targets
        );
    }

    #[test]
    fn the_examples_are_valid_once_they_are_no_comments_any_more() {
        let text = render(BASE, &Keys::draw().unwrap(), Subscriber::Nobody);
        let example = |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).map(str::to_owned);
        let lines = text.lines().map(|line| example(line).unwrap_or_else(|| line.to_owned()) + "\n");
        let config = Config::parse(&lines.collect::<String>()).unwrap();
        let rules = &config.channels[0].rules;
        assert_eq!(
            (rules.drop.len(), rules.silence.len(), rules.inhibit.len(), rules.group.equals.len()),
            (1, 1, 1, 1)
        );
        assert_eq!((config.people.len(), config.fields.len(), config.calendars.len()), (1, 1, 1));
        assert_eq!((config.app_keys[0].person_id, config.channels[0].auto_resolve().after_s), (1, 86_400));
    }

    #[test]
    fn the_example_subscription_works_once_it_is_no_comment_any_more() {
        let text = render(BASE, &Keys::draw().unwrap(), Subscriber::Nobody);
        let (before, rest) = text.split_once("# [[subscriptions]]").unwrap();
        let (example, after) = rest.split_once("\n\n").unwrap();
        let example: String = format!("# [[subscriptions]]{example}")
            .lines()
            .map(|line| format!("{}\n", line.strip_prefix("# ").unwrap()))
            .collect();
        assert_eq!(Config::parse(&format!("{before}{example}{after}")).unwrap().subscriptions.len(), 1);
    }

    #[test]
    fn all_that_a_subscription_can_have_is_valid_once_it_is_no_comment_any_more() {
        let text = render(BASE, &Keys::draw().unwrap(), Subscriber::At("https://hooks.example.com/alarum"));
        let example = |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).map(str::to_owned);
        let lines = text.lines().map(|line| example(line).unwrap_or_else(|| line.to_owned()) + "\n");
        let config = Config::parse(&lines.collect::<String>()).unwrap();
        let subscription = &config.subscriptions[0];
        assert!(subscription.old_secret.is_some() && subscription.details.template.is_some());
        assert_eq!((subscription.details.headers.len(), subscription.details.retries), (1, Some(4)));
        assert_eq!((config.delivery.history_days, config.delivery.allowed_ports.len()), (7, 1));
    }
}
