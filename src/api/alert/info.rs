//! One alert, wherever it is.

use serde_json::Value;

use crate::api::Call;
use crate::api::parameters::text;
use crate::call::Failure;
use crate::error::{ApiError, Code};
use crate::fold::FoundAlert;
use crate::ports::{Clock, Random, Store};

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/alert/info`: an alert, wherever it is.
    pub(super) async fn alert_info(&self) -> Result<Value, Failure> {
        let id = text(&self.parameters, "alert_id")?.ok_or(ApiError::invalid("alert_id", "is required"))?;
        let FoundAlert { channel_id, alert, incident } = self.find_alert(&id).await?.ok_or_else(unknown)?;
        Ok(self.show_alert(&alert, channel_id, incident.as_ref()))
    }

    /// An alert, wherever it is, with its earlier events.
    pub(super) async fn find_alert(&self, alert_id: &str) -> Result<Option<FoundAlert>, Failure> {
        let boards = &mut self.folder.view(None).await?;
        Ok(self.folder.find_alerts(boards, &[(alert_id.to_owned(), None)]).await?.pop())
    }
}

/// There is no alert with the id that the call names.
pub(super) fn unknown() -> ApiError {
    ApiError::new(Code::ResourceNotFound, "alert_id: there is no such alert")
}
