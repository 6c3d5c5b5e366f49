// One incident: what it is, what can be done, its alerts, its timeline and who handles it.

import { h } from "../dom.js";
import { call, callIfThere } from "../api.js";
import { act, attempt, possible } from "../act.js";
import { alertList, refreshEvents } from "../alerts.js";
import { description } from "../markdown.js";
import { directory, channelName, integrationName } from "../directory.js";
import { notice } from "../notice.js";
import { picture } from "../safe.js";
import { hash } from "../place.js";
import { timeline } from "../timeline.js";
import { button, facts, labels, moment, panel, progress, severity, since } from "../parts.js";
import * as session from "../session.js";
import * as words from "../words.js";

const ALERTS = 50;

export function incidentPage(place, app) {
  const id = place.path[1] ?? "";
  let incident = null;
  let alerts = { items: [], total: 0 };
  let feed = { items: [] };
  let pages = 1;
  let shownAlerts = ALERTS;
  let past;

  async function load(signal) {
    const [info, list, ...parts] = await Promise.all([
      call("/incident/info", { incident_id: id }, { signal }),
      call("/incident/alert/list", { incident_id: id, limit: shownAlerts, include_events: true }, { signal }),
      ...Array.from({ length: pages }, (_, nth) => call("/incident/feed", { incident_id: id, p: nth + 1, limit: 50 }, { signal })),
      directory({ signal }),
    ]);
    parts.pop();
    incident = info;
    alerts = list;
    feed = { items: parts.flatMap((part) => part.items), has_next_page: parts.at(-1).has_next_page };
    refreshEvents(alerts.items, app);
    if (past !== undefined) return;
    past = null;
    // Nothing waits for what was long ago.
    callIfThere("/incident/past/list", { incident_id: id, limit: 5 }, { signal }).then((answer) => ((past = answer), app.render()), () => {});
  }

  const run = (action) => act(action, [incident], app.refresh);

  function view() {
    const back = h("p", { class: "back", key: "back" }, h("a", { href: "#/incidents" }, "← Incidents"));
    if (!incident) return [back, h("p", { class: "loading", key: "loading" }, "Loading …")];
    return [back, head(), bar(), h("div", { class: "columns", key: "columns" }, h("div", {}, about(), alertPanel()), h("div", {}, people(), timelinePanel(), pastPanel()))];
  }

  function head() {
    return h("div", { class: "head", key: "head" },
      h("p", { class: "marks" }, severity(incident.incident_severity), progress(incident), h("span", { class: "num" }, incident.num),
        h("bdi", { class: "channel" }, incident.channel_name || channelName(incident.channel_id)),
        incident.is_flapping && h("span", { class: "tag" }, "flapping"), incident.ever_muted && h("span", { class: "tag" }, "was muted"),
        h("span", { class: "faint" }, "began ", since(incident.start_time), " ago")),
      h("h1", {}, h("bdi", {}, incident.title || "(no title)")));
  }

  function bar() {
    const can = session.can("operate");
    return h("div", { class: "actions", role: "toolbar", "aria-label": "Actions", key: "actions" },
      possible([incident]).filter((action) => action.id !== "comment").map((action) =>
        button(action.label, () => run(action), { class: action.main ? "main" : null, title: `${action.label} (${action.key})`, disabled: !can, key: action.id })));
  }

  function about() {
    const muchMore = incident.snoozed_before > words.now();
    return panel("About",
      facts(
        ["Status", incident.incident_status === "Ok" ? "all alerts have recovered" : `worst active alert: ${incident.incident_status}`],
        ["Began", moment(incident.start_time)],
        ["Latest event", moment(incident.last_time)],
        ["Acknowledged", incident.ack_time ? moment(incident.ack_time) : null],
        ["Asleep until", muchMore ? moment(incident.snoozed_before) : null],
        ["Closed", incident.close_time ? moment(incident.close_time) : null],
        ["Took", incident.close_time ? words.span(incident.close_time - incident.start_time) : null],
        ["From", (incident.integration_ids ?? [incident.integration_id]).map(integrationName).join(", ")],
        ["Grouped", { p: "by rule", i: "by similarity" }[incident.group_method]],
        ...["impact", "root_cause", "resolution"].map((name) => [name.replace("_", " "), incident[name] && description(incident[name])]),
        ...Object.entries(incident.fields ?? {}).map(([name, value]) => [name, value === null || value === "" ? null : [value].flat().join(", ")])),
      labels(incident.labels, { links: true }),
      incident.description && description(incident.description),
      (incident.images ?? []).map(picture));
  }

  function alertPanel() {
    const { items, total } = alerts;
    return panel("Alerts",
      h("p", { class: "faint" }, `${words.count(total, "alert")}, ${incident.active_alert_cnt} active, ${words.count(incident.alert_event_cnt, "event")}`),
      items.length > 0 && alertList(items, app),
      items.length < total && h("p", { class: "more" }, `${items.length} shown`, button("Show more", () => (shownAlerts = Math.min(1000, shownAlerts + 200), app.refresh()), { disabled: shownAlerts >= 1000 })));
  }

  function people() {
    const list = incident.responders ?? [];
    return panel("Responders", list.length === 0 ? h("p", { class: "faint" }, "Nobody yet.") : h("ul", { class: "responders" }, list.map((one) =>
      h("li", { key: String(one.person_id) }, h("strong", {}, h("bdi", {}, one.person_name || "API")), " ",
        one.acknowledged_at ? h("span", {}, "acknowledged ", since(one.acknowledged_at), " ago") : h("span", { class: "faint" }, "asked ", since(one.assigned_at), " ago")))));
  }

  function timelinePanel() {
    return panel("Timeline", commentForm(), timeline(feed.items),
      feed.has_next_page && h("p", { class: "more" }, button("Show earlier", () => (pages += 1, app.refresh()))));
  }

  // What was done then may help now.
  function pastPanel() {
    if (!past?.items?.length) return null;
    return panel("Called alike before", h("ul", { class: "past" }, past.items.map((one) => h("li", { key: one.incident_id },
      h("p", {}, severity(one.incident_severity), " ", h("a", { href: hash(`incident/${one.incident_id}`) }, h("bdi", {}, one.title || one.num)), " ", h("span", { class: "faint" }, since(one.start_time), " ago")),
      (one.resolution || one.root_cause) && h("blockquote", {}, description(one.resolution || one.root_cause))))));
  }

  function commentForm() {
    if (!session.can("operate")) return null;
    const submit = async (event) => {
      event.preventDefault();
      const field = event.target.elements.comment;
      const comment = field.value.trim();
      if (!comment) return field.focus();
      if (!(await attempt("/incident/comment", { incident_ids: [id], comment }))) return undefined;
      field.value = "";
      notice(`${incident.num}: comment added.`);
      return app.refresh();
    };
    return h("form", { class: "comment", on: { submit } },
      h("label", { for: "comment", class: "unseen" }, "Comment"),
      h("textarea", { id: "comment", name: "comment", rows: "2", maxlength: 1024, placeholder: "Write a comment", keep: true }),
      h("button", { type: "submit" }, "Comment"));
  }

  // One letter can mean two actions of which one is possible at a time.
  const shortcut = (key) => () => {
    const action = incident && possible([incident]).find((one) => one.key === key);
    if (action) run(action);
  };
  const said = { a: "acknowledge, or take that back", e: "resolve, or open again", s: "snooze", w: "wake", v: "change the severity", t: "change the title", p: "ask people", m: "merge", z: "silence" };
  return {
    title: () => (incident ? `${incident.num} ${incident.title}` : "Incident"),
    every: 5000,
    load,
    view,
    shortcuts: {
      ...Object.fromEntries(Object.entries(said).map(([key, text]) => [key, [text, shortcut(key)]])),
      c: ["comment", () => document.getElementById("comment")?.focus()],
      Escape: ["back to the incidents", () => (location.hash = hash("incidents"))],
    },
  };
}
