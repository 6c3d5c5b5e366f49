//! Small requests to the served application.

use anyhow::{Context as _, Result};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Both hosts answer here without asking the application.
const HEALTH_PATH: &str = "/.well-known/spin/health";

/// Waits until `address` answers HTTP, whatever it answers.
pub async fn wait(address: SocketAddr) {
    while request(address, Method::GET, HEALTH_PATH, Duration::from_secs(5)).await.is_err() {
        sleep(Duration::from_millis(50)).await;
    }
}

/// Sends a request without a body and reads the answer to its end; the answer is its status.
///
/// # Errors
/// When there is no complete answer within `limit`.
pub async fn request(address: SocketAddr, method: Method, path: &str, limit: Duration) -> Result<StatusCode> {
    timeout(limit, exchange(address, method, path)).await.with_context(|| format!("no answer within {limit:?}"))?
}

async fn exchange(address: SocketAddr, method: Method, path: &str) -> Result<StatusCode> {
    let stream = TcpStream::connect(address).await.context("cannot connect")?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::builder().method(method).uri(path).header(HOST, address.to_string());
    let request = request.body(Empty::<Bytes>::new())?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let status = response.status();
        response.into_body().collect().await?;
        anyhow::Ok(status)
    };
    tokio::pin!(answer);
    tokio::select! {
        status = &mut answer => return status,
        // It may end right after it has passed the answer on.
        ended = connection => ended?,
    }
    answer.await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    async fn answering(text: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 1024];
                let _read = stream.read(&mut request).await.unwrap();
                stream.write_all(text.as_bytes()).await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn the_status_is_returned() {
        let address = answering("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno").await;
        let status = request(address, Method::POST, "/tick", Duration::from_secs(5)).await.unwrap();
        assert_eq!(status, StatusCode::NOT_FOUND);
        wait(address).await;
    }

    #[tokio::test]
    async fn a_connection_that_breaks_off_is_an_error() {
        let address = answering("").await;
        assert!(request(address, Method::GET, "/", Duration::from_secs(5)).await.is_err());
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_is_an_error() {
        let address = answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").await;
        assert!(request(address, Method::GET, "/", Duration::from_millis(200)).await.is_err());
    }
}
