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
        r#"# Alarum's configuration. It holds keys: keep it to yourself.
version = 1
# Where people reach this deployment; links to incidents begin with it.
base_url = "{base_url}"

[account]
id = 1
name = "Demo"

# Open API: ?app_key=...
[[app_keys]]
name = "demo"
key = "{app}"

[[channels]]
id = 101
name = "storage"

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
"#
    )
}

fn delivery(development: bool) -> String {
    let relaxed = if development {
        "# For development only.\nallow_http = true\nallow_private_targets = true\n"
    } else {
        "allow_http = false\nallow_private_targets = false\n"
    };
    format!("[delivery]\ntimeout_ms = 1000\n{relaxed}")
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
    fn the_example_subscription_works_once_it_is_no_comment_any_more() {
        let text = render(BASE, &Keys::draw().unwrap(), Subscriber::Nobody);
        let (before, rest) = text.split_once("# [[subscriptions]]").unwrap();
        let rest: String = format!("# [[subscriptions]]{rest}")
            .lines()
            .map(|line| format!("{}\n", line.trim_start_matches("# ")))
            .collect();
        assert_eq!(Config::parse(&format!("{before}{rest}")).unwrap().subscriptions.len(), 1);
    }
}
