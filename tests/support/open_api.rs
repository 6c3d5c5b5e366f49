//! The components that answer calls, and which of them answers one.

use std::rc::Rc;

use alarum::api::{ACTS, ALERTS, Actions, Alerts, Api, CONFIGS, SETTINGS, Settings, WEBHOOKS, Webhooks};
use alarum::config::Config;
use alarum::description::{DESCRIPTION, describe};
use alarum::fanout::relay;
use alarum::http::{Answer, Request};
use alarum::ports::Relay as _;
use alarum::settings::Cache;
use alarum::settings::edits::{EDITS, LISTS};
use alarum::status::{STATUS, Status};

use super::cluster::{Cluster, Instance, OUTSIDE};
use super::openapi;

/// An instance of each.
#[derive(Default)]
pub struct Components {
    api: Instance<Api>,
    actions: Instance<Actions>,
    alerts: Instance<Alerts>,
    settings: Instance<Settings>,
    pub webhooks: Instance<Webhooks>,
    status: Instance<Status>,
}

/// Whether the settings component answers calls of this path.
fn is_setting(path: &str) -> bool {
    [&SETTINGS[..], &CONFIGS, &EDITS, &LISTS].iter().any(|paths| paths.contains(&path))
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
            let (store, components) = (cluster.store_handle(), cluster.components.borrow().clone());
            match request.path.as_str() {
                path if WEBHOOKS.contains(&path) => {
                    let webhooks = &components.webhooks;
                    let config = webhooks.config(&cluster).await;
                    let (answer, retry) = webhooks.component.handle(&store, &node, config.as_deref(), &request).await;
                    answered(answer);
                    if retry {
                        node.retry().await;
                    }
                }
                path if ACTS.contains(&path) => {
                    let actions = &components.actions;
                    let config = actions.config(&cluster).await;
                    let (answer, to_deliver) =
                        actions.component.handle(&store, &node, config.as_deref(), &request).await;
                    answered(answer);
                    relay(&node, to_deliver).await;
                }
                path if ALERTS.contains(&path) => {
                    let config = components.alerts.config(&cluster).await;
                    answered(components.alerts.component.handle(&store, &node, config.as_deref(), &request).await);
                }
                path if is_setting(path) => {
                    let settings = &components.settings;
                    let cache = settings.cache(&cluster, |file| Cache::new(Config::read_without_rules, file));
                    answered(settings.component.handle(&store, &node, &cache, &request).await);
                }
                DESCRIPTION => answered(describe(&node, &request.method, &request.path)),
                path if STATUS.contains(&path) => {
                    let config = components.status.config(&cluster).await;
                    let config = config.as_deref().ok_or("none");
                    answered(components.status.component.handle(&store, &node, config, &request).await);
                }
                _ => {
                    let config = components.api.config(&cluster).await;
                    answered(components.api.component.handle(&store, &node, config.as_deref(), &request).await);
                }
            }
        });
    }
}
