//! Muting: an alert that is silenced, inhibited or flapping is kept and marked, and neither starts nor joins an
//! incident (Flashduty, "Noise Reduction"). One that is still open when nothing mutes it any more starts one then: what
//! was quiet because of a rule must not stay unknown after it.

use super::{flapping, joining};
use crate::board::{Alert, Missing, Muted, MutedBy, Step};
use crate::id::Cause;
use crate::journal::Ruling;
use crate::time::Timestamp;

/// What mutes an alert now, if anything does: of several, what lasts longest.
pub fn muted(
    step: &Step,
    alert: &Alert,
    identity: &str,
    ruling: Option<&Ruling>,
    secs: u64,
) -> Result<Option<Muted>, Missing> {
    let mut found: Option<Muted> = None;
    let mut longest = |until: u64, by: MutedBy, rule_id: &str| {
        if until > secs && found.as_ref().is_none_or(|muted| until > muted.until) {
            found = Some(Muted { until, by, rule_id: rule_id.to_owned(), ..Muted::default() });
        }
    };
    if let Some(ruling) = ruling {
        longest(ruling.silenced_until, MutedBy::Silence, &ruling.silence_rule_id);
        let until = step.sources().until(identity, &ruling.muted_by, secs);
        longest(until.unwrap_or(0), MutedBy::Inhibit, "");
    }
    for silence in step.silences().iter().filter(|silence| silence.silences(alert, secs)) {
        longest(silence.end_time, MutedBy::Silence, &silence.rule_id);
    }
    longest(flapping::muted_until(step, identity)?, MutedBy::Flapping, "");
    Ok(found)
}

/// Keeps an alert that is muted, and says when to look at it again.
pub fn keep(step: &mut Step, mut alert: Alert, muted: Muted, ruling: Option<&Ruling>) {
    let due_at = alert.muted.as_ref().map_or(0, |before| before.due_at);
    alert.ever_muted = true;
    alert.muted = Some(Box::new(Muted { due_at, ruling: ruling.cloned(), ..muted }));
    step.put_muted(alert);
}

/// Looks again at an alert whose time has come.
pub fn look_again(step: &mut Step, mut alert: Alert, at: Timestamp) -> Result<(), Missing> {
    let Some(before) = alert.muted.take().filter(|_| alert.end_time == 0) else {
        return Ok(());
    };
    let (identity, ruling) = (alert.identity(), before.ruling.clone());
    // What stood in the index has been taken out of it.
    let kept = Muted { due_at: 0, ..*before };
    if kept.until > at.secs() {
        alert.muted = Some(Box::new(kept));
        step.put_muted(alert);
        return Ok(());
    }
    match muted(step, &alert, &identity, ruling.as_ref(), at.secs())? {
        Some(muted) => keep(step, alert, muted, ruling.as_ref()),
        None => {
            let cause = Cause::of_time(&alert.alert_id, at, step.channel());
            joining::join_or_open(step, alert, ruling.as_ref(), cause, false)?;
        }
    }
    Ok(())
}
