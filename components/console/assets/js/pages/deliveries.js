// What a subscription was sent, attempt by attempt, with request and answer.

import { h } from "../dom.js";
import { call } from "../api.js";
import { attempt } from "../act.js";
import { directory, channelName } from "../directory.js";
import { ask, hash, here } from "../place.js";
import { notice } from "../notice.js";
import { button, facts, json } from "../parts.js";
import { controls, health, pretty, trial } from "./webhooks.js";
import * as session from "../session.js";
import * as words from "../words.js";

const PAGE = 50;

export function deliveriesPage(place, app) {
  const id = Number(place.path[1]);
  let subscription = null;
  let items = null;
  let more = "";
  let pages = 1;
  let test = null;

  async function load(signal) {
    const query = here().query;
    const hours = Number(query.get("hours")) || 24;
    const asked = {
      integration_id: id, start_time: Date.now() - hours * 3_600_000, end_time: Date.now() + 60_000, limit: PAGE,
      status: ["success", "failed"].includes(query.get("status")) ? query.get("status") : undefined,
      ref_id: /^[0-9a-f]{24}$/.test(query.get("ref") ?? "") ? query.get("ref") : undefined,
    };
    const [list] = await Promise.all([call("/webhook/list", {}, { signal }), directory({ signal })]);
    subscription = list.items.find((one) => one.integration_id === id) ?? null;
    const found = [];
    let context;
    // A page may be empty and be followed by more, so there is a bound besides the number of items.
    for (let asks = 0; found.length < pages * PAGE && asks < 10 * pages; asks++) {
      const page = await call("/webhook/history/list", { ...asked, search_after_ctx: context }, { signal });
      found.push(...page.items);
      context = page.search_after_ctx || undefined;
      if (!context) break;
    }
    items = found;
    more = context ?? "";
  }

  async function again(one) {
    if (await attempt("/webhook/replay", { integration_id: id, event_id: one.event_id })) notice("It is sent again by the next ticks.");
    app.refresh();
  }

  function view() {
    const back = h("p", { class: "back", key: "back" }, h("a", { href: "#/webhooks" }, "← Webhooks"));
    if (!items) return [back, h("p", { class: "loading", key: "loading" }, "Loading …")];
    if (!subscription) return [back, h("p", { class: "empty panel", key: "none" }, "There is no such subscription.")];
    const query = here().query;
    const choice = (name, label, options, value) => h("label", { class: "choice" }, h("span", {}, label),
      h("select", { value, on: { change: (event) => ask({ [name]: event.target.value }) } }, options.map(([of, text]) => h("option", { value: of }, text))));
    return [
      back,
      h("div", { class: "head", key: "head" }, h("p", { class: "marks" }, health(subscription), h("span", { class: "faint address" }, h("bdi", {}, subscription.endpoint))), h("h1", {}, h("bdi", {}, subscription.integration_name))),
      h("div", { class: "actions", key: "actions" }, controls(subscription, app.refresh, (answer) => ((test = answer), app.render()))),
      test && h("div", { class: "panel", key: "test" }, trial(test)),
      h("form", { class: "filters", key: "filters", on: { submit: (event) => event.preventDefault() } },
        choice("status", "Show", [["", "all attempts"], ["failed", "failed"], ["success", "taken"]], query.get("status") ?? ""),
        choice("hours", "From", [["24", "24 hours"], ["1", "1 hour"], ["168", "7 days"], ["720", "30 days"]], query.get("hours") ?? "24")),
      items.length === 0
        ? h("p", { class: "empty panel", key: "none" }, "No attempts in this time.")
        : h("ol", { class: "attempts", "aria-label": "Attempts, newest first", key: "attempts" }, items.map(row)),
      more && h("p", { class: "more", key: "more" }, button("Show more", () => (pages += 1, app.refresh()))),
    ].filter(Boolean);
  }

  function row(one) {
    const good = one.status === "success";
    return h("li", { key: `${one.event_id}-${one.attempt}-${one.event_time}` }, h("details", {},
      h("summary", {},
        h("span", { class: `health ${good ? "good" : "bad"}` }, good ? "taken" : "failed"),
        h("span", { class: "num" }, one.status_code || "no answer"),
        h("strong", {}, one.event_type),
        h("time", { datetime: one.event_time }, words.date(Date.parse(one.event_time) / 1000)),
        h("span", { class: "faint" }, `attempt ${one.attempt}, ${one.duration} ms`)),
      h("div", { class: "inside" },
        one.error_message && h("p", { class: "trouble" }, one.error_message),
        facts(["Event", h("code", {}, one.event_id)], ["Channel", channelName(one.channel_id)],
          ["Of", one.webhook_type === "incident" && /^[0-9a-f]{24}$/.test(one.ref_id) ? h("a", { href: hash(`incident/${one.ref_id}`) }, `incident ${one.ref_id}`) : `${one.webhook_type} ${one.ref_id}`]),
        h("div", { class: "buttons" }, button(good ? "Send again" : "Retry", () => again(one), { disabled: !session.can("operate") })),
        h("h3", {}, "Request"), headers(one.request_headers), json(pretty(one.request_body)),
        h("h3", {}, "Answer"), headers(one.response_headers), json(one.response_body || "(empty)"))));
  }

  return { title: () => subscription?.integration_name ?? "Webhook", every: 5000, load, view, shortcuts: { Escape: ["back to the webhooks", () => (location.hash = "#/webhooks")] } };
}

// Headers come as an object or as text.
function headers(all) {
  if (!all || (typeof all === "object" && Object.keys(all).length === 0)) return null;
  if (typeof all === "string") return json(all);
  return json(Object.entries(all).map(([name, value]) => `${name}: ${[value].flat().join(", ")}`).join("\n"));
}
