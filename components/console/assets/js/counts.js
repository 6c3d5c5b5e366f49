// How many incidents there are: for each channel and severity those that are open, and those of the last 24 hours by the
// hour. The server counts up to a thousand and says no more than that.

import { call, inTurn } from "./api.js";
import { SEVERITIES } from "./parts.js";
import { question } from "./listing.js";
import { now } from "./words.js";

const HOUR = 3600;
// Above this many, the hours are counted by the server instead of here.
const BY_HAND = 300;
// More channels than this are not counted one by one.
const CHANNELS = 60;

const OPEN = { progress: "open", severities: [], channel: null, days: 31, labels: {} };

const total = async (asked, signal) => (await call("/incident/list", { ...asked, limit: 1 }, { signal })).total;

// `{severities: {Critical: 3, …}, channels: Map(id → 3)}`; `all` are the open incidents, where all of them are known.
export async function openCounts(channels, all, signal) {
  if (all) {
    const of = (wanted) => all.filter(wanted).length;
    return {
      severities: Object.fromEntries(SEVERITIES.map((name) => [name, of((one) => one.incident_severity === name)])),
      channels: new Map(channels.map((id) => [id, of((one) => one.channel_id === id)])),
    };
  }
  const severities = await inTurn(SEVERITIES, (name) => total(question({ ...OPEN, severities: [name] }), signal), 2);
  const counted = channels.slice(0, CHANNELS);
  const each = await inTurn(counted, (id) => total(question({ ...OPEN, channel: id }), signal), 2);
  return {
    severities: Object.fromEntries(SEVERITIES.map((name, nth) => [name, severities[nth]])),
    channels: new Map(counted.map((id, nth) => [id, each[nth]])),
  };
}

// Hours that are over: what was counted in them stays, but for a severity that somebody changes.
const over = new Map();

// The 24 hours up to now: `[{start, counts: {Critical: 1, …}}]`.
export async function lastDay(channel, signal) {
  const begin = Math.floor(now() / HOUR) * HOUR - 23 * HOUR;
  const hours = Array.from({ length: 24 }, (_, nth) => ({ start: begin + nth * HOUR, counts: Object.fromEntries(SEVERITIES.map((name) => [name, 0])) }));
  const asked = { start_time: begin, end_time: now() + 60, channel_ids: channel === null ? undefined : [channel] };
  const first = await call("/incident/list", { ...asked, limit: 100 }, { signal });
  if (first.total <= BY_HAND) {
    const items = [...first.items];
    for (let p = 2, more = first.has_next_page; more; p++) {
      const page = await call("/incident/list", { ...asked, p, limit: 100 }, { signal });
      items.push(...page.items);
      more = page.has_next_page;
    }
    for (const incident of items) {
      const hour = hours[Math.min(23, Math.floor((incident.start_time - begin) / HOUR))];
      if (hour && incident.incident_severity in hour.counts) hour.counts[incident.incident_severity] += 1;
    }
    return hours;
  }
  await inTurn(hours, async (hour, nth) => {
    const known = `${channel}/${hour.start}`;
    if (over.has(known)) {
      hour.counts = over.get(known);
      return;
    }
    const window = { ...asked, start_time: hour.start, end_time: hour.start + HOUR - 1 };
    // Most hours of most days have none.
    if ((await total(window, signal)) > 0) {
      for (const name of SEVERITIES) hour.counts[name] = await total({ ...window, incident_severity: name }, signal);
    }
    if (nth < 22) over.set(known, hour.counts);
  }, 2);
  return hours;
}
