//! The counters.

use crate::support::App;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_counted_exactly() {
    let app = App::start().await;
    for path in [
        "/do/set?key=a&value=12345",
        "/do/set?key=b&value=12",
        "/do/get?key=a",
        "/do/get?key=none",
        "/do/exists?key=a",
        "/do/keys",
        "/do/delete?key=b",
        "/do/increment?key=n&by=1",
        "/do/batch-set?keys=x,y,z",
        "/do/batch-get?keys=x,y,none",
        "/do/batch-delete?keys=x,y",
        "/do/cas-once?key=a&value=new",
        "/do/send?url=http://back.spin.internal/do/path",
    ] {
        app.ok(path).await;
    }
    app.fails("/do/send?url=http://elsewhere.example/").await;
    let stats = app.stats();
    let front = &stats["components"]["front"];
    assert_eq!(front["requests"], 14);
    assert_eq!(front["instances_started"], 1);
    assert_eq!(
        front["kv"],
        json!({
            "get": 2, "get_many": 1, "exists": 1, "get_keys": 1, "cas_read": 1,
            "set": 2, "set_many": 1, "delete": 1, "delete_many": 1, "increment": 1, "swap": 1, "swap_conflict": 0,
            "reads": 6, "writes": 7, "keys_written": 2 + 3 + 1 + 2 + 1 + 1,
            // The values read: a, the names a and b, x and y (each its own name), a again.
            "bytes_read": 5 + 2 + 2 + 5,
            "bytes_written": 5 + 2 + 3 + 8 + 3,
        })
    );
    assert_eq!(front["outbound"], json!({ "chained": 1, "network": 0, "denied": 1 }));
    assert_eq!(stats["commits"], 7);
    assert!(stats["commit_us_total"].as_u64().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_control_listener_shows_and_resets_them() {
    let app = App::with(|options| options.control = Some("127.0.0.1:0".parse().unwrap())).await;
    app.ok("/do/set?key=a&value=1").await;
    let control = app.control();
    let get = || http::Request::get(format!("{control}/stats"));
    let (status, body) = app.send(get(), "").await;
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap(), app.stats());
    assert_eq!(app.send(http::Request::post(format!("{control}/stats/reset")), "").await.0, 200);
    assert_eq!((app.count("front", "/kv/set"), app.count("front", "/requests")), (0, 0));
    assert_eq!(app.stats()["commits"], 0);
    assert_eq!(app.send(http::Request::get(format!("{control}/other")), "").await.0, 404);
}
