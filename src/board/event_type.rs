//! What can happen to an incident or to an alert (Flashduty, "Incident Webhook" and "Alert Webhook", event types).

use serde::{Deserialize, Serialize};

/// What can happen to an incident, and with `Alert…` to an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventType {
    /// It was made.
    #[serde(rename = "i_new")]
    New,
    /// It was closed.
    #[serde(rename = "i_rslv")]
    Resolve,
    /// It was commented.
    #[serde(rename = "i_comm")]
    Comment,
    /// It was assigned.
    #[serde(rename = "i_assign")]
    Assign,
    /// Responders were added.
    #[serde(rename = "i_a_rspd")]
    AddResponder,
    /// It was snoozed.
    #[serde(rename = "i_snooze")]
    Snooze,
    /// Its snooze was ended.
    #[serde(rename = "i_wake")]
    Wake,
    /// It was acknowledged.
    #[serde(rename = "i_ack")]
    Acknowledge,
    /// An acknowledgement was taken back.
    #[serde(rename = "i_unack")]
    Unacknowledge,
    /// So many alerts merged into it that it warns.
    #[serde(rename = "i_storm")]
    Storm,
    /// A custom action was run.
    #[serde(rename = "i_custom")]
    Custom,
    /// It was opened again.
    #[serde(rename = "i_reopen")]
    Reopen,
    /// Others were merged into it by hand.
    #[serde(rename = "i_merge")]
    Merge,
    /// Its title was changed.
    #[serde(rename = "i_r_title")]
    Title,
    /// Its description was changed.
    #[serde(rename = "i_r_desc")]
    Description,
    /// Its impact was changed.
    #[serde(rename = "i_r_impact")]
    Impact,
    /// Its root cause was changed.
    #[serde(rename = "i_r_rc")]
    RootCause,
    /// Its resolution was changed.
    #[serde(rename = "i_r_rsltn")]
    Resolution,
    /// Its severity was changed.
    #[serde(rename = "i_r_severity")]
    Severity,
    /// A custom field was changed.
    #[serde(rename = "i_r_field")]
    Field,
    /// An event opened a new alert.
    #[serde(rename = "a_new")]
    AlertNew,
    /// An event changed an open alert; a recovery does.
    #[serde(rename = "a_update")]
    AlertUpdate,
    /// An alert came into an incident.
    #[serde(rename = "a_merge")]
    AlertMerge,
    /// An alert was closed by hand.
    #[serde(rename = "a_close")]
    AlertClose,
}

impl EventType {
    /// Every type that there is.
    pub const ALL: [Self; 24] = [
        Self::New,
        Self::Resolve,
        Self::Comment,
        Self::Assign,
        Self::AddResponder,
        Self::Snooze,
        Self::Wake,
        Self::Acknowledge,
        Self::Unacknowledge,
        Self::Storm,
        Self::Custom,
        Self::Reopen,
        Self::Merge,
        Self::Title,
        Self::Description,
        Self::Impact,
        Self::RootCause,
        Self::Resolution,
        Self::Severity,
        Self::Field,
        Self::AlertNew,
        Self::AlertUpdate,
        Self::AlertMerge,
        Self::AlertClose,
    ];

    /// Whether it happens to alerts.
    pub const fn is_alert(self) -> bool {
        matches!(self, Self::AlertNew | Self::AlertUpdate | Self::AlertMerge | Self::AlertClose)
    }

    /// Whether subscribers choose to hear of it. Of the rest they hear anyway.
    pub const fn is_selectable(self) -> bool {
        !matches!(self, Self::AlertClose)
    }

    /// The protocol's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "i_new",
            Self::Resolve => "i_rslv",
            Self::Comment => "i_comm",
            Self::Assign => "i_assign",
            Self::AddResponder => "i_a_rspd",
            Self::Snooze => "i_snooze",
            Self::Wake => "i_wake",
            Self::Acknowledge => "i_ack",
            Self::Unacknowledge => "i_unack",
            Self::Storm => "i_storm",
            Self::Custom => "i_custom",
            Self::Reopen => "i_reopen",
            Self::Merge => "i_merge",
            Self::Title => "i_r_title",
            Self::Description => "i_r_desc",
            Self::Impact => "i_r_impact",
            Self::RootCause => "i_r_rc",
            Self::Resolution => "i_r_rsltn",
            Self::Severity => "i_r_severity",
            Self::Field => "i_r_field",
            Self::AlertNew => "a_new",
            Self::AlertUpdate => "a_update",
            Self::AlertMerge => "a_merge",
            Self::AlertClose => "a_close",
        }
    }
}
