// What rules said of an alert, readable: shared by the explanation of one alert and the preview of routing.

import { h } from "./dom.js";
import { channelName } from "./directory.js";
import { labels, severity } from "./parts.js";
import * as words from "./words.js";

// An alert as it stands at some step.
export function event(alert) {
  return h("div", { class: "stepped" },
    h("p", {}, severity(alert.status), " ", h("bdi", {}, alert.title || "(no title)")),
    alert.alert_key && h("p", { class: "faint" }, "key ", h("bdi", {}, alert.alert_key)),
    labels(alert.labels));
}

const OPERS = { IN: "is", NOTIN: "is not" };

export function condition(one) {
  const said = `${one.key} ${OPERS[one.oper] ?? one.oper} ${(one.vals ?? []).map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" or ")}`;
  const saw = one.holds === undefined ? "" : one.value === undefined || one.value === null ? " — it has none" : ` — it has ${words.cut(String(one.value), 80)}`;
  return h("li", { class: one.holds === undefined ? "plain" : one.holds ? "yes" : "no" }, h("span", { class: "mark", "aria-hidden": "true" }), one.holds === undefined ? "" : h("span", { class: "unseen" }, one.holds ? "holds: " : "does not hold: "), h("bdi", {}, said), saw && h("span", { class: "faint" }, saw));
}

export const channelNames = (ids) => ((ids ?? []).length ? ids.map(channelName).join(", ") : "no channel");

// The cases of a route, as far as they were looked at.
export function walk(route) {
  const one = (step) => h("li", { key: `case-${step.case}`, class: step.matched ? "yes" : "no" },
    h("p", {}, h("strong", {}, `Case ${step.case}`), step.matched ? ` matched: ${channelNames(step.channel_ids)}${step.stopped ? "; the walk ended here" : "; on to the next"}` : " did not match"),
    h("ul", { class: "conditions" }, (step.if ?? []).map(condition), (step.if ?? []).length === 0 && h("li", { class: "plain" }, "no conditions: matches everything")),
    (step.remarks ?? []).map((remark) => h("p", { class: "faint" }, remark)));
  return [
    h("ol", { class: "cases" }, (route?.cases ?? []).map(one)),
    route?.default && h("p", {}, "No case gave a channel, so the default: ", h("strong", {}, channelNames(route.default))),
  ];
}

// What each rule of a list did.
export function rules(list, none) {
  if (!list || list.length === 0) return h("p", { class: "faint" }, none);
  return h("ol", { class: "rules" }, list.map((step) => h("li", { class: step.matched ? "yes" : "no" }, h("span", { class: "mark", "aria-hidden": "true" }), h("strong", {}, `${step.kind}`), step.matched ? " " : " did not apply ", h("bdi", {}, step.effect ?? ""))));
}
