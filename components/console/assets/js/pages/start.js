// The first visit: what to do so that something comes. Keys are never told by the server, so people put theirs in.

import { h } from "../dom.js";
import { directory, channelName } from "../directory.js";
import { copyable, panel, since } from "../parts.js";

const BODY = { event_status: "Warning", title_rule: "$host::disk nearly full", alert_key: "test/web-07", labels: { host: "web-07", service: "shop" } };

// What was put in; it is kept while the tab shows this page and nowhere else.
let key = "";
let integration = 0;

// A text in single quotes of a shell.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const url = () => `${location.origin}/event/push/alert/standard?integration_key=${key ? encodeURIComponent(key) : "INTEGRATION_KEY"}`;

// What to do, with what is configured so far.
export function first(names, app) {
  if (names.integrations.length === 0) return [configure()];
  return [
    panel("Send a first alert",
      h("ol", { class: "todo" },
        h("li", {}, "Take the ", h("code", {}, "key"), " of an integration from the configuration", names.integrations.length > 1 && [": ", choose(names.integrations, app)], ".",
          h("div", { class: "field" }, h("label", { for: "integration-key" }, "Integration key"),
            h("input", { id: "integration-key", type: "password", autocomplete: "off", spellcheck: "false", autocapitalize: "off", keep: true, value: key, "aria-describedby": "integration-key-hint", on: { input: (event) => ((key = event.target.value.trim()), app.render()) } }),
            h("span", { id: "integration-key-hint", class: "faint" }, "It is put into the lines below and not sent anywhere."))),
        h("li", {}, "Point your sender to this URL, or try it by hand.", copyable(url(), "push URL"),
          copyable(`curl -s ${quoted(url())} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(BODY))}`, "curl line")),
        h("li", {}, "What comes shows up under ", h("a", { href: "#/incidents" }, "Incidents"), " at once. Let it recover by the same line with ", h("code", {}, '"event_status":"Ok"'), "."))),
    panel("Other senders", h("p", {}, "Alertmanager, Prometheus, Grafana, PagerDuty's clients, Nightingale, Zabbix and CloudWatch have doors of their own: docs/doors.md has their URLs.")),
  ];
}

function choose(integrations, app) {
  const value = String(integration || integrations[0].integration_id);
  const picked = integrations.find((one) => String(one.integration_id) === value) ?? integrations[0];
  return [
    h("label", { class: "choice" }, h("span", { class: "unseen" }, "Integration"), h("select", { value, on: { change: (event) => ((integration = Number(event.target.value)), app.render()) } },
      integrations.map((one) => h("option", { value: String(one.integration_id) }, one.integration_name)))),
    h("span", { class: "faint" }, picked.kind === "private" ? ` goes to ${channelName(picked.channel_id)}` : " goes where its rules say"),
  ];
}

function configure() {
  return panel("Configure it first",
    h("ol", { class: "todo" },
      h("li", {}, "Write a configuration with random keys.", copyable("cargo xtask init", "command")),
      h("li", {}, "Give it a channel and an integration: ", h("code", {}, "[[channels]]"), " and ", h("code", {}, "[[integrations]]"), " of config/alarum.toml."),
      h("li", {}, "Start it again, and come back here.")));
}

export function startPage(place, app) {
  let names = null;

  async function load(signal) {
    names = await directory({ signal, again: true });
  }

  function view() {
    const title = h("h1", { key: "title" }, "Connect a sender");
    if (!names) return [title, h("p", { class: "loading", key: "loading" }, "Loading …")];
    return [title, ...first(names, app), names.integrations.length > 0 && integrations()].filter(Boolean);
  }

  function integrations() {
    return panel("Integrations", h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Integrations, a table" }, h("table", {},
      h("thead", {}, h("tr", {}, ["Name", "Goes to", "Latest push"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, names.integrations.map((one) => h("tr", { key: String(one.integration_id) },
        h("th", { scope: "row" }, h("bdi", {}, one.integration_name), one.status === "disabled" && h("span", { class: "tag" }, "disabled")),
        h("td", {}, one.kind === "private" ? channelName(one.channel_id) : "by its rules"),
        h("td", {}, one.last_time ? since(one.last_time) : h("span", { class: "faint" }, "never"))))))));
  }

  return { title: () => "Connect", every: 5000, load, view };
}
