//! Subscribers that answer oddly, or not at all: what a courier meets out there, on real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};

/// How long a connection is held at most, when nobody closes it.
const HELD: Duration = Duration::from_secs(5);
/// How much of a body comes at once where it is endless.
const CHUNK: usize = 64 * 1024;

/// What a subscriber does with a request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Answers with this status line and these headers, and an empty body.
    Answers(String),
    /// Answers with a redirect to itself.
    RedirectsToItself,
    /// Reads the request and says nothing.
    Hangs,
    /// Answers with one byte a second.
    Drips,
    /// Closes the connection in the middle of the answer's headers, by a reset.
    Resets,
    /// Answers with a body of this many bytes.
    Floods(usize),
    /// Answers with something that is not HTTP.
    Babbles,
    /// Speaks TLS, with a certificate that nobody has signed.
    SelfSigned,
}

/// The subscriber; it takes no more connections when it is dropped.
pub struct Odd {
    /// Where events are to be sent.
    pub url: String,
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
}

impl Odd {
    /// Starts one on a free port.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let scheme = if matches!(behaviour, Behaviour::SelfSigned) { "https" } else { "http" };
        let url = format!("{scheme}://{address}/odd");
        let tls = Arc::new(self_signed());
        let (requests, ended) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (counted, over, own) = (requests.clone(), ended.clone(), url.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (behaviour, counted, tls, own) = (behaviour.clone(), counted.clone(), tls.clone(), own.clone());
                std::thread::spawn(move || {
                    // Whoever has given up waiting for us closes the connection: then there is nothing left to do.
                    let _ = converse(stream, &behaviour, &counted, &own, tls);
                });
            }
        });
        Self { url, address, requests, ended }
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Odd {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // It looks when somebody comes.
        let _ = TcpStream::connect(self.address);
    }
}

fn converse(
    mut stream: TcpStream,
    behaviour: &Behaviour,
    requests: &AtomicUsize,
    own: &str,
    tls: Arc<ServerConfig>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(HELD))?;
    stream.set_write_timeout(Some(HELD))?;
    if let Behaviour::SelfSigned = behaviour {
        let mut connection = ServerConnection::new(tls).map_err(std::io::Error::other)?;
        let mut encrypted = rustls::Stream::new(&mut connection, &mut stream);
        read_request(&mut encrypted)?;
        requests.fetch_add(1, Ordering::SeqCst);
        return encrypted.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }
    if let Behaviour::Resets = behaviour {
        // What has come and is not read when the connection is closed makes the kernel reset it.
        stream.read_exact(&mut [0; 16])?;
        std::thread::sleep(Duration::from_millis(100));
    } else {
        read_request(&mut stream)?;
    }
    requests.fetch_add(1, Ordering::SeqCst);
    match behaviour {
        Behaviour::Answers(head) => {
            write!(stream, "HTTP/1.1 {head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Behaviour::RedirectsToItself => write!(
            stream,
            "HTTP/1.1 301 Moved Permanently\r\nlocation: {own}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ),
        Behaviour::Hangs => stream.read(&mut [0]).map(|_| ()),
        Behaviour::Drips => {
            for byte in b"HTTP/1.1 200 OK\r\n" {
                stream.write_all(&[*byte])?;
                std::thread::sleep(Duration::from_secs(1));
            }
            Ok(())
        }
        Behaviour::Resets => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-"),
        Behaviour::Floods(bytes) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n")?;
            for _ in 0..bytes / CHUNK {
                stream.write_all(&[b'x'; CHUNK])?;
            }
            Ok(())
        }
        Behaviour::Babbles => stream
            .write_all(b"220 mail.example.net ESMTP\r\n\x00\xff\xfe")
            .and_then(|()| stream.shutdown(std::net::Shutdown::Write)),
        Behaviour::SelfSigned => Ok(()),
    }
}

/// Reads a request to the end of its body.
fn read_request(stream: &mut impl Read) -> std::io::Result<()> {
    let (mut read, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        read.extend_from_slice(&chunk[..count]);
        let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
        let whole = length.map_or_else(|| read.ends_with(b"0\r\n\r\n"), |length: usize| read.len() >= end + 4 + length);
        if whole {
            return Ok(());
        }
    }
}

fn self_signed() -> ServerConfig {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("a key that belongs to the certificate")
}
