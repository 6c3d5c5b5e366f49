//! Which instance serves what, and for how long.

use crate::support::{App, eventually};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn work_after_the_response_runs() {
    let app = App::start().await;
    assert_eq!(app.ok("/do/later?key=k&value=done&ms=100").await, "soon");
    assert_eq!(app.ok("/do/get?key=k").await, "none");
    eventually("the value that is set after the answer", async || app.ok("/do/get?key=k").await == "done").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_after_the_response_outlives_the_idle_time() {
    let app = App::with(|options| options.idle_ms = 50).await;
    app.ok("/do/later?key=k&value=done&ms=600").await;
    eventually("the value that is set after the answer", async || app.ok("/do/get?key=k").await == "done").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_serves_128_requests_and_no_more() {
    let app = App::start().await;
    let mut served: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..300 {
        *served.entry(app.ok("/do/instance").await).or_default() += 1;
    }
    assert_eq!(served.values().max(), Some(&128), "{served:?}");
    assert_eq!(app.count("front", "/instances_started"), served.len() as u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_serves_sixteen_requests_at_once_and_no_more() {
    let app = App::start().await;
    let requests = (0..20).map(async |number| {
        // One after the other, so that the instance can say each time that it would take one more.
        tokio::time::sleep(Duration::from_millis(20 * number)).await;
        app.ok("/do/sleep?ms=1500").await
    });
    let answers = join_all(requests).await;
    let at_once = |answer: &String| answer.split_once(' ').unwrap().1.parse::<usize>().unwrap();
    assert_eq!(answers.iter().map(at_once).max(), Some(16), "{answers:?}");
    assert!(app.count("front", "/instances_started") >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_of_one_give_every_request_its_own_instance() {
    let app = App::with(|options| options.max_requests = 1).await;
    assert_ne!(app.ok("/do/instance").await, app.ok("/do/instance").await);
    assert_eq!(app.count("front", "/instances_started"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_instance_is_dropped() {
    let app = App::with(|options| options.idle_ms = 50).await;
    let first = app.ok("/do/instance").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_ne!(app.ok("/do/instance").await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_is_a_500_for_every_request_of_the_instance_and_for_no_other() {
    let app = App::start().await;
    let (neighbour, trap) = tokio::join!(app.get("/do/sleep?ms=2000"), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        app.get("/do/trap").await
    });
    assert_eq!((neighbour.0, trap.0), (500, 500));
    assert_eq!(app.count("front", "/instances_started"), 1);
    assert_eq!(app.ok("/do/path").await, "/do/path");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_instance_leaves_requests_to_others() {
    let app = App::start().await;
    let (_, other) = tokio::join!(app.ok("/do/spin?ms=600"), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let start = std::time::Instant::now();
        app.ok("/do/path").await;
        start.elapsed()
    });
    assert!(other < Duration::from_millis(400), "waited {other:?} for another's loop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_is_stood_in_for() {
    let app = App::with(|options| {
        options.tick = Some("/do/increment?key=ticks&by=1".to_string());
        options.tick_every_ms = 20;
    })
    .await;
    eventually("the third tick", async || app.count("front", "/kv/increment") >= 3).await;
}
