// Which incidents are listed: what stands in the URL, as questions to the server.

import { call } from "./api.js";
import { SEVERITIES } from "./parts.js";
import { now } from "./words.js";

const PAGE = 100;

// The filters of a place. What is not one of the values that there are counts as absent.
export function filters(query) {
  const one = (name, values) => (values.includes(query.get(name)) ? query.get(name) : values[0]);
  const q = (query.get("q") ?? "").trim();
  return {
    progress: one("progress", ["open", "triggered", "processing", "closed", "all"]),
    severities: (query.get("severity") ?? "").split(",").filter((name) => SEVERITIES.includes(name)),
    channel: /^\d{1,18}$/.test(query.get("channel") ?? "") ? Number(query.get("channel")) : null,
    days: Number(one("days", ["31", "7", "1"])),
    sort: one("sort", ["worst", "newest"]),
    q,
    ...search(q),
  };
}

export function isEverything({ progress, severities, channel, days, q }) {
  return progress === "open" && severities.length === 0 && channel === null && days === 31 && q === "";
}

// `host=web-07 team="a b" disk`: labels, and words of titles or a short name.
function search(q) {
  const labels = {};
  const words = [];
  for (const [whole, name, quoted, plain] of q.matchAll(/([^\s="]+)=(?:"([^"]*)"|(\S+))|\S+/g)) {
    if (name !== undefined) labels[name] = quoted ?? plain;
    else words.push(whole);
  }
  return { labels, words };
}

const PROGRESS = { open: "Triggered,Processing", triggered: "Triggered", processing: "Processing", closed: "Closed", all: undefined };

// What the server is asked, but for the page.
export function question({ progress, severities, channel, days, labels, words = [] }) {
  const at = now();
  return {
    // A window has at most 31 days, both ends included.
    start_time: at - days * 86_400 + 120,
    end_time: at + 60,
    progress: PROGRESS[progress],
    incident_severity: severities.length ? severities.join(",") : undefined,
    channel_ids: channel === null ? undefined : [channel],
    labels: Object.keys(labels).length ? labels : undefined,
    query: words.length ? words.join(" ") : undefined,
  };
}

// The incidents: `{items, total, complete}`; `wanted` is how many of them are to be shown.
export async function list(filter, wanted, signal) {
  const asked = question(filter);
  // Worst first: one severity after the other, until there are enough.
  const severities = filter.severities.length ? SEVERITIES.filter((name) => filter.severities.includes(name)) : SEVERITIES;
  const parts = filter.sort === "worst" ? severities.map((name) => ({ ...asked, incident_severity: name })) : [asked];
  const found = new Map();
  let total = 0;
  for (const part of parts) {
    if (found.size >= wanted) return { items: [...found.values()].slice(0, wanted), total, complete: false };
    for (let p = 1; ; p++) {
      const page = await call("/incident/list", { ...part, p, limit: PAGE }, { signal });
      if (p === 1) total += page.total;
      for (const incident of page.items) found.set(incident.incident_id, incident);
      if (!page.has_next_page) break;
      if (found.size >= wanted) return { items: [...found.values()].slice(0, wanted), total, complete: false };
    }
  }
  const items = [...found.values()];
  return { items: items.slice(0, wanted), total: items.length, complete: items.length <= wanted };
}
