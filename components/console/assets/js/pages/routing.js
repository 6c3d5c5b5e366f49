// Where alerts go: the rules of shared integrations in order, and what other rules would change for recent alerts.

import { h } from "../dom.js";
import { call, callIfThere, inTurn } from "../api.js";
import { directory } from "../directory.js";
import { ask, here } from "../place.js";
import { notice } from "../notice.js";
import { button, panel, severity } from "../parts.js";
import { channelNames, condition, walk } from "../steps.js";
import * as words from "../words.js";

// As many as one preview takes.
const ALERTS = 20;

export function routingPage(place, app) {
  let shared = null;
  let chosen = null;
  // The rules as they are: undefined where the server does not tell them, null where there are none.
  let route;
  let recent = null;
  let draft = "";
  let result = null;
  let busy = false;

  async function load(signal) {
    const { integrations } = await directory({ signal });
    shared = integrations.filter((one) => one.kind === "shared");
    const wanted = Number(here().query.get("integration")) || shared[0]?.integration_id || null;
    if (wanted === chosen) return;
    [chosen, route, recent, result] = [wanted, undefined, null, null];
    if (chosen === null) return;
    const known = await rules(chosen, signal);
    route = known;
    draft = JSON.stringify(known ? { cases: known.cases ?? [], default: known.default ?? undefined } : { cases: [], default: { channel_ids: [] } }, null, 2);
    recent = await recentAlerts(chosen, signal);
    // How they go today is shown at once.
    if (recent.length) await preview(null);
  }

  async function preview(changed) {
    busy = true;
    app.render();
    try {
      const answer = await call("/route/preview", { integration_id: chosen, alerts: recent.map(pushed), route: changed ?? undefined });
      result = { items: answer.items, changed: changed !== null };
    } catch (error) {
      if (changed === null) result = null;
      notice(`No preview: ${error.message}`, { bad: true });
    }
    busy = false;
    app.render();
  }

  function submit(event) {
    event.preventDefault();
    draft = event.target.elements.rules.value;
    let changed;
    try {
      changed = JSON.parse(draft);
    } catch (error) {
      return notice(`The rules are not JSON: ${error.message}`, { bad: true });
    }
    return preview(changed);
  }

  function view() {
    const title = h("h1", { key: "title" }, "Routing");
    if (!shared) return [title, h("p", { class: "loading", key: "loading" }, "Loading …")];
    if (shared.length === 0) return [title, h("p", { class: "empty panel", key: "none" }, "There is no shared integration: every alert goes to the channel of its integration.")];
    return [
      title,
      h("form", { class: "filters", key: "which", on: { submit: (event) => event.preventDefault() } }, h("label", { class: "choice" }, h("span", {}, "Integration"),
        h("select", { value: String(chosen), on: { change: (event) => ask({ integration: event.target.value }) } }, shared.map((one) => h("option", { value: String(one.integration_id) }, one.integration_name))))),
      h("div", { class: "columns", key: "columns" }, h("div", {}, rulesPanel(), changePanel()), h("div", {}, previewPanel())),
    ];
  }

  function rulesPanel() {
    if (route === undefined) return panel("Rules in order", h("p", { class: "note" }, "This server does not tell the rules by themselves. How they meet recent alerts is shown beside."));
    if (route === null) return panel("Rules in order", h("p", { class: "note" }, "No rules: what is pushed here is refused."));
    const one = (rule, nth) => h("li", { key: `rule-${nth}` },
      h("p", {}, h("strong", {}, `Case ${nth + 1}`), " → ", rule.routing_mode === "name_mapping" ? `the channel that label ${rule.name_mapping_label} names` : channelNames(rule.channel_ids), rule.fallthrough ? "; then on to the next" : "; then stops"),
      h("ul", { class: "conditions" }, (rule.if ?? []).map(condition), (rule.if ?? []).length === 0 && h("li", { class: "plain" }, "no conditions: matches everything")));
    return panel("Rules in order", h("ol", { class: "cases" }, (route.cases ?? []).map(one)), h("p", {}, "Otherwise: ", h("strong", {}, channelNames(route.default?.channel_ids))));
  }

  function changePanel() {
    return panel("What if",
      h("form", { on: { submit } },
        h("div", { class: "field" },
          h("label", { for: "rules" }, "Changed rules"),
          h("textarea", { id: "rules", name: "rules", rows: "14", class: "code", spellcheck: "false", keep: true, key: `rules-${chosen}`, value: draft, "aria-describedby": "rules-hint" }),
          h("span", { id: "rules-hint", class: "faint" }, "JSON with cases and default, as in the configuration. Nothing is stored.")),
        h("div", { class: "buttons" },
          result?.changed && button("As they are", () => preview(null), { class: "quiet", key: "reset" }),
          h("button", { type: "submit", class: "main", disabled: busy || !recent?.length, key: "preview" }, busy ? "Asking …" : "Preview"))));
  }

  function previewPanel() {
    if (!recent) return panel("Recent alerts", h("p", { class: "faint" }, "Looking for recent alerts …"));
    if (recent.length === 0) return panel("Recent alerts", h("p", { class: "faint" }, "None came here in the last week."));
    const different = result?.items.filter((item) => item.difference && item.difference.added.length + item.difference.removed.length > 0).length;
    return panel("Recent alerts",
      h("p", { role: "status" }, result?.changed ? (different ? `${words.count(different, "alert")} of ${recent.length} would go elsewhere.` : "Nothing would change for these alerts.") : `Where the newest ${recent.length} go.`),
      h("ul", { class: "alertlist" }, (result?.items ?? []).map(item)));
  }

  function item(one, nth) {
    const alert = recent[nth];
    const { added = [], removed = [] } = one.difference ?? {};
    return h("li", { key: `preview-${nth}`, class: added.length + removed.length ? "different" : "same" }, h("details", {},
      h("summary", {}, severity(alert?.alert_severity), h("bdi", { class: "title" }, alert?.title ?? ""),
        one.error ? h("span", { class: "removed" }, one.error.message) : h("span", {}, "→ ", channelNames(one.present?.channel_ids)),
        added.map((id) => h("span", { class: "added" }, `+ ${channelNames([id])}`)),
        removed.map((id) => h("span", { class: "removed" }, `− ${channelNames([id])}`))),
      h("div", { class: "inside" }, one.remark && h("p", {}, one.remark),
        one.present && [h("h3", {}, "As it is"), walk(one.present)],
        one.changed && [h("h3", {}, "As it would be"), walk(one.changed)])));
  }

  return { title: () => "Routing", every: 30_000, load, view };
}

// The rules of an integration; undefined where there is no such call.
async function rules(id, signal) {
  try {
    return await call("/route/info", { integration_id: id }, { signal });
  } catch (error) {
    if (["RouteNotFound", "AccessDenied"].includes(error.code)) return undefined;
    throw error;
  }
}

// The newest alerts that came by an integration.
async function recentAlerts(id, signal) {
  const at = words.now();
  const window = { start_time: at - 7 * 86_400, end_time: at + 60 };
  const list = await callIfThere("/alert/list", { ...window, integration_ids: [id], p: 1, limit: ALERTS }, { signal });
  if (list) return pushes(list.items, id);
  // Without a list of alerts: those of the newest incidents.
  const incidents = await call("/incident/list", { ...window, limit: 100 }, { signal });
  const those = incidents.items.filter((one) => (one.integration_ids ?? []).includes(id)).slice(0, ALERTS);
  const alerts = await inTurn(those, async (one) => (await call("/incident/alert/list", { incident_id: one.incident_id, limit: 1 }, { signal })).items, 3);
  return pushes(alerts.flat(), id);
}

// One alert in several channels is one push.
function pushes(alerts, id) {
  return [...new Map(alerts.filter((alert) => alert.integration_id === id).map((alert) => [alert.alert_key, alert])).values()];
}

// An alert as it could have been pushed.
function pushed(alert) {
  return { event_status: alert.alert_severity, title_rule: alert.title_rule || alert.title, alert_key: alert.alert_key, description: alert.description, labels: alert.labels ?? {} };
}
