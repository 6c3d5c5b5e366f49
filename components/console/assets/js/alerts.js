// The alerts of an incident, each with what it says of itself and the events that made it.

import { h } from "./dom.js";
import { description } from "./markdown.js";
import { picture } from "./safe.js";
import { hash } from "./place.js";
import { integrationName } from "./directory.js";
import { facts, json, labels, moment, severity, since } from "./parts.js";
import * as words from "./words.js";

export const alertList = (alerts) => h("ul", { class: "alertlist" }, alerts.map(one));

function one(alert) {
  return h("li", { key: alert.alert_id },
    h("details", {},
      h("summary", {},
        severity(alert.alert_status === "Ok" ? "Ok" : alert.alert_status || alert.alert_severity),
        h("bdi", { class: "title" }, alert.title || "(no title)"),
        h("span", { class: "faint" }, words.count(alert.event_cnt ?? 0, "event")),
        since(alert.last_time)),
      h("div", { class: "inside" },
        facts(
          ["Key", h("bdi", {}, alert.alert_key)],
          ["From", alert.integration_name || integrationName(alert.integration_id)],
          ["Severity", alert.alert_severity],
          ["Began", moment(alert.start_time)],
          ["Latest event", moment(alert.last_time)],
          ["Recovered", alert.end_time ? moment(alert.end_time) : null],
          ["Muted", alert.ever_muted ? "was silenced, inhibited or flapping" : null]),
        labels(alert.labels, { links: true }),
        alert.description && description(alert.description),
        (alert.images ?? []).map(picture),
        h("p", {}, h("a", { href: hash(`explain/${alert.alert_id}`) }, "Explain: the path that it took")),
        eventList(alert))));
}

// The newest of them, which came along with the alerts.
function eventList({ events }) {
  return h("ol", { class: "events", "aria-label": "Events, newest first" }, events.map((event) => h("li", { key: event.event_id },
    h("details", {},
      h("summary", {}, moment(event.event_time), severity(event.event_status || event.event_severity), h("bdi", {}, event.title ?? "")),
      h("div", { class: "inside" }, event.description && description(event.description), labels(event.labels), json(event))))));
}
