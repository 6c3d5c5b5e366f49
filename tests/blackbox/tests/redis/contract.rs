//! What the application needs of a store, held against Redis through the adapter; and, as far as it promises the same,
//! against Spin's own store.

use std::collections::BTreeSet;

use blackbox::{Deployment, Options, Redis};

fn fixture(redis: &std::sync::Arc<Redis>) -> Options {
    Options { redis: Some(redis.clone()), store_fixture: true, ..Options::default() }
}

/// Asks the fixture; its answer must be a 200.
fn ask(machine: &Deployment, target: &str) -> String {
    let (status, text) = told(machine, target);
    assert_eq!(status, 200, "{target}: {text}");
    text
}

fn told(machine: &Deployment, target: &str) -> (u16, String) {
    let answer = machine.client.send("GET", target, "text/plain", b"").expect("answered");
    (answer.status, answer.text)
}

#[test]
fn redis_keeps_the_contract_of_the_store() {
    let Some(redis) = Redis::start() else { return };
    let Some(machine) = Deployment::start(fixture(&redis)) else { return };
    assert_eq!(ask(&machine, "/cases?key=t"), "");
    // The cases were held against this Redis.
    assert!(!redis.ask("DBSIZE").contains(":0\r\n"));
}

#[test]
fn spin_s_own_store_keeps_it_as_well() {
    let Some(machine) = Deployment::start(Options { store_fixture: true, ..Options::default() }) else { return };
    assert_eq!(ask(&machine, "/cases?key=t"), "");
}

#[test]
fn the_components_for_a_redis_ask_the_host_for_no_store_of_its_own() {
    let Some(redis) = Redis::start() else { return };
    let options = Options { redis: Some(redis), ..Options::default() };
    let Some(on_redis) = Deployment::start(options) else { return };
    let Some(on_its_own) = Deployment::start(Options::default()) else { return };
    let imports = |machine: &Deployment, component: &str, interface: &str| {
        let wasm = std::fs::read(&machine.components()[component]).expect("a component");
        wasm.windows(interface.len()).any(|bytes| bytes == interface.as_bytes())
    };
    let components = on_redis.components();
    assert!(components.contains_key("ingest") && components.len() > 8, "{components:?}");
    for name in components.keys() {
        let found = ["wasi:keyvalue/", "spin:key-value/"].map(|interface| imports(&on_redis, name, interface));
        assert_eq!(found, [false; 2], "{name}");
    }
    // What is looked for stands there where it is used.
    assert!(
        imports(&on_its_own, "fanout", "wasi:keyvalue/atomics") && imports(&on_its_own, "fanout", "spin:key-value/")
    );
}

#[test]
fn of_many_swaps_on_two_machines_one_wins_every_round_also_on_a_missing_key() {
    let Some(redis) = Redis::start() else { return };
    let Some(one) = Deployment::start(fixture(&redis)) else { return };
    let other = Deployment::start(fixture(&redis)).expect("as the first");
    let (mut was, mut met) = (String::new(), 0);
    for round in 0..25 {
        let answers: Vec<(String, String)> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..16)
                .map(|racer| {
                    let machine = if racer % 2 == 0 { &one } else { &other };
                    let (was, then) = (&was, format!("{round}-{racer}"));
                    let target = format!("/race?key=raced&was={was}&then={then}&wait_us=30000");
                    scope.spawn(move || (ask(machine, &target), then))
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().expect("no panic")).collect()
        });
        let won: Vec<&String> = answers.iter().filter(|(how, _)| how == "stored").map(|(_, then)| then).collect();
        let [winner] = won[..] else { panic!("round {round}: {answers:?}") };
        assert_eq!([ask(&one, "/get?key=raced"), ask(&other, "/get?key=raced")], [&**winner; 2], "round {round}");
        met += usize::from(answers.iter().any(|(how, _)| how == "conflict"));
        was.clone_from(winner);
    }
    assert!(met > 12, "they met in {met} rounds only");
}

#[test]
fn a_counter_gives_no_number_twice_on_two_machines() {
    let Some(redis) = Redis::start() else { return };
    let Some(one) = Deployment::start(fixture(&redis)) else { return };
    let other = Deployment::start(fixture(&redis)).expect("as the first");
    let drawn: Vec<i64> = std::thread::scope(|scope| {
        let draw = |machine| scope.spawn(move || ask(machine, "/count?key=counted&times=50"));
        let drawing: Vec<_> = [&one, &other].into_iter().cycle().take(8).map(draw).collect();
        let texts = drawing.into_iter().map(|drawing| drawing.join().expect("no panic"));
        texts.flat_map(|text| text.split(' ').map(|n| n.parse().expect("a number")).collect::<Vec<i64>>()).collect()
    });
    assert_eq!((drawn.len(), drawn.into_iter().collect()), (400, (1..=400).collect::<BTreeSet<i64>>()));
}

#[test]
fn a_password_and_a_database_of_its_own_are_used() {
    let Some(redis) = Redis::start_with(Some("p@ss/w:rd%")) else { return };
    let with = |database: &str, login: &'static str| {
        let variables = vec![("redis_login", login.to_owned()), ("redis_database", database.to_owned())];
        Deployment::start(Options { variables, ..fixture(&redis) })
    };
    let Some(three) = with("3", ":p%40ss%2Fw%3Ard%25@") else { return };
    assert_eq!(ask(&three, "/race?key=k&was=&then=here"), "stored");
    let four = with("4", "default:p%40ss%2Fw%3Ard%25@").expect("as the first");
    assert_eq!((ask(&three, "/get?key=k"), ask(&four, "/get?key=k")), ("here".to_owned(), String::new()));
    assert!(redis.ask("INFO keyspace").contains("db3:keys=1"));
    let stranger = with("3", "").expect("as the first");
    let (status, text) = told(&stranger, "/get?key=k");
    assert!(status == 500 && text.contains("Authentication required"), "{status} {text}");
}

#[test]
fn a_redis_that_the_manifest_does_not_allow_is_not_called() {
    let Some(redis) = Redis::start() else { return };
    let Some(machine) = Deployment::start(Options { denied: true, ..fixture(&redis) }) else { return };
    let (status, text) = told(&machine, "/get?key=k");
    assert!(status == 500 && text.contains("not allowed"), "{status} {text}");
}
