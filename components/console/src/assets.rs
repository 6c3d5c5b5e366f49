//! The files of the console, as they stand in `assets/`.

use alarum::console::Asset;

macro_rules! assets {
    ($($name:literal,)*) => {
        /// All files. A test compares them with the folder.
        pub const ASSETS: &[Asset] = &[$(Asset { name: $name, bytes: include_bytes!(concat!("../assets/", $name)) },)*];
    };
}

assets! {
    "icon.svg",
    "index.html",
    "js/act.js",
    "js/actions.js",
    "js/alerts.js",
    "js/api.js",
    "js/app.js",
    "js/chart.js",
    "js/counts.js",
    "js/dialog.js",
    "js/directory.js",
    "js/dom.js",
    "js/icon.js",
    "js/keyboard.js",
    "js/listing.js",
    "js/markdown.js",
    "js/morph.js",
    "js/notice.js",
    "js/pages/deliveries.js",
    "js/pages/explain.js",
    "js/pages/incident.js",
    "js/pages/incidents.js",
    "js/pages/routing.js",
    "js/pages/signin.js",
    "js/pages/start.js",
    "js/pages/webhooks.js",
    "js/parts.js",
    "js/place.js",
    "js/safe.js",
    "js/session.js",
    "js/steps.js",
    "js/timeline.js",
    "js/words.js",
    "style/layout.css",
    "style/pages.css",
    "style/parts.css",
    "style/theme.css",
}
