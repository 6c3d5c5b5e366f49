// Where alerts go: the rules of shared integrations in order, and what other rules would change for recent alerts before
// they are applied.

import { h } from "../dom.js";
import { call } from "../api.js";
import { attempt } from "../act.js";
import { ask as askFor } from "../dialog.js";
import { directory } from "../directory.js";
import { ask, here } from "../place.js";
import { notice, say } from "../notice.js";
import { button, choice, loading, panel, severity } from "../parts.js";
import { differences, draftOf, moved, rulesOf, same, target, without, written } from "../rules.js";
import { channelNames, conditions, walk } from "../steps.js";
import * as session from "../session.js";
import * as words from "../words.js";

// As many as one preview takes.
const ALERTS = 20;
const NEW = { if: [{ key: "labels.team", oper: "IN", vals: [""] }], channel_ids: [], fallthrough: false };
const ANY = { event_status: "Info", title_rule: "any" };

export function routingPage(place, app) {
  let shared = null;
  let channels = [];
  let chosen = null;
  // The rules as they are, null where there are none; and as somebody changes them.
  let route = null;
  let draft = null;
  let recent = [];
  // What a preview said of them: `{draft, alerts, items}`.
  let result = null;
  let busy = false;

  const touched = () => draft !== null && !same(draft, draftOf(route));

  async function load(signal) {
    const known = await directory({ signal });
    channels = known.channels;
    shared = known.integrations.filter((one) => one.kind === "shared");
    const asked = Number(here().query.get("integration"));
    const wanted = (shared.find((one) => one.integration_id === asked) ?? shared[0])?.integration_id ?? null;
    if (wanted !== chosen) [chosen, draft, result] = [wanted, null, null];
    if (chosen === null) return;
    const [now, alerts] = await Promise.all([call("/route/info", { integration_id: chosen }, { signal }), recentAlerts(chosen, signal)]);
    recent = alerts;
    // What somebody has begun to change is applied to the rules that they saw, or refused.
    if (!draft || (!touched() && !same(now, route))) [route, draft] = [now, draftOf(now)];
    const of = draft;
    const told = await preview(of, signal);
    // Somebody may have changed them meanwhile, and knows more.
    if (of === draft) result = told;
  }

  // Where the recent alerts would go. Where there are none, the server still says whether these are rules.
  async function preview(of, signal) {
    const [alerts, changed] = [recent, !same(of, draftOf(route))];
    const asked = alerts.length || !changed ? alerts.map(pushed) : [ANY];
    const { items } = asked.length ? await call("/route/preview", { integration_id: chosen, alerts: asked, route: changed ? rulesOf(of) : undefined }, { signal }) : { items: [] };
    return { draft: of, alerts, items: items.slice(0, alerts.length) };
  }

  // Makes it the draft if the server would take it; else answers what is wrong with it.
  async function change(next) {
    if (busy) return "the one before is still being previewed";
    busy = true;
    const id = chosen;
    try {
      const told = await preview(next);
      if (id === chosen) [result, draft] = [told, next];
    } catch (error) {
      return error.message;
    } finally {
      busy = false;
      app.render();
    }
    return undefined;
  }

  async function step(next, done) {
    const problem = await change(next);
    if (problem) notice(`Not done: ${problem}`, { bad: true });
    else say(`${done} Not applied yet.`);
  }

  // Has somebody write JSON, of which `use` makes the next draft.
  function write(title, value, use) {
    const check = (given) => {
      try {
        return change(use(JSON.parse(given.rules)));
      } catch (error) {
        return `This is not JSON: ${error.message}`;
      }
    };
    askFor(title, {
      text: `As in the configuration. Nothing is applied yet. Channels: ${words.cut(channels.map((one) => `${one.channel_id} ${one.channel_name}`).join(", "), 400)}`,
      fields: [{ name: "rules", label: "JSON", type: "area", rows: "14", class: "code", spellcheck: "false", value: JSON.stringify(value, null, 2) }],
      button: "Preview",
      check,
    });
  }

  const edit = (at) => write(at < draft.cases.length ? `Case ${at + 1}` : "A further case", draft.cases[at] ?? NEW, (rule) => written(draft, at, rule));
  const editAll = () => write("All rules", rulesOf(draft), (rules) => ({ ...draftOf(rules), sections: draft.sections }));

  async function apply() {
    const [before, after, id] = [route, draft, chosen];
    const given = await askFor("Apply these rules", {
      text: [different(), effect()],
      fields: [{ name: "config_note", label: "Note", maxlength: 500, hint: "Stands in the history of the configuration. May be left empty." }],
      button: "Apply",
      danger: true,
    });
    if (!given) return;
    const upsert = (rules, version, config_note) => attempt("/route/upsert", { integration_id: id, version, ...rules, config_note }, "administer");
    if (await upsert(after, before?.version, given.config_note)) {
      const version = (before?.version ?? 0) + 1;
      notice("The rules are applied.", { undo: before && (async () => {
        if (await upsert(draftOf(before), version, "taken back")) notice("The rules are as before.");
        await reread(id);
      }) });
      if (id !== chosen) return;
      route = { ...after, version };
      // For some seconds the server may go by the old ones; what these do was previewed.
      result = { ...result, items: result.items.map((one) => ({ present: one.changed ?? one.present, error: one.error })) };
    }
    await reread(id);
  }

  // The rules as they are now. A draft that was refused stays beside them.
  async function reread(id) {
    const now = await call("/route/info", { integration_id: id });
    if (id !== chosen) return;
    if (!touched()) draft = draftOf(now);
    route = now;
    app.render();
  }

  function view() {
    const title = h("h1", { key: "title" }, "Routing");
    if (!shared || (chosen !== null && !result)) return [title, loading()];
    if (shared.length === 0) return [title, h("p", { class: "empty panel", key: "none" }, "There is no shared integration: every alert goes to the channel of its integration.")];
    return [
      title,
      h("form", { class: "filters", key: "which", on: { submit: (event) => event.preventDefault() } }, choice("Integration", shared.map((one) => [one.integration_id, one.integration_name]), chosen, (integration) => ask({ integration }))),
      h("div", { class: "columns", key: "columns" }, h("div", {}, touched() && pending(), rulesPanel()), h("div", {}, previewPanel())),
    ];
  }

  const different = () => h("ul", { class: "lines" }, differences(draftOf(route), draft).map(([kind, text]) => h("li", { class: kind }, h("span", { class: "unseen" }, `${kind}: `), h("bdi", {}, text))));

  // What the draft does to the recent alerts, in a sentence.
  function effect() {
    const elsewhere = result.items.filter((one) => one.difference && one.difference.added.length + one.difference.removed.length > 0).length;
    return h("p", {}, elsewhere ? `${words.count(elsewhere, "alert")} of ${result.items.length} would go elsewhere.` : "Nothing would change for recent alerts.");
  }

  function pending() {
    return panel("Changed, not applied", different(),
      !session.can("administer") && h("p", { class: "note" }, "Applying rules needs a key with the role administer."),
      h("div", { class: "buttons" },
        session.can("administer") && button("Apply …", apply, { class: "main", key: "apply" }),
        button("Discard", () => step(draftOf(route), "Discarded."), { class: "quiet", key: "discard" })));
  }

  function rulesPanel() {
    const { cases, sections } = draft;
    const heading = (at) => sections.filter((one) => one.position === at).map((one) => h("li", { class: "heading", key: `section-${one.name}` }, h("h3", {}, h("bdi", {}, one.name))));
    const mover = (at, to, text, label) => button(text, () => cases[to] && step(moved(draft, at, to), `Case ${at + 1} is case ${to + 1} now.`), { "aria-label": `Move case ${at + 1} ${label}`, "aria-disabled": cases[to] ? null : "true" });
    const one = (rule, at) => [heading(at), h("li", { key: keyOf(rule) },
      h("p", {}, h("strong", {}, `Case ${at + 1}`), " → ", h("bdi", {}, target(rule)), rule.fallthrough ? "; then on to the next" : "; then stops"),
      conditions(rule.if),
      h("div", { class: "buttons small" },
        mover(at, at - 1, "↑", "up"), mover(at, at + 1, "↓", "down"),
        button("Edit", () => edit(at), { "aria-label": `Edit case ${at + 1}` }),
        button("Remove", () => step(without(draft, at), `Case ${at + 1} is removed.`), { "aria-label": `Remove case ${at + 1}` })))];
    return panel("Rules in order",
      !route && h("p", { class: "note" }, "No rules yet: what is pushed here is refused."),
      h("ol", { class: "cases" }, cases.map(one), heading(cases.length)),
      h("p", {}, "Otherwise: ", h("strong", {}, channelNames(draft.default.channel_ids))),
      h("div", { class: "buttons" }, button("Add a case", () => edit(cases.length), { key: "add" }), button("Edit all", editAll, { key: "all" })));
  }

  function previewPanel() {
    if (recent.length === 0) return panel("Recent alerts", h("p", { class: "faint" }, "None came here in the last week."));
    return panel("Recent alerts",
      h("div", { role: "status" }, touched() ? effect() : h("p", {}, `Where the newest ${recent.length} go.`)),
      h("ul", { class: "alertlist" }, result.items.map(item)));
  }

  function item(one, nth) {
    const alert = result.alerts[nth];
    const { added = [], removed = [] } = one.difference ?? {};
    return h("li", { key: alert.alert_id, class: added.length + removed.length ? "different" : "same" }, h("details", {},
      h("summary", {}, severity(alert.alert_severity), h("bdi", { class: "title" }, alert.title),
        one.error ? h("span", { class: "removed" }, one.error.message) : h("span", {}, "→ ", channelNames(one.present?.channel_ids)),
        added.map((id) => h("span", { class: "added" }, `+ ${channelNames([id])}`)),
        removed.map((id) => h("span", { class: "removed" }, `− ${channelNames([id])}`))),
      h("div", { class: "inside" }, one.remark && h("p", {}, one.remark),
        one.present && [h("h3", {}, "As it is"), walk(one.present)],
        one.changed && [h("h3", {}, "As it would be"), walk(one.changed)])));
  }

  return { title: () => "Routing", every: 30_000, load, view };
}

// A case is the same wherever it stands, so that the focus moves along with it.
const keys = new WeakMap();
let drawn = 0;
function keyOf(rule) {
  if (!keys.has(rule)) keys.set(rule, `rule-${(drawn += 1)}`);
  return keys.get(rule);
}

// The newest alerts that came by an integration. One alert in several channels is one push.
async function recentAlerts(id, signal) {
  const at = words.now();
  const { items } = await call("/alert/list", { start_time: at - 7 * 86_400, end_time: at + 60, integration_ids: [id], limit: ALERTS }, { signal });
  return [...new Map(items.map((alert) => [alert.alert_key, alert])).values()];
}

// An alert as it could have been pushed.
function pushed(alert) {
  return { event_status: alert.alert_severity, title_rule: alert.title_rule || alert.title, alert_key: alert.alert_key, description: alert.description, labels: alert.labels ?? {} };
}
