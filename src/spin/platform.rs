//! Time, randomness, the log and the wake on Spin.

use std::time::{Duration, SystemTime};

use crate::ports::{Clock, Log, Random, Wake};
use crate::time::Timestamp;

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
    async fn wake(&self, company: bool) {
        let query = if company { "?company=1" } else { "" };
        let url = format!("http://fanout.spin.internal/wake{query}");
        match spin_sdk::http::post(url, Vec::new()).await {
            Ok(response) if response.status().is_success() => {}
            // The fold did not end; the fanout component has logged why, and tick will do it.
            Ok(response) => eprintln!("wake answered {}", response.status()),
            Err(error) => eprintln!("wake failed: {error}"),
        }
    }
}
