//! The courier component's handler: delivers what folding left in outboxes, and what waits in retry queues.
//!
//! Both calls come from the other components by service chaining. Attempts have a time limit, so an instance takes one
//! such call at a time.

use crate::call::{Failure, answered};
use crate::config::Config;
use crate::delivery::{Delivering, DeliveryReport};
use crate::error::ApiError;
use crate::fanout::lease_ms;
use crate::fold::{Folder, Ledger, PageCache};
use crate::http::{Answer, Request};
use crate::ingest::configured;
use crate::ports::{Admission, Clock, Log, Outbound, Random, Store};

/// What an instance of the component keeps between its requests.
#[derive(Default)]
pub struct Courier {
    pages: PageCache,
}

impl Courier {
    /// Answers a request.
    pub async fn handle<S, P>(&self, store: &S, ports: &P, config: Option<&Config>, request: &Request) -> Answer
    where
        S: Store,
        P: Clock + Random + Log + Outbound + Admission,
    {
        let done = match request.path.as_str() {
            path @ ("/deliver" | "/retry") => {
                let _alone = Alone::new(ports).await;
                self.call(store, ports, config, request, path == "/retry").await
            }
            _ => Err(Failure::no_path()),
        };
        answered(ports, request, done)
    }

    async fn call<S, P>(
        &self,
        store: &S,
        ports: &P,
        config: Option<&Config>,
        request: &Request,
        retry: bool,
    ) -> Result<DeliveryReport, Failure>
    where
        S: Store,
        P: Clock + Random + Log + Outbound,
    {
        request.expect_method("POST")?;
        let config = configured(config)?;
        let folder = Folder { store, clock: ports, random: ports, pages: &self.pages, lease_ms: lease_ms(config) };
        let delivering = Delivering { folder: &folder, outbound: ports, log: ports, config };
        if retry {
            let ledger = Ledger::read(store).await?;
            return Ok(delivering.retry(&ledger).await?);
        }
        let number = |name: &str| request.query_value(name).and_then(|text| text.parse::<u64>().ok());
        let channel = number("channel").and_then(|channel| i64::try_from(channel).ok());
        let channel = channel.ok_or(ApiError::invalid("channel", "must be a number"))?;
        let token = number("token").ok_or(ApiError::invalid("token", "must be a number"))?;
        Ok(delivering.deliver(channel, token).await?)
    }
}

/// While it lives, the instance takes no other request.
struct Alone<'a, A: Admission>(&'a A);

impl<'a, A: Admission> Alone<'a, A> {
    async fn new(admission: &'a A) -> Self {
        admission.decline().await;
        Self(admission)
    }
}

impl<A: Admission> Drop for Alone<'_, A> {
    fn drop(&mut self) {
        self.0.accept();
    }
}
