// The path that an alert took: each step as it is decided, from what was sent to the incident that it is a part of.

import { h } from "../dom.js";
import { call } from "../api.js";
import { directory, channelName } from "../directory.js";
import { hash } from "../place.js";
import { json, moment } from "../parts.js";
import { channelNames, event, rules, walk } from "../steps.js";
import * as words from "../words.js";

export function explainPage(place, app) {
  const id = place.path[1] ?? "";
  let told = null;

  async function load(signal) {
    [told] = await Promise.all([call("/alert/explain", { alert_id: id }, { signal }), directory({ signal })]);
  }

  function view() {
    const incident = told?.stored?.incident_id;
    const back = h("p", { class: "back", key: "back" }, h("a", { href: incident ? hash(`incident/${incident}`) : "#/incidents" }, incident ? `← Incident ${told.stored.num ?? ""}` : "← Incidents"));
    if (!told) return [back, h("h1", { key: "title" }, "The path of an alert"), h("p", { class: "loading", key: "loading" }, "Loading …")];
    return [back, h("h1", { key: "title" }, "The path of an alert"), configuration(), path(told)].filter(Boolean);
  }

  function configuration() {
    if (told.configuration?.same !== false) return null;
    return h("p", { class: "note", key: "configuration" }, "The configuration has changed since it came: the steps are those of today, what is stored is what became of it then.");
  }

  return { title: () => "Explain", every: 30_000, load, view, shortcuts: { Escape: ["back to the incidents", () => (location.hash = "#/incidents")] } };
}

// All steps in order. Also used for alerts that did not come yet.
export function path(told) {
  const step = (title, verdict, ...inside) => h("li", { key: title }, h("h2", {}, title), verdict && h("p", { class: "verdict" }, verdict), inside);
  const changed = JSON.stringify(told.received) !== JSON.stringify(told.admitted);
  return h("ol", { class: "path", key: "path" },
    step("Received", null, told.received ? event(told.received) : h("p", { class: "faint" }, "as it was stored")),
    step("Enrichment", null, rules(told.enrichment, "No rule adds labels to it.")),
    step("Pipeline", told.dropped ? "It was dropped here." : null, rules(told.pipeline, "No rule changes or drops it.")),
    changed && told.admitted && step("After the rules", null, event(told.admitted)),
    step("Routing", `${told.routing ?? ""}: ${channelNames(told.channel_ids)}`, told.route && walk(told.route)),
    step("Rules of the channels", null, channelRules(told.channel_rules ?? [])),
    step("In each channel, if it came now", null, (told.channels ?? []).map(inChannel), (told.channels ?? []).length === 0 && h("p", { class: "faint" }, "It goes to no channel.")),
    told.stored && step("What became of it", told.stored.grouping, stored(told.stored)));
}

const OUTCOMES = { taken: "taken", silenced: "taken and silent", discarded: "discarded by a silence", dropped: "dropped" };

function channelRules(list) {
  if (list.length === 0) return h("p", { class: "faint" }, "None.");
  return h("ul", { class: "rules" }, list.map((rule) => h("li", { class: rule.outcome === "taken" ? "yes" : "no" },
    h("span", { class: "mark", "aria-hidden": "true" }),
    h("strong", {}, h("bdi", {}, channelName(rule.channel_id))), `: ${OUTCOMES[rule.outcome] ?? rule.outcome}`,
    rule.rule_id && [" by rule ", h("code", {}, rule.rule_id)],
    rule.silenced_until && [" until ", moment(rule.silenced_until)],
    { p: "; grouped by rule", i: "; grouped by similarity" }[rule.group_method] ?? "; not grouped",
    rule.grouped_by?.length > 0 && ["; by ", h("code", {}, words.cut(JSON.stringify(rule.grouped_by), 300))],
    rule.can_be_inhibited && "; another alert may inhibit it",
    rule.inhibits && "; it may inhibit others")));
}

function inChannel(channel) {
  const marks = ["silenced", "inhibited", "flapping"].filter((name) => channel[name]);
  return h("div", { class: "stepped", key: String(channel.channel_id) },
    h("p", {}, h("strong", {}, h("bdi", {}, channel.channel_name || channelName(channel.channel_id))), `: ${channel.outcome}`, marks.map((mark) => [" ", h("span", { class: "tag" }, mark)])),
    h("p", {}, h("bdi", {}, channel.grouping ?? "")),
    channel.rule_id && h("p", { class: "faint" }, "rule ", h("code", {}, channel.rule_id)),
    channel.muted_until && h("p", { class: "faint" }, "muted until ", moment(channel.muted_until)),
    channel.joined_by !== undefined && json(channel.joined_by),
    channel.incident_id && h("p", {}, h("a", { href: hash(`incident/${channel.incident_id}`) }, `Incident ${channel.num ?? channel.incident_id}`)));
}

function stored(what) {
  return h("p", {}, what.ever_muted && h("span", { class: "tag" }, "was muted"), " ", `now ${what.alert_status}`,
    what.incident_id && [", in ", h("a", { href: hash(`incident/${what.incident_id}`) }, `incident ${what.num ?? ""}`)]);
}
