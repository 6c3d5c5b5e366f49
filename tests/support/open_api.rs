//! The components that answer calls, and which of them answers one.

use std::rc::Rc;

use alarum::api::{ACTS, ALERTS, Actions, Alerts, Api, SETTINGS, Settings, WEBHOOKS, Webhooks};
use alarum::fanout::relay;
use alarum::http::{Answer, Request};
use alarum::ports::Relay as _;
use alarum::status::{STATUS, Status};

use super::cluster::{Cluster, OUTSIDE};
use super::openapi;

/// An instance of each.
#[derive(Default)]
pub struct Components {
    api: Api,
    actions: Actions,
    alerts: Alerts,
    settings: Settings,
    pub webhooks: Webhooks,
    status: Status,
}

impl Cluster {
    /// Starts a call of the Open API. What is answered must be as it is described.
    pub fn call(self: &Rc<Self>, request: Request, answered: impl FnOnce(Answer) + 'static) {
        let asked = request.clone();
        let answered = move |answer: Answer| {
            openapi::check(&asked, &answer);
            answered(answer);
        };
        let (node, cluster) = (self.node(), self.clone());
        self.sim.spawn(OUTSIDE, async move {
            let (store, config, components) = (cluster.store_handle(), Some(&*cluster.config), &cluster.components);
            match request.path.as_str() {
                path if WEBHOOKS.contains(&path) => {
                    let (answer, retry) = components.webhooks.handle(&store, &node, config, &request).await;
                    answered(answer);
                    if retry {
                        node.retry().await;
                    }
                }
                path if ACTS.contains(&path) => {
                    let (answer, to_deliver) = components.actions.handle(&store, &node, config, &request).await;
                    answered(answer);
                    relay(&node, to_deliver).await;
                }
                path if ALERTS.contains(&path) => {
                    answered(components.alerts.handle(&store, &node, config, &request).await);
                }
                path if SETTINGS.contains(&path) => {
                    answered(components.settings.handle(&store, &node, config, &request).await);
                }
                path if STATUS.contains(&path) => {
                    let config = config.ok_or("none");
                    answered(components.status.handle(&store, &node, config, &request).await);
                }
                _ => answered(components.api.handle(&store, &node, config, &request).await),
            }
        });
    }
}
