//! Outbound requests that leave the process.

use crate::support::App;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A server that answers every request with `pieces`, a pause after each.
async fn upstream(pieces: &'static [&'static str], pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {
                    for piece in pieces {
                        if stream.write_all(piece.as_bytes()).await.is_err() {
                            return;
                        }
                        tokio::time::sleep(pause).await;
                    }
                }
            });
        }
    });
    format!("http://{address}")
}

async fn app_for(upstream: &str) -> App {
    let allow = format!("upstream={upstream}");
    App::with(|options| options.variable = vec![allow.clone()]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_host_is_reached_and_another_is_denied() {
    let there = upstream(&["HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello"], Duration::ZERO).await;
    let other = upstream(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], Duration::ZERO).await;
    let app = app_for(&there).await;
    assert_eq!(app.ok(&format!("/do/send?url={there}/x")).await, "201 hello");
    assert_eq!(app.ok(&format!("/do/send?url={there}/x")).await, "201 hello");
    assert_eq!(app.fails(&format!("/do/send?url={other}/x")).await, "ErrorCode::HttpRequestDenied");
    assert_eq!((app.count("front", "/outbound/network"), app.count("front", "/outbound/denied")), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let there =
        upstream(&["HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"], Duration::ZERO)
            .await;
    assert_eq!(app_for(&there).await.ok(&format!("/do/send?url={there}/")).await, "302 ");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_limits_are_kept() {
    let silent = upstream(&[""], Duration::from_secs(60)).await;
    let stalling = upstream(&["HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"], Duration::from_secs(60)).await;
    for there in [silent, stalling] {
        let app = app_for(&there).await;
        let start = std::time::Instant::now();
        let error = app.fails(&format!("/do/send-limited?ms=200&url={there}/")).await;
        assert!(error.contains("ConnectionReadTimeout"), "{error}");
        assert!((150..2000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_their_own_codes() {
    let app = App::start().await;
    for (url, expected) in [
        ("http://127.0.0.1:1/", "ErrorCode::ConnectionRefused"),
        ("http://no-such-host.invalid/", "ErrorCode::DnsError"),
    ] {
        let error = app.fails(&format!("/wide/do/send?url={url}")).await;
        assert!(error.starts_with(expected), "{url}: {error}");
    }
    let garbage = upstream(&["this is not HTTP\r\n\r\n"], Duration::ZERO).await;
    let error = app.fails(&format!("/wide/do/send?url={garbage}/")).await;
    assert!(error.starts_with("ErrorCode::HttpProtocolError"), "{error}");
    // The port is wrong for TLS, not for TCP; the manifest must allow the scheme as well.
    let error = app.fails(&format!("/wide/do/send?url={}/", garbage.replace("http", "https"))).await;
    assert_eq!(error, "ErrorCode::HttpRequestDenied");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_with_a_server_that_has_none_is_a_tls_error() {
    let garbage = upstream(&["this is not TLS\r\n\r\n"], Duration::ZERO).await.replace("http", "https");
    let error = app_for(&garbage).await.fails(&format!("/do/send?url={garbage}/")).await;
    assert_eq!(error, "ErrorCode::TlsProtocolError");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_address_is_reached_as_self() {
    let app = App::start().await;
    assert_eq!(app.ok("/wide/do/send?url=http://self.alt/do/path").await, "200 /do/path");
    assert_eq!(app.fails("/do/send?url=http://self.alt/do/path").await, "ErrorCode::HttpRequestDenied");
}
