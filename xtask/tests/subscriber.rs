//! The demo subscriber over a real connection.

#![allow(clippy::unwrap_used, reason = "a test that fails may say so by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use xtask::subscriber::server::{serve, unix_now};
use xtask::subscriber::signature::Secret;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn start() -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, lines) = mpsc::unbounded_channel();
    let secrets = vec![Secret::parse(SECRET).unwrap()];
    tokio::spawn(serve(listener, secrets, move |line| sender.send(line.to_string()).unwrap()));
    (address, lines)
}

/// Sends one request and returns everything that was answered.
async fn send(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn signed(id: &str, body: &str) -> String {
    let now = unix_now();
    let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{now}.{body}").as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    format!("webhook-id: {id}\r\nwebhook-timestamp: {now}\r\nwebhook-signature: v1,{signature}\r\n")
}

fn webhook(id: &str, title: &str) -> String {
    format!(
        r#"{{"event_id":"{id}","event_type":"i_new","event_time":1,"incident":{{"incident_id":"6928","title":"{title}",
        "incident_severity":"Critical","progress":"Triggered"}}}}"#
    )
}

#[tokio::test]
async fn a_webhook_is_taken_once_and_shown() {
    let (address, mut lines) = start().await;
    let body = webhook("e1", "disk <b>full</b>");
    for _ in 0..2 {
        let answer = send(address, "POST", "/webhook", &signed("e1", &body), &body).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let line = lines.recv().await.unwrap();
    assert!(line.ends_with("i_new Critical Triggered \"disk <b>full</b>\" incident 6928, signature ok"), "{line}");
    assert!(lines.recv().await.unwrap().contains("repeat of event e1, delivery 2"));

    let page = send(address, "GET", "/", "", "").await;
    assert!(page.contains("disk &lt;b&gt;full&lt;/b&gt;") && !page.contains("<b>"), "{page}");
    let events = send(address, "GET", "/events", "", "").await;
    let (_, json) = events.split_once("\r\n\r\n").unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 1);
    assert_eq!((json[0]["deliveries"].as_u64(), json[0]["signature"].as_str()), (Some(2), Some("ok")));
}

#[tokio::test]
async fn a_bad_signature_is_told() {
    let (address, mut lines) = start().await;
    let headers = signed("e2", &webhook("e2", "signed for this"));
    let answer = send(address, "POST", "/webhook", &headers, &webhook("e2", "but sent this")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(lines.recv().await.unwrap().contains("signature bad"));
    send(address, "POST", "/webhook", "", &webhook("e3", "not signed")).await;
    assert!(lines.recv().await.unwrap().contains("signature bad: no webhook-id"));
}

#[tokio::test]
async fn everything_else_is_refused() {
    let (address, _lines) = start().await;
    for (method, path, body, status) in [
        ("POST", "/webhook", "not json", 400),
        ("GET", "/webhook", "", 405),
        ("POST", "/events", "", 405),
        ("GET", "/other", "", 404),
    ] {
        let answer = send(address, method, path, "", body).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {path}: {answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_refused_before_it_comes() {
    let (address, _lines) = start().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: 5000000\r\n\r\n").await.unwrap();
    let mut answer = [0; 13];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413 ");
}
