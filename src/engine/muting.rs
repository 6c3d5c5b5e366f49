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
        let inhibitor = step.sources().inhibitor(identity, &ruling.muted_by, secs);
        longest(inhibitor.map_or(0, |inhibitor| inhibitor.until), MutedBy::Inhibit, "");
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
        None => unmute(step, alert, ruling.as_ref(), at)?,
    }
    Ok(())
}

/// A silence is another now. What it mutes no more, or not for as long, is looked at again.
pub fn follow_silence(step: &mut Step, rule_id: &str, at: Timestamp) -> Result<(), Missing> {
    for alert_id in step.waiting_alerts()? {
        let Some(alert) = step.alert(&alert_id)? else { continue };
        let by_it = |muted: &&Muted| muted.by == MutedBy::Silence && muted.rule_id == rule_id;
        let Some(before) = alert.muted.as_deref().filter(by_it) else { continue };
        let (until, ruling) = (before.until, before.ruling.clone());
        match muted(step, &alert, &alert.identity(), ruling.as_ref(), at.secs())? {
            // For longer: that is found when its time comes.
            Some(muted) if muted.until >= until => {}
            Some(muted) => keep(step, alert, muted, ruling.as_ref()),
            None => unmute(step, alert, ruling.as_ref(), at)?,
        }
    }
    Ok(())
}

/// Nothing mutes an alert any more: it joins an incident or makes one.
fn unmute(step: &mut Step, alert: Alert, ruling: Option<&Ruling>, at: Timestamp) -> Result<(), Missing> {
    let cause = Cause::of_time(&alert.alert_id, at, step.channel());
    joining::join_or_open(step, alert, ruling, cause, false, None)
}
