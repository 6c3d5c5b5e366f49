//! Integrations: what is configured, and when each was last reached.

use serde_json::{Value, json};

use crate::api::Call;
use crate::call::Failure;
use crate::config::{Integration, IntegrationKind};
use crate::ports::{Clock, Random, Store};
use crate::sorted::SortedMap;

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/integration/list`: all of them, without their keys. `last_time` is the first thing to look at where alerts do
    /// not arrive: 0 means that no push has reached the integration.
    pub(super) async fn integration_list(&self) -> Result<Value, Failure> {
        let mut last_times: SortedMap<i64, u64> = SortedMap::new();
        for board in self.folder.view(None).await? {
            for (id, secs) in board.head.last_times {
                let last = last_times.entry(id).or_insert(0);
                *last = (*last).max(secs);
            }
        }
        let show = |integration: &Integration| {
            let last_time = last_times.get(&integration.id).copied().unwrap_or(0);
            json!({
                "integration_id": integration.id,
                "integration_name": integration.name,
                "integration_type": integration.door.as_deref().unwrap_or(""),
                "kind": match integration.kind {
                    IntegrationKind::Private => "private",
                    IntegrationKind::Shared => "shared",
                },
                "channel_id": integration.channel_id.unwrap_or(0),
                "status": if integration.enabled { "enabled" } else { "disabled" },
                "rate_limit": {
                    "per_second": integration.rate_limit.per_second,
                    "per_minute": integration.rate_limit.per_minute,
                },
                "last_time": last_time,
            })
        };
        let items: Vec<Value> = self.config.integrations.iter().map(show).collect();
        Ok(json!({"total": items.len(), "items": items}))
    }
}
