//! Requests between components.

use crate::support::App;
use http::{Method, Request};

#[tokio::test(flavor = "multi_thread")]
async fn a_component_reaches_a_private_one_by_chaining() {
    let app = App::start().await;
    assert_eq!(app.ok("/do/send?url=http://back.spin.internal/any/do/path").await, "200 /any/do/path");
    assert_eq!(app.count("front", "/outbound/chained"), 1);
    assert_eq!(app.count("back", "/requests"), 1);
    assert_eq!(app.count("front", "/outbound/network"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chained_request_shows_no_client_address() {
    let app = App::start().await;
    let headers = app.ok("/do/send?url=http://back.spin.internal/do/headers").await;
    assert!(headers.contains("spin-client-addr: 0.0.0.0:0"), "{headers}");
    assert!(headers.contains("spin-path-info: /do/headers"), "{headers}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_component_cannot_be_reached_from_outside() {
    let app = App::start().await;
    for host in ["back.spin.internal", "back.spin.internal:80", "BACK.spin.internal"] {
        for path in ["/do/path", "/back/do/path", "/", "/wide/do/path"] {
            let request = Request::builder().method(Method::GET).uri(format!("http://{}{path}", app.authority()));
            app.send(request.header("host", host), "").await;
        }
    }
    let absolute = "GET http://back.spin.internal/do/path HTTP/1.1\r\nHost: back.spin.internal\r\n\r\n";
    crate::hostile_input::raw(&app, absolute.as_bytes()).await;
    assert_eq!(app.count("back", "/requests"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn chaining_needs_the_entry_in_the_manifest() {
    let app = App::start().await;
    let error = app.fails("/do/send?url=http://wide.spin.internal/do/path").await;
    assert_eq!(error, "ErrorCode::HttpRequestDenied");
    assert_eq!(app.ok("/wide/do/send?url=http://back.spin.internal/do/path").await, "200 /do/path");
    assert_eq!((app.count("front", "/outbound/denied"), app.count("wide", "/requests")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trap_of_the_callee_is_a_500_for_the_caller() {
    let app = App::start().await;
    assert_eq!(app.ok("/do/send?url=http://back.spin.internal/do/trap").await, "500 ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_a_component_that_does_not_exist_is_a_trap_as_in_spin() {
    let app = App::start().await;
    assert_eq!(app.get("/wide/do/send?url=http://nobody.spin.internal/").await.0, 500);
    assert_eq!(app.ok("/wide/do/path").await, "/wide/do/path");
}
