// What burns: incidents, worst or newest first, with filters, counts and the last 24 hours.

import { h } from "../dom.js";
import { ask, go, hash, here } from "../place.js";
import { act, possible } from "../act.js";
import { chart } from "../chart.js";
import { directory, channelName } from "../directory.js";
import { filters, isEverything, list } from "../listing.js";
import { lastDay, openCounts } from "../counts.js";
import { SEVERITIES, button, labels, progress, severity, shape, since } from "../parts.js";
import { say } from "../notice.js";
import { first } from "./start.js";
import * as session from "../session.js";
import * as words from "../words.js";

const STEP = 100;
// Counts and the chart cost several calls, so they are asked for more seldom than the list.
const COUNTS_MS = 30_000;

export function incidentsPage(place, app) {
  let filter = filters(place.query);
  let wanted = STEP;
  let found = null;
  let counts = null;
  let hours = null;
  let counted = { at: 0, channel: undefined };
  let names = { channels: [], integrations: null };
  let known = null;
  const selected = new Set();

  async function load(signal) {
    const asked = JSON.stringify(filters(here().query));
    if (asked !== JSON.stringify(filter)) {
      filter = JSON.parse(asked);
      wanted = STEP;
    }
    const early = found === null;
    found = await list(filter, wanted, signal);
    // What burns is shown before anything else is asked.
    if (early && found.items.length > 0) app.render();
    names = await directory({ signal });
    for (const id of selected) if (!found.items.some((one) => one.incident_id === id)) selected.delete(id);
    announce();
    if (Date.now() - counted.at > COUNTS_MS || counted.channel !== filter.channel) {
      counted = { at: Date.now(), channel: filter.channel };
      // The list does not wait for them.
      count(signal).catch((error) => {
        counted.at = 0;
        if (!signal.aborted && error.code === undefined) throw error;
      });
    }
  }

  async function count(signal) {
    const all = isEverything(filter) && found.complete ? found.items : null;
    counts = await openCounts(names.channels.map((channel) => channel.channel_id), all, signal);
    app.render();
    hours = await lastDay(filter.channel, signal);
    app.render();
  }

  // Who listens is told of what is new.
  function announce() {
    const ids = new Set(found.items.map((one) => one.incident_id));
    if (known && known.filter === JSON.stringify(filter)) {
      const fresh = found.items.filter((one) => !known.ids.has(one.incident_id) && one.start_time > known.at);
      if (fresh.length) say(`${words.count(fresh.length, "new incident")}. ${fresh[0].incident_severity}: ${fresh[0].title}`);
    }
    known = { filter: JSON.stringify(filter), ids: new Set([...(known?.ids ?? []), ...ids]), at: known?.at ?? words.now() - 60 };
  }

  const changed = async () => {
    counted.at = 0;
    await app.refresh();
  };

  const chosen = () => found?.items.filter((one) => selected.has(one.incident_id)) ?? [];

  function select(id, on) {
    if (on) selected.add(id);
    else selected.delete(id);
    app.render();
  }

  function view() {
    if (!found) return [h("h1", { class: "unseen" }, "Incidents"), h("p", { class: "loading", key: "loading" }, "Loading …")];
    const never = found.items.length === 0 && isEverything(filter) && names.integrations?.every((one) => !one.last_time);
    if (never) return [h("h1", { key: "title" }, "Nothing has come yet"), ...first(names, app)];
    return [
      h("h1", { class: "unseen", key: "title" }, "Incidents"),
      h("div", { class: "overview", key: "overview" }, totals(), hours ? chart(hours) : h("div", { class: "chart waiting" })),
      channels(),
      filterBar(),
      chosen().length > 0 && bulk(),
      rows(),
      more(),
    ].filter(Boolean);
  }

  // Open incidents by severity: also the filter for it.
  function totals() {
    const toggle = (name) => {
      const on = filter.severities.includes(name) ? filter.severities.filter((one) => one !== name) : [...filter.severities, name];
      ask({ severity: on.join(",") });
    };
    return h("div", { class: "totals", role: "group", "aria-label": "Open incidents by severity" }, SEVERITIES.map((name) =>
      h("button", { type: "button", class: `tile ${name}`, "aria-pressed": String(filter.severities.includes(name)), on: { click: () => toggle(name) } },
        h("span", { class: "number" }, counts ? words.total(counts.severities[name]) : "…"), shape(name), h("span", {}, name))));
  }

  function channels() {
    const item = (id, name, number) => h("li", { key: String(id) },
      button([h("bdi", {}, name), number !== undefined && h("span", { class: "number" }, words.total(number))], () => ask({ channel: filter.channel === id ? "" : id }),
        { class: "chip", "aria-pressed": String(filter.channel === id) }));
    const all = names.channels.map((channel) => ({ id: channel.channel_id, name: channel.channel_name, number: counts?.channels.get(channel.channel_id) }));
    if (filter.channel !== null && !all.some((one) => one.id === filter.channel)) all.push({ id: filter.channel, name: channelName(filter.channel) });
    // Where it burns stands first.
    all.sort((a, b) => (b.number ?? 0) - (a.number ?? 0) || a.name.localeCompare(b.name));
    return h("ul", { class: "chips", "aria-label": "Channels, with open incidents", key: "channels" }, all.map(({ id, name, number }) => item(id, name, number)));
  }

  function filterBar() {
    const choice = (name, label, options, value) => h("label", { class: "choice" }, h("span", {}, label),
      h("select", { value, on: { change: (event) => ask({ [name]: event.target.value }) } }, options.map(([of, text]) => h("option", { value: of }, text))));
    return h("form", { class: "filters", role: "search", key: "filters", on: { submit: (event) => event.preventDefault() } },
      h("label", { class: "search" }, h("span", { class: "unseen" }, "Search"),
        h("input", { id: "search", type: "search", value: filter.q, placeholder: "Search: words, host=web-07, A90B4E", autocomplete: "off", spellcheck: "false", enterkeyhint: "search", on: { input: typed } })),
      choice("progress", "Show", [["open", "open"], ["triggered", "triggered"], ["processing", "being handled"], ["closed", "closed"], ["all", "all"]], filter.progress),
      choice("days", "From", [["31", "31 days"], ["7", "7 days"], ["1", "24 hours"]], String(filter.days)),
      choice("sort", "Order", [["worst", "worst first"], ["newest", "newest first"]], filter.sort));
  }

  let typing = 0;
  function typed(event) {
    clearTimeout(typing);
    const text = event.target.value;
    typing = setTimeout(() => ask({ q: text.trim() }), 200);
  }

  // What can be done to all that are selected.
  function bulk() {
    const incidents = chosen();
    return h("div", { class: "bulk", role: "region", "aria-label": "Selected incidents", key: "bulk" },
      h("strong", {}, `${incidents.length} selected`),
      possible(incidents).filter((action) => action.many).map((action) => button(action.label, () => act(action, incidents, changed), { class: action.main ? "main" : null, disabled: !session.can("operate"), key: action.id })),
      button("Clear", () => (selected.clear(), app.render()), { class: "quiet", key: "clear" }));
  }

  function rows() {
    if (found.items.length === 0) {
      return h("div", { class: "empty panel", key: "none" },
        h("p", {}, isEverything(filter) ? "No open incidents. All is calm." : "No incident is like this."),
        !isEverything(filter) && h("a", { href: "#/incidents" }, "Clear all filters"));
    }
    return h("ol", { class: "rows", "aria-label": "Incidents", key: "rows" }, found.items.map(row));
  }

  function row(incident) {
    const id = incident.incident_id;
    const handled = (incident.responders ?? []).filter((one) => one.acknowledged_at > 0).map((one) => one.person_name || "API");
    return h("li", { class: `row ${SEVERITIES.includes(incident.incident_severity) ? incident.incident_severity : "Info"} ${incident.progress === "Closed" ? "over" : ""}`, key: id },
      h("input", { type: "checkbox", "aria-label": `Select ${incident.num}`, checked: selected.has(id), on: { change: (event) => select(id, event.target.checked) } }),
      severity(incident.incident_severity),
      h("div", { class: "what" },
        h("a", { class: "title", href: hash(`incident/${id}`) }, h("bdi", {}, incident.title || "(no title)")),
        labels(incident.labels, { most: 4 })),
      h("div", { class: "meta" },
        h("span", { class: "num" }, incident.num),
        h("bdi", { class: "channel" }, incident.channel_name || channelName(incident.channel_id)),
        progress(incident),
        handled.length > 0 && h("span", { class: "people" }, handled.join(", ")),
        h("span", { class: "alerts", title: `${incident.active_alert_cnt} of ${words.count(incident.alert_cnt, "alert")} active` }, incident.active_alert_cnt < incident.alert_cnt ? `${incident.active_alert_cnt}/${words.count(incident.alert_cnt, "alert")}` : words.count(incident.alert_cnt, "alert")),
        h("span", { class: "age" }, since(incident.start_time))));
  }

  function more() {
    const shown = found.items.length;
    if (shown === 0) return null;
    const text = found.complete ? words.count(shown, "incident") : `${shown} of ${filter.sort === "worst" ? "more" : words.total(found.total)}`;
    return h("p", { class: "more", key: "more" }, text, !found.complete && button("Show more", () => (wanted += STEP, app.refresh()), { disabled: wanted >= 1000, key: "show-more" }));
  }

  // Goes from row to row.
  function step(by) {
    const links = [...document.querySelectorAll(".rows .title")];
    const at = links.findIndex((link) => link.closest(".row").contains(document.activeElement));
    const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))];
    next?.focus();
    next?.closest(".row").scrollIntoView({ block: "nearest" });
  }

  const focused = () => document.activeElement?.closest?.(".row")?.dataset.key;
  // To what is selected, or else to the row that has the focus.
  const shortcut = (keys) => () => {
    const incidents = selected.size ? chosen() : found?.items.filter((one) => one.incident_id === focused()) ?? [];
    const action = possible(incidents).find((one) => one.key === keys && one.many);
    if (action) act(action, incidents, changed);
  };

  return {
    title: () => (counts?.severities.Critical ? `(${words.total(counts.severities.Critical)}) Incidents` : "Incidents"),
    every: 5000,
    load,
    view,
    shortcuts: {
      j: ["next incident", () => step(1)],
      k: ["previous incident", () => step(-1)],
      Enter: ["open the incident", () => (document.activeElement?.matches?.("a, button, summary") ? document.activeElement.click() : focused() && go(hash(`incident/${focused()}`)))],
      x: ["select the incident", () => focused() && select(focused(), !selected.has(focused()))],
      "/": ["search", () => document.getElementById("search")?.focus()],
      a: ["acknowledge, or take that back", shortcut("a")],
      e: ["resolve, or open again", shortcut("e")],
      s: ["snooze", shortcut("s")],
      w: ["wake", shortcut("w")],
      c: ["comment", shortcut("c")],
    },
  };
}

