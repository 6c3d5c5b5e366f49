//! Key-value calls through a component.

use crate::support::{App, workplace};
use alarum_runner::StoreKind;

const DATABASE: &str = "sqlite_key_value.db";

#[tokio::test(flavor = "multi_thread")]
async fn values_are_set_read_listed_and_deleted() {
    let app = App::start().await;
    app.ok("/do/set?key=a&value=1").await;
    app.ok("/do/set?key=b&value=2").await;
    assert_eq!(app.ok("/do/get?key=a").await, "1");
    assert_eq!(app.ok("/do/keys").await, "a,b");
    assert_eq!(app.ok("/do/exists?key=b").await, "true");
    app.ok("/do/delete?key=a").await;
    assert_eq!(app.ok("/do/get?key=a").await, "none");
    assert_eq!(app.ok("/do/list").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_not_in_the_manifest_is_denied() {
    let app = App::start().await;
    assert_eq!(app.fails("/wide/do/open?store=default").await, "Error::AccessDenied");
    assert_eq!(app.fails("/do/open?store=other").await, "Error::AccessDenied");
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_compare_and_swap_on_a_present_key_loses_nothing() {
    let app = App::with(|options| options.store = StoreKind::Memory).await;
    app.ok("/do/set?key=n&value=0").await;
    for _ in 0..4 {
        let all = (0..16).map(|_| app.ok("/do/cas-add?key=n&ms=1"));
        futures_util::future::join_all(all).await;
    }
    assert_eq!(app.ok("/do/get?key=n").await, "64");
    assert!(app.count("front", "/kv/swap_conflict") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_creators_of_a_missing_key_win_as_in_spin() {
    let app = App::start().await;
    let (first, second) =
        tokio::join!(app.ok("/do/cas-once?key=new&value=1&ms=200"), app.ok("/do/cas-once?key=new&value=2&ms=200"));
    assert_eq!((first.as_str(), second.as_str()), ("won", "won"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_swap_knows_the_value_that_won() {
    let app = App::start().await;
    app.ok("/do/set?key=k&value=old").await;
    let (slow, _) = tokio::join!(app.ok("/do/cas-once?key=k&value=mine&ms=300"), async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        app.ok("/do/set?key=k&value=theirs").await
    });
    assert_eq!(slow, "lost to theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_can_swap_as_often_as_it_likes() {
    let app = App::with(|options| options.store = StoreKind::Memory).await;
    app.ok("/do/set?key=n&value=0").await;
    app.ok("/do/cas-many?key=n&times=1000").await;
    assert_eq!(app.ok("/do/get?key=n").await, "1000");
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_eight_bytes_little_endian_and_refuse_other_values() {
    let app = App::start().await;
    assert_eq!(app.ok("/do/increment?key=n&by=258").await, "258");
    assert_eq!(app.ok("/do/increment?key=n&by=-1").await, "257");
    assert_eq!(app.ok("/do/counter?key=n").await, "[1, 1, 0, 0, 0, 0, 0, 0]");
    app.ok("/do/set?key=n&value=abc").await;
    assert!(app.fails("/do/increment?key=n&by=1").await.contains("3 bytes"));
    assert_eq!(app.ok("/do/get?key=n").await, "abc");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_leave_out_missing_keys_and_are_one_commit() {
    let app = App::start().await;
    app.ok("/do/batch-set?keys=a,b,c").await;
    assert_eq!(app.stats()["commits"], 1);
    assert_eq!(app.ok("/do/batch-get?keys=c,none,a").await, "a,c");
    app.ok("/do/batch-delete?keys=a,b,none").await;
    assert_eq!(app.ok("/do/keys").await, "c");
    assert_eq!(app.stats()["commits"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_there_after_a_restart() {
    let app = App::start().await;
    app.ok("/do/set?key=kept&value=yes").await;
    let directory = app.stop().await;
    let app = App::in_directory(directory, |_| ()).await;
    assert_eq!(app.ok("/do/get?key=kept").await, "yes");
    assert!(app.state_dir().join(DATABASE).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_store_leaves_no_file_and_keeps_nothing() {
    let app = App::in_directory(workplace(), |options| options.store = StoreKind::Memory).await;
    app.ok("/do/set?key=gone&value=yes").await;
    let directory = app.stop().await;
    assert!(!directory.path().join("state").join(DATABASE).exists());
    let app = App::in_directory(directory, |options| options.store = StoreKind::Memory).await;
    assert_eq!(app.ok("/do/get?key=gone").await, "none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_delay_slows_writes_down() {
    let app = App::with(|options| {
        options.store = StoreKind::Memory;
        options.commit_delay_ms = 50;
    })
    .await;
    let start = std::time::Instant::now();
    // One lock for all: two writes at once take twice the time.
    tokio::join!(app.ok("/do/set?key=a&value=1"), app.ok("/do/set?key=b&value=1"));
    assert!(start.elapsed().as_millis() >= 100);
    assert!(app.stats()["commit_us_total"].as_u64().unwrap() >= 100_000);
}
