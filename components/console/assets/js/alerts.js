// The alerts of an incident, each with what it says of itself and the events that made it.

import { h } from "./dom.js";
import { callIfThere } from "./api.js";
import { description } from "./markdown.js";
import { picture } from "./safe.js";
import { hash } from "./place.js";
import { integrationName } from "./directory.js";
import { facts, json, labels, moment, severity, since } from "./parts.js";
import * as words from "./words.js";

// Events by alert, as far as somebody has unfolded it: a list, or null where the server does not tell them.
const events = new Map();

export function alertList(alerts, app) {
  return h("ul", { class: "alertlist" }, alerts.map((alert) => one(alert, app)));
}

function one(alert, app) {
  const unfold = (event) => event.target.open && load(alert, app);
  return h("li", { key: alert.alert_id },
    h("details", { open: false, on: { toggle: unfold } },
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

function eventList(alert) {
  // Where the list of alerts brought them along, nothing more is asked.
  const list = brought(alert) ?? events.get(alert.alert_id);
  if (list === undefined) return h("p", { class: "faint" }, "Loading its events …");
  if (list === null) return h("p", { class: "faint" }, "This server does not list the events of an alert.");
  return h("ol", { class: "events", "aria-label": "Events, newest first" }, list.map((event) => h("li", { key: event.event_id },
    h("details", {},
      h("summary", {}, moment(event.event_time), severity(event.event_status || event.event_severity), h("bdi", {}, event.title ?? "")),
      h("div", { class: "inside" }, event.description && description(event.description), labels(event.labels), json(event))))));
}

// An empty list says nothing: every alert has an event.
const brought = (alert) => (alert.events?.length ? alert.events : undefined);

async function load(alert, app) {
  if (brought(alert)) return;
  const answer = await callIfThere("/alert/event/list", { alert_id: alert.alert_id, p: 1, limit: 20 });
  const items = answer && [...(answer.items ?? [])].sort((a, b) => b.event_time - a.event_time);
  events.set(alert.alert_id, items);
  app.render();
}

// Asks again for the events of alerts that are unfolded and have got more of them.
export function refreshEvents(alerts, app) {
  for (const alert of alerts) {
    const list = events.get(alert.alert_id);
    if (Array.isArray(list) && list.length < Math.min(20, alert.event_cnt)) load(alert, app);
  }
}
