//! The measurements: a push from its key and body to the bytes that are stored, as a whole and by its steps; and the
//! configuration, which every instance reads once.

use std::hint::black_box;
use std::time::Instant;

use alarum::config::{Config, Integration};
use alarum::door::Drafts;
use alarum::ingest::{Door, Reading, read};
use alarum::intake::{Admitting, Overrides};
use alarum::journal::{Accepted, Record};
use alarum::time::Timestamp;
use serde_json::{Value, json};

use crate::clock::{is_fine, percentiles, step_us, timed, us_since};
use crate::intake_case::{CONFIG, Case};

/// When all pushes are received: any time will do.
const RECEIVED: Timestamp = Timestamp(1_772_366_400_000_000);
/// The steps of a push, in order.
const STEPS: [&str; 5] = ["key", "parse", "read", "admit", "encode"];

/// Reads the configuration, as often as is wanted.
///
/// # Errors
/// When it is not valid.
pub fn cold(n: usize) -> Result<Value, String> {
    let mut answer = timed(n, configured)?;
    answer["bytes"] = json!(CONFIG.len());
    answer["clock_us"] = json!(step_us());
    Ok(answer)
}

/// Takes in a push, as often as is wanted.
///
/// # Errors
/// When it is refused.
pub fn warm(case: &Case, n: usize) -> Result<Value, String> {
    let config = &configured()?;
    let mut answer = timed(n, || intake(config, case, &mut |_| ()))?;
    if is_fine() {
        answer["per_step"] = steps(config, case, n)?;
    }
    answer["clock_us"] = json!(step_us());
    answer["bytes"] = json!(case.body.len());
    let record = Record::decode(&intake(config, case, &mut |_| ())?)?;
    answer["alerts"] = json!(record.accepted.len());
    // Where the first one goes, so that whoever asked sees that it is what was to be measured.
    answer["channels"] = json!(record.accepted.first().map(|accepted| &accepted.channel_ids));
    Ok(answer)
}

/// What each step takes in the median, microseconds, without the looks at the clock.
fn steps(config: &Config, case: &Case, n: usize) -> Result<Value, String> {
    let (mut samples, look_us) = ([const { Vec::new() }; STEPS.len()], step_us());
    for _ in 0..n {
        let mut begun = Instant::now();
        black_box(intake(config, case, &mut |step| {
            if let Some(samples) = samples.get_mut(step) {
                samples.push((us_since(begun) - look_us).max(0.0));
            }
            begun = Instant::now();
        })?);
    }
    let medians = samples.map(|samples| percentiles(samples, [50]));
    Ok(STEPS.into_iter().zip(medians).map(|(step, [median])| (step.to_owned(), json!(median))).collect())
}

/// One push: what ingest does between the request and the store. Tells when a step, by its number, has ended.
fn intake(config: &Config, case: &Case, ended: &mut impl FnMut(usize)) -> Result<Vec<u8>, String> {
    let integration = config.integration_by_key(black_box(case.key)).ok_or("the key is not known")?;
    ended(0);
    let body: Value = serde_json::from_slice(black_box(&case.body)).map_err(|e| e.to_string())?;
    ended(1);
    let door = Door::of_kind(case.door).ok_or("there is no such door")?;
    let drafts = match read(door, integration, &body, RECEIVED).map_err(|e| e.to_string())? {
        Reading::Alerts(drafts, _) => drafts,
        Reading::PagerDuty(push) => vec![Ok(push.draft)],
        _ => return Err("no alerts".to_owned()),
    };
    drop(body);
    ended(2);
    let accepted = admitted(config, integration, case.door, drafts)?;
    ended(3);
    let bytes = Record { v: Record::FORMAT, received: RECEIVED, again: None, accepted }.encode();
    ended(4);
    Ok(bytes)
}

fn admitted(config: &Config, integration: &Integration, door: &str, drafts: Drafts) -> Result<Vec<Accepted>, String> {
    let admitting = Admitting { config, integration, door, overrides: &Overrides::default(), now: RECEIVED };
    admitting.check().map_err(|e| e.to_string())?;
    let mut accepted = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let admitted = draft.and_then(|draft| admitting.admit(draft, None)).map_err(|e| e.to_string())?;
        accepted.extend(admitted.accepted);
    }
    Ok(accepted)
}

fn configured() -> Result<Config, String> {
    Config::parse(black_box(CONFIG)).map_err(|e| e.to_string())
}
