//! Too many pushes: refused with a word on when to come again, also where many instances share them.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use blackbox::{Client, Deployment, Options};
use serde_json::json;

const KEY: &str = "limited-key-0123456789";
const PER_MINUTE: usize = 50;
const SENDERS: usize = 8;
const PUSHES: usize = 640;
/// Between two pushes of a sender. All at once they would be over before the first fold, and so before anybody could
/// have heard of anybody: then an instance knows of its own pushes alone.
const PAUSE: Duration = Duration::from_millis(20);
/// How many may be taken by instances that have not heard of the others yet. On two idle cores 6 to 17 are; where
/// nobody ever hears, more than 320.
const OVERSHOOT: usize = 150;

#[test]
fn an_integration_s_limit_holds_over_many_instances_and_what_was_taken_is_listed() {
    let integration = format!(
        "[[integrations]]\nid = 9100\nname = \"limited\"\nkind = \"private\"\nchannel_id = 101\nkey = \"{KEY}\"\n\
         rate_limit = {{ per_second = 0, per_minute = {PER_MINUTE} }}\n"
    );
    let Some(deployment) = Deployment::start(Options { integrations: integration, ..Options::default() }) else {
        return;
    };
    let taken: Mutex<BTreeSet<String>> = Mutex::default();
    let began = Instant::now();
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (deployment, taken) = (&deployment, &taken);
            scope.spawn(move || {
                // A client of its own is a connection of its own.
                let client = Client::new(&deployment.client.url, KEY, "", "");
                for nth in 0..PUSHES / SENDERS {
                    std::thread::sleep(PAUSE);
                    let key = format!("{sender}-{nth}");
                    let body = json!({"event_status": "Warning", "title_rule": key, "alert_key": key});
                    let answer = client.push(&body).expect("answered");
                    if answer.status == 200 {
                        taken.lock().expect("no panic").insert(key);
                        continue;
                    }
                    assert_eq!((answer.status, answer.code()), (429, "RequestTooFrequently"), "{}", answer.body);
                    let after: Option<u64> = answer.header("retry-after").and_then(|secs| secs.parse().ok());
                    assert!(after.is_some_and(|secs| (1..=60).contains(&secs)), "{:?}", answer.headers);
                }
            });
        }
    });
    let taken = taken.into_inner().expect("no panic");
    let figures = format!("{} of {PUSHES} taken in {:?}", taken.len(), began.elapsed());
    eprintln!("{figures}; ingest: {:?}", deployment.stats("ingest"));
    assert!(taken.len() >= PER_MINUTE, "{figures}: the limit is not reached yet");
    assert!(taken.len() <= PER_MINUTE + OVERSHOOT, "{figures}: nobody heard of the others");
    let incidents = deployment.client.incidents().expect("listed");
    let listed: BTreeSet<String> = incidents.iter().filter_map(|i| i["title"].as_str()).map(str::to_owned).collect();
    assert_eq!(listed, taken, "what was taken, and nothing else");
}
