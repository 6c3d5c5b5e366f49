// Which incidents are listed: what stands in the URL, as questions to the server, and what is found among the answers.

import { call } from "./api.js";
import { SEVERITIES } from "./parts.js";
import { now } from "./words.js";

const PAGE = 100;
// Whoever looks for a text looks among so many; the server does not search in texts.
const SEARCHED = 500;

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

// `host=web-07 team="a b" disk`: labels, for the server, and words, which are looked for here.
function search(q) {
  const labels = {};
  const words = [];
  for (const [whole, name, quoted, plain] of q.matchAll(/([^\s="]+)=(?:"([^"]*)"|(\S+))|\S+/g)) {
    if (name !== undefined) labels[name] = quoted ?? plain;
    else words.push(whole.toLowerCase());
  }
  return { labels, words };
}

const PROGRESS = { open: "Triggered,Processing", triggered: "Triggered", processing: "Processing", closed: "Closed", all: undefined };

// What the server is asked, but for the page.
export function question({ progress, severities, channel, days, labels }) {
  const at = now();
  return {
    // A window has at most 31 days, both ends included.
    start_time: at - days * 86_400 + 120,
    end_time: at + 60,
    progress: PROGRESS[progress],
    incident_severity: severities.length ? severities.join(",") : undefined,
    channel_ids: channel === null ? undefined : [channel],
    labels: Object.keys(labels).length ? labels : undefined,
  };
}

// The incidents: `{items, total, complete}`; `wanted` is how many of them are to be shown.
export async function list(filter, wanted, signal) {
  const asked = question(filter);
  const enough = filter.words.length ? Math.max(wanted, SEARCHED) : wanted;
  // Worst first: one severity after the other, until there are enough.
  const severities = filter.severities.length ? SEVERITIES.filter((name) => filter.severities.includes(name)) : SEVERITIES;
  const parts = filter.sort === "worst" ? severities.map((name) => ({ ...asked, incident_severity: name })) : [asked];
  const found = new Map();
  let complete = true;
  let total = 0;
  for (const part of parts) {
    if (found.size >= enough) {
      complete = false;
      break;
    }
    for (let p = 1; ; p++) {
      const page = await call("/incident/list", { ...part, p, limit: PAGE }, { signal });
      if (p === 1) total += page.total;
      for (const incident of page.items) found.set(incident.incident_id, incident);
      if (!page.has_next_page) break;
      if (found.size >= enough) {
        complete = false;
        break;
      }
    }
  }
  // A short name is found wherever it is.
  const [num] = filter.words;
  if (filter.words.length === 1 && /^[0-9a-f]{6}$/.test(num)) {
    const named = await call("/incident/list", { nums: [num.toUpperCase()], limit: 20 }, { signal });
    for (const incident of named.items) found.set(incident.incident_id, incident);
  }
  const items = [...found.values()].filter((incident) => matches(incident, filter.words));
  return { items: items.slice(0, Math.max(wanted, filter.words.length ? enough : 0)), total: filter.words.length ? items.length : total, complete };
}

// Whether all words are in what an incident says of itself.
function matches(incident, words) {
  if (words.length === 0) return true;
  const people = (incident.responders ?? []).map((one) => one.person_name);
  const labels = Object.entries(incident.labels ?? {}).flat();
  const text = [incident.title, incident.num, incident.incident_id, incident.channel_name, ...labels, ...people].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}
