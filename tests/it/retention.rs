//! What is over is kept for the time that was asked for, and then goes without a trace.

use alarum::engine::action::Action;
use serde_json::{Value, json};

use crate::support::{DEMO, PRIVATE_KEY, World, push, target};

const DAY: u64 = 24 * 3600;

fn world() -> World {
    World::with_config(&format!("retention_days = 1\n{DEMO}"))
}

/// Moves the clock to a Unix second, and a little more.
fn clock_to(world: &World, secs: u64) {
    let sim = &world.cluster.sim;
    sim.advance_ms(((secs * 1_000_000).saturating_sub(sim.now().0)) / 1000 + 100);
}

/// Keys of documents of closed incidents.
fn documents(world: &World) -> Vec<String> {
    world.cluster.store.keys().into_iter().filter(|key| key.starts_with("alarum:1:i")).collect()
}

/// Ticks until what was dropped is deleted.
fn settle(world: &World) {
    for _ in 0..3 {
        world.cluster.sim.advance_ms(200_000);
        world.cluster.tick();
    }
}

/// What stands in a board's tree, by kind, as far as it stands in the head.
fn kept(world: &World, board: &str, tree: &str) -> Vec<String> {
    let head: Value = serde_json::from_slice(&world.cluster.store.value(board).expect("a board")).expect("JSON");
    let changes = head[tree]["changes"].as_object().expect("changes").clone();
    changes.into_iter().filter(|(_, change)| !change.is_null()).map(|(key, _)| key).collect()
}

#[test]
fn a_closed_incident_goes_when_its_time_is_over_and_not_a_second_before() {
    let mut world = world();
    world.fire("a").at(10).recover("a");
    let closed = {
        world.expect_webhook("i_new");
        world.expect_webhook("i_rslv").body["incident"].clone()
    };
    let info = |world: &World| world.call("/incident/info", &json!({"incident_id": closed["incident_id"]})).0;
    let over = closed["close_time"].as_u64().expect("closed") + DAY;
    clock_to(&world, over - 1);
    world.cluster.tick();
    assert_eq!((world.incidents().len(), info(&world), documents(&world).len()), (1, 200, 1));
    clock_to(&world, over);
    world.cluster.tick();
    assert_eq!((world.incidents().len(), info(&world)), (0, 400));
    settle(&world);
    assert!(documents(&world).is_empty());
    assert!(kept(&world, "alarum:1:r:b101:1", "closed").is_empty());
}

#[test]
fn one_that_was_opened_long_ago_and_closed_lately_stays() {
    let mut world = world();
    world.fire("old").fire("done").recover("done");
    world.cluster.sim.advance_ms(2 * DAY * 1000);
    world.recover("old");
    world.cluster.tick();
    world.cluster.tick();
    let titles: Vec<Value> = world.incidents().iter().map(|i| i["title"].clone()).collect();
    assert_eq!(titles, ["old is bad"]);
    clock_to(&world, world.cluster.sim.now().secs() + DAY);
    world.cluster.tick();
    assert!(world.incidents().is_empty());
}

#[test]
fn thousands_go_in_slices() {
    let mut world = world();
    for nth in 0..600 {
        let key = format!("k{nth}");
        world.fire(&key).recover(&key);
    }
    world.at(300);
    assert_eq!(documents(&world).len(), 600);
    world.cluster.sim.advance_ms(2 * DAY * 1000);
    world.cluster.tick();
    let left = world.incidents().len();
    assert!((300..600).contains(&left), "{left}");
    let mut ticks = 0;
    while !documents(&world).is_empty() {
        world.cluster.sim.advance_ms(60_000);
        world.cluster.tick();
        ticks += 1;
        assert!(ticks < 30);
        let head = world.cluster.store.value("alarum:1:r:b101:1").expect("a board").len();
        assert!(head < 128 * 1024, "{head}");
    }
    // What was told is kept for longer here.
    world.cluster.sim.advance_ms(6 * DAY * 1000);
    for _ in 0..40 {
        settle(&world);
    }
    let left = world.cluster.store.keys();
    assert!(left.len() < 16, "{left:#?}");
}

#[test]
fn a_crash_at_any_store_call_leaves_nothing_behind() {
    for nth in 1.. {
        let mut world = world();
        for alert in 0..3 {
            let key = format!("k{alert}");
            world.fire(&key).recover(&key);
        }
        world.cluster.sim.advance_ms(2 * DAY * 1000);
        let cluster = world.cluster.clone();
        let mut finished = true;
        for _ in 0..3 {
            // The second tick drops them, the third deletes what they left.
            cluster.fanout("/tick", |_| {});
            let mut steps = 0;
            let run = std::cell::Cell::new(true);
            cluster.sim.run(|_| {
                steps += 1;
                if steps == nth {
                    cluster.crash_all();
                    run.set(false);
                }
            });
            finished &= run.get();
            cluster.sim.advance_ms(200_000);
        }
        cluster.sim.advance_ms(60_000);
        cluster.tick();
        settle(&world);
        assert!(documents(&world).is_empty(), "a crash at {nth}: {:?}", documents(&world));
        assert!(world.incidents().is_empty());
        assert!(kept(&world, "alarum:1:r:b101:1", "closed").is_empty());
        if finished {
            assert!(nth > 20, "{nth}");
            break;
        }
    }
}

#[test]
fn changes_go_too_and_a_later_event_begins_a_new_one() {
    let mut world = world();
    let path = format!("/event/push/change/standard?integration_key={PRIVATE_KEY}");
    let change = |status: &str| json!({"change_key": "c", "change_status": status, "title": "rollout", "labels": {}});
    let sent = push(&mut world, &path, &change("Processing"));
    assert_eq!(sent.status, 200, "{}", String::from_utf8_lossy(&sent.body));
    let listed = |world: &World| {
        let now = world.cluster.sim.now().secs();
        let (_, answer) = world.call("/change/list", &json!({"start_time": now - 5 * DAY, "end_time": now}));
        answer["data"]["total"].as_u64().expect("a total")
    };
    let at = world.cluster.sim.now().secs();
    clock_to(&world, at + DAY - 1);
    world.cluster.tick();
    assert_eq!(listed(&world), 1);
    clock_to(&world, at + DAY);
    world.cluster.tick();
    assert_eq!(listed(&world), 0);
    assert!(kept(&world, "alarum:1:r:b0:1", "index").is_empty());
    push(&mut world, &path, &change("Done"));
    assert_eq!(listed(&world), 1);
}

#[test]
fn muted_alerts_go_when_nothing_was_heard_of_them_and_recovered_ones_too() {
    let mut world = world();
    let alert = |status: &str, key: &str| {
        json!({"event_status": status, "title_rule": "t", "alert_key": key,
        "labels": {"host": "h"}})
    };
    world.push(alert("Critical", "a"));
    let id = world.expect_webhook("i_new").incident_id;
    world.cluster.act(101, Action::Silence(id, 30 * DAY)).expect("silenced");
    world.push(alert("Critical", "open")).push(alert("Critical", "over")).push(alert("Ok", "over"));
    let at = world.cluster.sim.now().secs();
    let board = "alarum:1:r:b101:1";
    let muted = |world: &World| {
        let count = |tree: &str, kind: &str| kept(world, board, tree).iter().filter(|k| k.starts_with(kind)).count();
        (count("open", "a:"), count("closed", "x:"), count("due", "d:"))
    };
    clock_to(&world, at + DAY - 1);
    world.cluster.tick();
    // What is due of one that has recovered is left there until its time comes.
    assert_eq!(muted(&world), (2, 1, 2));
    clock_to(&world, at + DAY);
    world.cluster.tick();
    assert_eq!(muted(&world), (1, 0, 1), "the one in an incident stays");
    assert_eq!(push(&mut world, &target(PRIVATE_KEY, ""), &alert("Critical", "open")).status, 200);
    assert_eq!(muted(&world), (2, 0, 2), "heard of again, it is new");
}
