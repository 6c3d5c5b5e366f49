//! The wish to stop: Ctrl-C, SIGTERM, or a terminal that goes away.

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The work was ended by a signal; nothing is wrong.
#[derive(Debug, thiserror::Error)]
#[error("stopped by a signal")]
pub struct Interrupted;

/// Tells everything that runs when to stop.
#[derive(Debug, Clone)]
pub struct Shutdown(watch::Receiver<bool>);

impl Shutdown {
    /// From here on SIGINT, SIGTERM and SIGHUP no longer end the process: they request the stop.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn on_signals() -> Result<Shutdown> {
        let (sender, shutdown) = Self::manual();
        let install = |kind| signal(kind).context("cannot listen to signals");
        let mut interrupt = install(SignalKind::interrupt())?;
        let mut terminate = install(SignalKind::terminate())?;
        let mut hangup = install(SignalKind::hangup())?;
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            sender.send_replace(true);
            // Kept for ever: further signals change nothing, stopping has its own time limit.
            sender.closed().await;
        });
        Ok(shutdown)
    }

    /// A stop that is requested by sending `true`.
    pub fn manual() -> (watch::Sender<bool>, Shutdown) {
        let (sender, receiver) = watch::channel(false);
        (sender, Shutdown(receiver))
    }

    /// Waits until the stop is requested.
    pub async fn requested(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|requested| *requested).await.is_err() {
            // Nobody is left who could request it.
            std::future::pending().await
        }
    }

    /// Fails once the stop is requested.
    ///
    /// # Errors
    /// [`Interrupted`].
    pub fn check(&self) -> Result<(), Interrupted> {
        if *self.0.borrow() { Err(Interrupted) } else { Ok(()) }
    }
}
