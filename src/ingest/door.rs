//! The doors: which path leads to which sender's protocol, and what is special about each.

/// A door for pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The Standard Alert push.
    Standard,
    /// Alertmanager's webhook.
    Prometheus,
    /// Alertmanager's own API, to which Prometheus pushes.
    AlertmanagerApi,
    /// Grafana's webhook.
    Grafana,
    /// PagerDuty's Events API, both versions.
    PagerDuty,
    /// Nightingale.
    Nightingale,
    /// A Zabbix webhook.
    Zabbix,
    /// CloudWatch alarms by SNS.
    CloudWatch,
    /// Change events.
    Change,
    /// A comment on the incident that holds an alert.
    Comment,
}

/// The type of the standard door.
pub const STANDARD: &str = "standard";

/// What a sender does with an answer that says "too often, try again later", and so what it gets over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverLimit {
    /// It waits and sends again: it gets the protocol's 429.
    Refuse,
    /// It gives up at 429 but sends again after a 5xx: it gets a 503.
    Unavailable,
    /// It gives up at both: it is never refused.
    Take,
}

impl Door {
    /// The door at a path.
    pub fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/event/push/alert/standard" => Self::Standard,
            "/event/push/alert/prometheus" => Self::Prometheus,
            "/api/v2/alerts" => Self::AlertmanagerApi,
            "/event/push/alert/grafana" => Self::Grafana,
            // PagerDuty's own paths too: its clients can often be given another host, but no other path.
            "/event/push/alert/pagerduty" | "/v2/enqueue" | "/generic/2010-04-15/create_event.json" => Self::PagerDuty,
            "/event/push/alert/n9e" => Self::Nightingale,
            "/event/push/alert/zabbix" => Self::Zabbix,
            "/event/push/alert/cloudwatch" => Self::CloudWatch,
            "/event/push/change/standard" => Self::Change,
            "/push/incident/comment-by-alert" => Self::Comment,
            _ => return None,
        })
    }

    /// The type of an integration that is made for this door; `None` for one that every integration has.
    pub const fn kind(self) -> Option<&'static str> {
        match self {
            Self::Standard => Some(STANDARD),
            Self::Prometheus | Self::AlertmanagerApi => Some("prometheus"),
            Self::Grafana => Some("grafana"),
            Self::PagerDuty => Some("pagerduty"),
            Self::Nightingale => Some("n9e"),
            Self::Zabbix => Some("zabbix"),
            Self::CloudWatch => Some("cloudwatch"),
            Self::Change | Self::Comment => None,
        }
    }

    /// The door for integrations of a type.
    pub fn of_kind(kind: &str) -> Option<Self> {
        let doors = [
            Self::Standard,
            Self::Prometheus,
            Self::Grafana,
            Self::PagerDuty,
            Self::Nightingale,
            Self::Zabbix,
            Self::CloudWatch,
        ];
        doors.into_iter().find(|door| door.kind() == Some(kind))
    }

    /// What the sender does with an answer that says to come again later. At the doors that many programs use, the
    /// beginning of their `User-Agent` tells. `docs/doors.md` says where that is known from.
    pub fn over_limit(self, user_agent: &str) -> OverLimit {
        match self {
            Self::Standard | Self::Change | Self::Comment => match user_agent.split('/').next() {
                // catpaw and geneos are both written in Go and name no program; both send again after a 5xx.
                Some("Go-http-client") => OverLimit::Unavailable,
                // Uptime Kuma; Keep, which shares its library's name with ElastAlert 2.
                Some("axios" | "Uptime-Kuma" | "python-requests") => OverLimit::Take,
                _ => OverLimit::Refuse,
            },
            // Alertmanager's two PagerDuty notifiers wait and send again.
            Self::PagerDuty => OverLimit::Refuse,
            Self::Prometheus | Self::Zabbix | Self::CloudWatch => OverLimit::Unavailable,
            Self::AlertmanagerApi | Self::Grafana | Self::Nightingale => OverLimit::Take,
        }
    }

    /// Whether the sender must say that it sends JSON. Those that come with programs of their own are known by their
    /// path, and some say something else.
    pub const fn wants_content_type(self) -> bool {
        matches!(self, Self::Standard | Self::Change | Self::Comment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_known_to_lose_alerts_by_a_429_never_get_one() {
        for user_agent in ["Go-http-client/1.1", "Go-http-client/2.0"] {
            assert_eq!(Door::Standard.over_limit(user_agent), OverLimit::Unavailable);
        }
        for user_agent in ["axios/1.7.2", "python-requests/2.32.3"] {
            assert_eq!(Door::Standard.over_limit(user_agent), OverLimit::Take);
        }
        for door in [Door::Prometheus, Door::AlertmanagerApi, Door::Grafana, Door::Nightingale, Door::CloudWatch] {
            assert_ne!(door.over_limit("anything"), OverLimit::Refuse, "{door:?}");
        }
        assert_eq!(Door::Standard.over_limit("curl/8.0"), OverLimit::Refuse);
        assert_eq!(Door::Standard.over_limit(""), OverLimit::Refuse);
    }
}
