//! The doors: which path leads to which sender's protocol, and what is special about each.

/// A door for pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// The Standard Alert push.
    Standard,
    /// A comment on the incident that holds an alert.
    Comment,
}

/// What a sender does with an answer that says "too often, try again later", and so what it gets over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverLimit {
    /// It waits and sends again: it gets the protocol's 429.
    Refuse,
    /// It gives up at 429 but sends again after a 5xx: it gets a 503.
    Unavailable,
    /// It gives up at whatever is no success: it is never refused.
    Take,
}

impl Door {
    /// The door at a path.
    pub fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/event/push/alert/standard" => Self::Standard,
            "/push/incident/comment-by-alert" => Self::Comment,
            _ => return None,
        })
    }

    /// The type of an integration that is made for this door; `None` for a door that every integration has.
    pub const fn kind(self) -> Option<&'static str> {
        match self {
            Self::Standard => Some("standard"),
            Self::Comment => None,
        }
    }

    /// What this door's sender does with an answer that says to come again later. At the doors that many programs use,
    /// the program's `User-Agent` tells.
    pub fn over_limit(self, user_agent: &str) -> OverLimit {
        let _ = user_agent;
        match self {
            Self::Standard | Self::Comment => OverLimit::Refuse,
        }
    }

    /// Whether the sender must say that it sends JSON.
    pub const fn wants_content_type(self) -> bool {
        matches!(self, Self::Standard | Self::Comment)
    }
}
