//! Time, randomness, the log and the wake on Spin.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use spin_sdk::http::body::IncomingBodyExt;

use crate::delivery::DeliveryReport;
use crate::ports::{Admission, Advice, Clock, Log, Random, Relay, Seen, StoreCall, StoreCalls, Wake, Whom};
use crate::time::Timestamp;

thread_local! {
    static CALLS: Cell<StoreCalls> = const { Cell::new([0; 8]) };
}

/// How many calls of the store this instance has begun, by kind. Each of them may block all of it.
pub(super) fn calls() -> StoreCalls {
    CALLS.get()
}

/// To be called by the adapter of the store with each call it begins: who declines waits until there is none.
pub(super) fn begin_call(kind: StoreCall) {
    let mut calls = CALLS.get();
    if let Some(count) = calls.get_mut(kind as usize) {
        *count = count.wrapping_add(1);
    }
    CALLS.set(calls);
}

/// The platform.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spin;

impl Clock for Spin {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
    }

    async fn sleep_us(&self, us: u64) {
        spin_sdk::time::sleep(Duration::from_micros(us)).await;
    }
}

impl Random for Spin {
    fn next_u64(&self) -> u64 {
        spin_sdk::wasip3::random::random::get_random_u64()
    }
}

impl Log for Spin {
    fn line(&self, text: &str) {
        eprintln!("{text}");
    }
}

impl Wake for Spin {
    async fn wake(&self, company: bool) -> Option<Seen> {
        let query = if company { "?company=1" } else { "" };
        let data = chained(&format!("http://fanout.spin.internal/wake{query}"), Vec::new()).await?;
        crate::json::from_value(data.get("seen")?.clone()).ok()
    }
}

impl Relay for Spin {
    async fn deliver(&self, channel: i64, token: u64) -> Option<DeliveryReport> {
        let url = format!("http://courier.spin.internal/deliver?channel={channel}&token={token}");
        crate::json::from_value(chained(&url, Vec::new()).await?).ok()
    }

    async fn retry(&self) -> Option<DeliveryReport> {
        crate::json::from_value(chained("http://courier.spin.internal/retry", Vec::new()).await?).ok()
    }

    async fn run_action(&self, action: i64, run: Vec<u8>) -> Option<String> {
        let data = chained(&format!("http://webhooks.spin.internal/action?id={action}"), run).await?;
        data.get("message")?.as_str().map(str::to_owned)
    }
}

impl Advice for Spin {
    async fn ask(&self, whom: Whom, path: &str, body: Vec<u8>) -> Option<(u16, Vec<u8>)> {
        let url = format!("http://{}.spin.internal{path}", whom.name());
        let answered = match spin_sdk::http::post(&url, body).await {
            Ok(response) => {
                let status = response.status().as_u16();
                response.into_body().bytes().await.map(|body| (status, body.to_vec()))
            }
            Err(error) => Err(error),
        };
        answered.inspect_err(|error| failed(&url, &error.to_string())).ok()
    }
}

impl Admission for Spin {
    async fn decline(&self) {
        // A request that was given to this instance and not begun would be stuck for as long as it declines. Who
        // yields goes on after everything that was ready to begin has begun; but if a call of the store blocked the
        // instance meanwhile, the host may have given it more.
        loop {
            let before = calls();
            spin_sdk::wit_bindgen::yield_async().await;
            if before == calls() {
                break;
            }
        }
        // Under backpressure the host counts the instance as not available, and lets it end once it is idle.
        spin_sdk::wit_bindgen::backpressure_inc();
    }

    fn accept(&self) {
        spin_sdk::wit_bindgen::backpressure_dec();
    }
}

/// Calls another component; its answer's `data`. What fails is logged: the other component has logged why, and tick
/// will do it.
async fn chained(url: &str, body: Vec<u8>) -> Option<serde_json::Value> {
    let failed = match spin_sdk::http::post(url, body).await {
        Ok(response) if response.status().is_success() => match response.into_body().bytes().await {
            Ok(body) => {
                let answer: serde_json::Value = serde_json::from_slice(&body).ok()?;
                return answer.get("data").cloned();
            }
            Err(error) => error.to_string(),
        },
        Ok(response) => response.status().to_string(),
        Err(error) => error.to_string(),
    };
    let path = url.split('?').next().unwrap_or_default();
    self::failed(path, &failed);
    None
}

fn failed(path: &str, error: &str) {
    eprintln!("level=warn msg=\"call failed\" to={path} error={error:?}");
}
