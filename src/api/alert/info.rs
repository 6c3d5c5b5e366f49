//! One alert, wherever it is.

use serde_json::Value;

use crate::api::Call;
use crate::api::parameters::text;
use crate::board::Alert;
use crate::call::Failure;
use crate::error::{ApiError, Code};
use crate::id::object_id_secs;
use crate::ports::{Clock, Random, Store};

impl<S: Store, P: Clock + Random> Call<'_, S, P> {
    /// `/alert/info`: an alert, wherever it is.
    pub(super) async fn alert_info(&self) -> Result<Value, Failure> {
        let id = text(&self.parameters, "alert_id")?.ok_or(ApiError::invalid("alert_id", "is required"))?;
        let unknown = || ApiError::new(Code::ResourceNotFound, "alert_id: there is no such alert");
        let (channel_id, alert) = self.find_alert(&id).await?.ok_or_else(unknown)?;
        let incident = match alert.incident_id.as_str() {
            "" => None,
            id => Some(self.incident_with(id).await?.incident),
        };
        Ok(self.show_alert(&alert, channel_id, incident.as_ref()))
    }

    /// An alert, wherever it is, with its channel.
    pub(super) async fn find_alert(&self, alert_id: &str) -> Result<Option<(i64, Alert)>, Failure> {
        if object_id_secs(alert_id).is_none() {
            return Ok(None);
        }
        let boards = &mut self.folder.view(None).await?;
        Ok(self.folder.find_alert(boards, alert_id).await?)
    }
}
