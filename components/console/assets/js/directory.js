// Names for ids: channels, integrations and people, as the configuration has them. Asked for once in a while.

import { call } from "./api.js";

const FRESH_MS = 60_000;
let known = { at: 0, channels: [], integrations: [], people: [] };

// All of it; `again` asks anew.
export async function directory({ again = false, signal } = {}) {
  if (again || Date.now() - known.at > FRESH_MS) {
    const [channels, integrations, people] = await Promise.all([
      pages("/channel/list", signal),
      call("/integration/list", {}, { signal }),
      pages("/member/list", signal),
    ]);
    known = { at: Date.now(), channels, integrations: integrations.items ?? [], people };
  }
  return known;
}

// Everything of a list that has pages, up to a thousand.
async function pages(path, signal) {
  const all = [];
  for (let p = 1; p <= 10; p++) {
    const page = await call(path, { p, limit: 100 }, { signal });
    all.push(...(page.items ?? []));
    if (!page.has_next_page) break;
  }
  return all;
}

export function forget() {
  known = { at: 0, channels: [], integrations: [], people: [] };
}

export function channelName(id) {
  if (!id) return "no channel";
  return known.channels.find((channel) => channel.channel_id === id)?.channel_name ?? `channel ${id}`;
}

export function integrationName(id) {
  if (!id) return "by hand";
  return known.integrations.find((integration) => integration.integration_id === id)?.integration_name ?? `integration ${id}`;
}

export function personName(id) {
  if (!id) return "";
  const person = known.people.find((one) => (one.person_id ?? one.member_id) === id);
  return person?.person_name ?? person?.member_name ?? `person ${id}`;
}
