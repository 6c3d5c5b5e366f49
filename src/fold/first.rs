//! The first of its kind: creating a value that is changed by compare-and-swap from then on.
//!
//! A swap of a missing key cannot be trusted everywhere: on some stores every racer wins. So a counter says who may
//! create it, one in a round of some seconds; the next round's may only if nobody could in the last.

use super::error::FoldError;
use crate::ports::{Clock, Store};

/// How long the one who may create it has for it before another may, seconds.
const CREATE_SECS: u64 = 10;

/// Creates `key`, or waits a little for whoever may: then it is to be read again. `arbiter` is the name of the counter.
pub(crate) async fn create(
    store: &impl Store,
    clock: &impl Clock,
    key: &str,
    arbiter: &str,
    value: &[u8],
) -> Result<(), FoldError> {
    let round = clock.now().secs() / CREATE_SECS;
    let arbiter = |round: u64| format!("{arbiter}:{round}");
    let before = store.counter(&arbiter(round.saturating_sub(1))).await?;
    if before == 0 && store.increment(&arbiter(round), 1).await? == 1 {
        let (bytes, handle) = store.read_to_swap(key).await?;
        if bytes.is_none() {
            store.swap(handle, value).await?;
        }
        return Ok(());
    }
    clock.sleep_us(20_000).await;
    Ok(())
}
