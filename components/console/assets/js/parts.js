// Small things that many pages show.

import { h, svg } from "./dom.js";
import { hash } from "./place.js";
import { say } from "./notice.js";
import * as words from "./words.js";

// Worst first.
export const SEVERITIES = ["Critical", "Warning", "Info"];

// Each severity has a shape besides its colour.
const SHAPES = {
  Critical: "M6 0 12 6 6 12 0 6z",
  Warning: "M6 .7 12 11.3H0z",
  Info: "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z",
  Ok: "M1.2 6.4 2.8 4.8 5 7l4.3-4.6 1.6 1.5L5 10.2z",
};

export function shape(severity) {
  return svg("svg", { class: `shape ${known(severity)}`, viewBox: "0 0 12 12", "aria-hidden": "true", focusable: "false" }, svg("path", { d: SHAPES[known(severity)] }));
}

export function severity(name) {
  return h("span", { class: `severity ${known(name)}` }, shape(name), h("span", {}, name || "unknown"));
}

// Class names come from here and from no answer.
function known(name) {
  return Object.hasOwn(SHAPES, name ?? "") ? name : "Info";
}

export function progress(incident) {
  const asleep = incident.snoozed_before > words.now();
  const name = asleep ? "Snoozed" : { Triggered: "Triggered", Processing: "Processing", Closed: "Closed" }[incident.progress] ?? "Triggered";
  return h("span", { class: `progress ${name}`, title: asleep ? `until ${words.date(incident.snoozed_before)}` : null }, name);
}

// How long ago, with the date for who wants to know exactly.
export function since(seconds, prefix = "") {
  if (!seconds) return h("span", { class: "faint" }, "never");
  return h("time", { datetime: new Date(seconds * 1000).toISOString(), title: words.date(seconds) }, `${prefix}${words.age(seconds)}`);
}

export function moment(seconds) {
  return h("time", { datetime: new Date(seconds * 1000).toISOString(), title: `${words.age(seconds)} ago` }, words.date(seconds));
}

// Labels; each leads to the incidents that have it.
export function labels(all, { most = Infinity, links = false } = {}) {
  const entries = Object.entries(all ?? {});
  if (entries.length === 0) return null;
  const one = ([name, value]) => {
    const text = [h("span", { class: "name" }, name), h("bdi", { class: "value" }, value)];
    const place = links && labelPlace(name, value);
    return h("li", {}, place ? h("a", { href: place, title: "incidents with this label" }, text) : text);
  };
  const more = entries.length - most;
  return h("ul", { class: "labels" }, entries.slice(0, most).map(one), more > 0 && h("li", { class: "faint" }, `+${more}`));
}

// Where the incidents with a label are listed; null for what cannot be said in a search.
function labelPlace(name, value) {
  if (/[\s"=]/.test(name) || /["\n]/.test(value) || value === "") return null;
  return hash("incidents", { q: /\s/.test(value) ? `${name}="${value}"` : `${name}=${value}` });
}

export function panel(title, ...children) {
  const id = `p-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
  return h("section", { class: "panel", "aria-labelledby": id, key: id }, h("h2", { id }, title), children);
}

export function note(...children) {
  return h("p", { class: "note" }, children);
}

export function button(text, click, props = {}) {
  return h("button", { type: "button", ...props, on: { click } }, text);
}

// A line to copy, as it is.
export function copyable(text, what) {
  return h("div", { class: "copyable" },
    h("pre", { tabindex: "0", "aria-label": what }, h("code", {}, text)),
    button("Copy", async (event) => {
      const code = event.target.parentElement.querySelector("code");
      try {
        await navigator.clipboard.writeText(text);
        say("Copied.");
      } catch {
        // Without a secure context there is no clipboard; it is selected, and people copy it themselves.
        getSelection().selectAllChildren(code);
        say("Selected: copy it with your keyboard.");
      }
    }, { "aria-label": `Copy ${what}` }));
}

// Pairs of a name and what it is; pairs without a value are left out.
export function facts(...pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return h("dl", { class: "facts" }, shown.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

// Something unreadable as what it is.
export function json(value) {
  return h("pre", { tabindex: "0", class: "json" }, typeof value === "string" ? value : JSON.stringify(value, null, 2));
}
