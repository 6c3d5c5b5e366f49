//! The conformance suite against a deployment: it passes, does no harm, and notices what is wrong.

use std::time::Duration;

use blackbox::conformance::{Target, Verdict, run};
use blackbox::{Client, Deployment, Options, Receiver};

fn target(client: &Client, prefix: &str) -> Target {
    Target { client: client.clone(), push_url: None, tick_key: None, prefix: prefix.to_owned() }
}

#[test]
fn a_deployment_passes_and_nothing_stays_open() {
    let receiver = Receiver::start(200, Duration::ZERO);
    let options = Options { receivers: vec![receiver.url.clone()], tick: true, ..Options::default() };
    let Some(deployment) = Deployment::start(options) else { return };
    let report = run(&target(&deployment.client, "a1"), Duration::from_secs(60));
    assert_eq!(report.failed().count(), 0, "{}", report.table());
    let (passed, _, not_checked) = report.counts();
    assert!(passed >= 45 && not_checked == 0, "{}", report.table());
    assert!(report.took < Duration::from_secs(60), "{:?}", report.took);
    let open = deployment.client.incidents().expect("listed");
    let open: Vec<_> = open.iter().filter(|incident| incident["progress"] != "Closed").collect();
    assert!(open.is_empty(), "{open:#?}");
    assert!(!receiver.received().is_empty());
}

#[test]
fn what_cannot_be_seen_is_said_and_what_is_wrong_fails() {
    let Some(deployment) = Deployment::start(Options { memory: true, ..Options::default() }) else { return };
    let mut client = deployment.client.clone();
    client.shared_key = String::new();
    // Nobody is told of anything, and there is no shared key: both are said.
    let report = run(&target(&client, "b2"), Duration::from_secs(60));
    let not_checked = report.checks.iter().filter(|check| matches!(check.verdict, Verdict::NotChecked(_))).count();
    assert_eq!((report.failed().count(), not_checked), (0, 2), "{}", report.table());
    // Where no push is taken, nothing passes but what asks no more than to be refused.
    client.push_key = "no-such-key-0123456789".to_owned();
    let report = run(&target(&client, "c3"), Duration::from_secs(60));
    assert!(report.failed().count() > 25, "{}", report.table());
    assert!(report.failed().any(|check| check.name.starts_with("P1")), "{}", report.table());
}
