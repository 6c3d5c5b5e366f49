//! What clients send that they should not.

use crate::support::App;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends bytes on a connection of their own and returns the first line of what comes back until it closes or pauses.
pub async fn raw(app: &App, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.authority()).await.unwrap();
    // The runner may close before it has read everything.
    let _ = stream.write_all(bytes).await;
    let mut buffer = vec![0; 64 * 1024];
    let read = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut buffer)).await;
    let answer = String::from_utf8_lossy(&buffer[..read.unwrap_or(Ok(0)).unwrap_or(0)]).into_owned();
    answer.lines().next().unwrap_or_default().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_input_leaves_it_serving() {
    let app = App::start().await;
    let huge = format!("GET /do/path HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("GET /do/path HTTP/1.1\r\nHost: h\r\n{}\r\n", "X-Y: 1\r\n".repeat(5000));
    for (input, expected) in [
        (huge.as_bytes(), "HTTP/1.1 431"),
        (many.as_bytes(), "HTTP/1.1 431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "HTTP/1.1 400"),
        (b"GET /do/path HTTP/9.9\r\n\r\n", "HTTP/1.1 400"),
        (b"GET /do/path\r\n\r\n", "HTTP/1.1 400"),
        (b"POST /do/echo HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 400"),
        (b"GET /do/path HTTP/1.1\r\n\r\n", "HTTP/1.1 400"),
        (b"GET /do/path HTTP/1.1\r\nHost: a b\r\n\r\n", "HTTP/1.1 400"),
        (b"GET /do/path HTTP/1.1\r\nHost: h\r\nX-Bad: \xff\xfe\r\n\r\n", "HTTP/1.1 500"),
        (b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 404"),
        (b"GET /.well-known/spin/other HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 404"),
        (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 404"),
        (b"GET /do/../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 599"),
        (b"GET /do/path HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200"),
    ] {
        let answer = raw(&app, input).await;
        let shown = String::from_utf8_lossy(&input[..input.len().min(60)]);
        assert!(answer.starts_with(expected), "{shown:?} was answered with {answer:?}");
    }
    assert_eq!(app.ok("/do/path").await, "/do/path");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_in_the_middle_of_its_body_does_no_harm() {
    let app = App::start().await;
    for _ in 0..20 {
        let mut stream = TcpStream::connect(app.authority()).await.unwrap();
        stream.write_all(b"POST /do/echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf").await.unwrap();
        drop(stream);
    }
    assert_eq!(app.ok("/do/path").await, "/do/path");
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_spin_headers_come_before_the_hosts_own() {
    let app = App::start().await;
    let request = http::Request::get(format!("http://{}/do/headers", app.authority()));
    let (_, headers) = app.send(request.header("spin-client-addr", "6.6.6.6:6"), "").await;
    let values: Vec<_> = headers.lines().filter_map(|line| line.strip_prefix("spin-client-addr: ")).collect();
    assert_eq!((values[0], values.len()), ("6.6.6.6:6", 2), "{headers}");
    assert!(values[1].starts_with("127.0.0.1:"), "{headers}");
}
