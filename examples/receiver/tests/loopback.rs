//! The receiver over real connections.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use alarum::board::{Event as Happening, EventType, Incident};
use alarum::config::Config;
use alarum::delivery::{payload, sign};
use alarum::secret::Secret;
use receiver::receiver::{Event, State};
use receiver::server::{Limits, serve};
use receiver::signature::Secrets;
use standardwebhooks::Webhook;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const LIMITS: Limits = Limits { body_bytes: 2048, time: Duration::from_secs(1), connections: 16 };

/// A receiver on a free port, with room for two events that wait. Nobody works on them unless a test does.
async fn start() -> (SocketAddr, mpsc::Receiver<Event>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (sender, events) = mpsc::channel(2);
    let state = State::new(Secrets::new([SECRET]).expect("a secret"), 100);
    tokio::spawn(serve(listener, state, sender, LIMITS));
    (address, events)
}

/// Sends what is given and returns the status that is answered.
async fn exchange(address: SocketAddr, request: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(request).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
    status.unwrap_or_else(|| panic!("no status: {answer:?}"))
}

async fn post(address: SocketAddr, headers: &str, body: &str) -> u16 {
    let length = body.len();
    let head = format!("POST /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n");
    exchange(address, format!("{head}{headers}\r\n{body}").as_bytes()).await
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64
}

/// The headers of a body that was signed at a time.
fn signed_at(secret: &str, timestamp: i64, body: &str) -> String {
    let signature = Webhook::new(secret).expect("a secret").sign("m", timestamp, body.as_bytes()).expect("signed");
    format!("webhook-id: m\r\nwebhook-timestamp: {timestamp}\r\nwebhook-signature: {signature}\r\n")
}

async fn post_signed(address: SocketAddr, body: &str) -> u16 {
    post(address, &signed_at(SECRET, now(), body), body).await
}

fn body(event_id: &str, incident_id: &str, event_time: u64) -> String {
    format!(
        r#"{{"event_id":"{event_id}","event_type":"i_new","event_time":{event_time},"incident":{{"incident_id":
        "{incident_id}","title":"disk full","incident_severity":"Critical","progress":"Triggered"}}}}"#
    )
}

/// The ids of what was handed over.
fn handed_over(events: &mut mpsc::Receiver<Event>) -> Vec<String> {
    std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.event_id).collect()
}

#[tokio::test]
async fn an_event_is_answered_without_waiting_for_work_and_handed_over_once() {
    let (address, mut events) = start().await;
    // Nobody works on what is handed over, and it is answered all the same.
    for _ in 0..2 {
        assert_eq!(post_signed(address, &body("e1", "i1", 5)).await, 204);
    }
    assert_eq!(handed_over(&mut events), ["e1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_event_on_many_connections_at_once_is_handed_over_once() {
    let (address, mut events) = start().await;
    let posts = (0..8).map(|_| tokio::spawn(async move { post_signed(address, &body("e1", "i1", 5)).await }));
    for post in posts.collect::<Vec<_>>() {
        assert_eq!(post.await.expect("sent"), 204);
    }
    assert_eq!(handed_over(&mut events), ["e1"]);
}

#[tokio::test]
async fn an_older_event_of_the_same_incident_is_answered_and_dropped() {
    let (address, mut events) = start().await;
    for (event_id, incident_id, time) in [("e2", "i1", 6), ("e1", "i1", 5), ("e3", "i2", 4)] {
        assert_eq!(post_signed(address, &body(event_id, incident_id, time)).await, 204);
    }
    assert_eq!(handed_over(&mut events), ["e2", "e3"]);
}

#[tokio::test]
async fn a_bad_signature_is_refused_and_leaves_no_trace() {
    let (address, mut events) = start().await;
    let body = body("e1", "i1", 5);
    assert_eq!(post(address, &signed_at(OTHER, now(), &body), &body).await, 401);
    assert_eq!(post(address, &signed_at(SECRET, now(), "{}"), &body).await, 401);
    assert_eq!(post(address, "", &body).await, 401);
    assert_eq!(post_signed(address, &body).await, 204);
    assert_eq!(handed_over(&mut events), ["e1"]);
}

#[tokio::test]
async fn a_timestamp_that_is_not_of_now_is_refused() {
    let (address, mut events) = start().await;
    let body = body("e1", "i1", 5);
    for timestamp in [now() - 310, now() + 310, 0] {
        assert_eq!(post(address, &signed_at(SECRET, timestamp, &body), &body).await, 401, "{timestamp}");
    }
    assert_eq!(handed_over(&mut events), [""; 0]);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_however_it_comes() {
    let (address, mut events) = start().await;
    // Refused by what it says of itself, before any of it is there.
    let announced = b"POST /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2049\r\n\r\n";
    assert_eq!(exchange(address, announced).await, 413);
    // In chunks, it says nothing of itself: 0x801 bytes are one too many.
    let chunked = "POST /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n801\r\n";
    let large = " ".repeat(2049);
    assert_eq!(exchange(address, format!("{chunked}{large}\r\n0\r\n\r\n").as_bytes()).await, 413);
    let padded = format!("{:2048}", body("e1", "i1", 5));
    assert_eq!(post_signed(address, &padded).await, 204);
    assert_eq!(handed_over(&mut events), ["e1"]);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up_and_keeps_nobody_waiting() {
    let (address, mut events) = start().await;
    let slow = b"POST /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 100\r\n\r\n{";
    let begun = Instant::now();
    let slow = tokio::spawn(async move { exchange(address, slow).await });
    assert_eq!(post_signed(address, &body("e1", "i1", 5)).await, 204);
    assert_eq!(slow.await.expect("sent"), 408);
    assert!(begun.elapsed() >= LIMITS.time);
    assert_eq!(handed_over(&mut events), ["e1"]);
}

#[tokio::test]
async fn connections_that_say_nothing_do_not_lock_others_out() {
    let (address, mut events) = start().await;
    let mut silent = Vec::new();
    for _ in 0..LIMITS.connections {
        silent.push(TcpStream::connect(address).await.expect("connected"));
    }
    let begun = Instant::now();
    assert_eq!(post_signed(address, &body("e1", "i1", 5)).await, 204);
    assert!(begun.elapsed() > LIMITS.time / 2, "there was room for one more: {:?}", begun.elapsed());
    assert_eq!(handed_over(&mut events), ["e1"]);
}

#[tokio::test]
async fn what_there_is_no_room_for_is_asked_for_again() {
    let (address, mut events) = start().await;
    for (event_id, status) in [("e1", 204), ("e2", 204), ("e3", 503)] {
        assert_eq!(post_signed(address, &body(event_id, event_id, 5)).await, status, "{event_id}");
    }
    assert_eq!(handed_over(&mut events), ["e1", "e2"]);
    assert_eq!(post_signed(address, &body("e3", "e3", 5)).await, 204);
    assert_eq!(handed_over(&mut events), ["e3"]);
}

#[tokio::test]
async fn unknown_types_are_answered_and_other_requests_are_told() {
    let (address, mut events) = start().await;
    assert_eq!(post_signed(address, r#"{"event_type":"i_of_next_year"}"#).await, 204);
    assert_eq!(post_signed(address, "not JSON").await, 400);
    for (request, status) in [("GET /webhook", 405), ("POST /", 404), ("GET /webhook/x", 404)] {
        let request = format!("{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        assert_eq!(exchange(address, request.as_bytes()).await, status, "{request}");
    }
    assert_eq!(handed_over(&mut events), [""; 0]);
}

/// A webhook as Alarum makes and signs it, with these secrets.
fn by_alarum(secrets: &[&str]) -> (String, String) {
    let config = "version = 1\nbase_url = \"https://duty.example.net\"\n[account]\nid = 7\nname = \"Example\"\n";
    let config = Config::parse(config).expect("a configuration");
    let incident_id = "6928f1a4c05b7e33d1a90b4e".to_owned();
    let happening = Happening {
        event_id: "5b0f8e6d9c1a4f7d8a2b3c4d5e6f7081".to_owned(),
        event_type: EventType::New,
        event_time: 1_795_165_977_412,
        person_id: None,
        incident: Some(Incident { incident_id, title: "disk „/var“ full".to_owned(), ..Incident::default() }),
        alert: None,
    };
    let body = payload(&happening, &config);
    let secrets: Vec<Secret> = secrets.iter().map(|text| Secret::new(*text)).collect();
    let secrets: Vec<&Secret> = secrets.iter().collect();
    let headers = sign::sign(&secrets, &happening.event_id, now().unsigned_abs(), &body).expect("signed");
    let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    (headers, String::from_utf8(body).expect("JSON"))
}

#[tokio::test]
async fn what_alarum_signs_is_taken_also_while_the_secret_is_being_changed() {
    for secrets in [&[SECRET][..], &[OTHER, SECRET], &[SECRET, OTHER]] {
        let (address, mut events) = start().await;
        let (headers, body) = by_alarum(secrets);
        assert_eq!(post(address, &headers, &body).await, 204);
        let event = events.try_recv().expect("handed over");
        assert_eq!(event.event_id, "5b0f8e6d9c1a4f7d8a2b3c4d5e6f7081");
        assert!(headers.contains(&format!("webhook-id: {}\r\n", event.event_id)));
        assert_eq!((event.event_type.as_str(), event.event_time), ("i_new", 1_795_165_977_412));
        assert_eq!(event.incident.incident_id, "6928f1a4c05b7e33d1a90b4e");
        assert_eq!(event.incident.title, "disk „/var“ full");
        assert_eq!(event.incident.progress, "Triggered");
    }
    let (address, _events) = start().await;
    let (headers, body) = by_alarum(&[OTHER]);
    assert_eq!(post(address, &headers, &body).await, 401);
}

/// The program, ended with the test.
struct Program(std::process::Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[tokio::test]
async fn the_program_prints_what_it_takes() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_receiver"));
    command.arg("0").env("ALARUM_SECRET", OTHER).env("ALARUM_SECRET_NEXT", SECRET).stdout(Stdio::piped());
    let mut program = Program(command.spawn().expect("started"));
    let mut lines = BufReader::new(program.0.stdout.take().expect("its output")).lines();
    let mut line = || lines.next().expect("a line").expect("readable");
    let greeting = line();
    let address = greeting.strip_prefix("listening at http://").and_then(|rest| rest.strip_suffix("/webhook"));
    let address = address.and_then(|address| address.parse().ok()).unwrap_or_else(|| panic!("{greeting}"));
    assert_eq!(post_signed(address, &body("e1", "i1", 5)).await, 204);
    assert_eq!(line(), r#""i_new" "Critical" "Triggered" "disk full" incident "i1""#);
}

#[test]
fn the_program_says_what_it_needs_and_shows_no_secret() {
    let run = |arguments: &[&str], secret: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_receiver"));
        command.args(arguments).env("ALARUM_SECRET", secret).env_remove("ALARUM_SECRET_NEXT");
        let output = command.output().expect("run");
        assert!(!output.status.success());
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(run(&[], SECRET).contains("usage: receiver PORT"));
    assert!(run(&["0"], "").contains("ALARUM_SECRET is not set"));
    let problem = run(&["0"], "whsec_c2hvcnQ=");
    assert!(problem.contains("24 to 64 bytes") && !problem.contains("c2hvcnQ"), "{problem}");
}
