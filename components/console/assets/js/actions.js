// The actions on incidents, in the order in which they are offered: when each makes sense, what it asks for, what it
// calls, and what takes it back.

import { call } from "./api.js";
import { directory, personName } from "./directory.js";
import { SEVERITIES } from "./parts.js";
import { h } from "./dom.js";
import * as session from "./session.js";
import { cut, now, span } from "./words.js";

const open = (incident) => incident.progress !== "Closed";
const asleep = (incident, at) => incident.snoozed_before > at;
const acknowledged = (incident) => open(incident) && (incident.responders ?? []).some((one) => one.person_id === session.personId() && one.acknowledged_at > 0);
const minutesLeft = (incident) => Math.min(1440, Math.max(1, Math.round((incident.snoozed_before - now()) / 60)));
const one = (extra) => ([incident], given) => ({ incident_id: incident.incident_id, ...extra?.(given) });
// An empty field is one that was not given.
const filled = (given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));

const SNOOZES = [["15", "15 minutes"], ["30", "30 minutes"], ["60", "1 hour"], ["120", "2 hours"], ["240", "4 hours"], ["480", "8 hours"], ["1440", "1 day"]];
const SILENCES = [["900", "15 minutes"], ["3600", "1 hour"], ["14400", "4 hours"], ["28800", "8 hours"], ["86400", "1 day"], ["604800", "1 week"]];

export const ACTIONS = [
  {
    id: "ack", label: "Acknowledge", key: "a", path: "/incident/ack", many: true, main: true,
    when: (incident) => open(incident) && !acknowledged(incident),
    done: () => "acknowledged",
    undo: () => ({ path: "/incident/unack", done: "no longer acknowledged" }),
  },
  {
    id: "unack", label: "Unacknowledge", key: "a", path: "/incident/unack", many: true,
    when: acknowledged,
    done: () => "no longer acknowledged",
    undo: () => ({ path: "/incident/ack", done: "acknowledged again" }),
  },
  {
    id: "resolve", label: "Resolve", key: "e", path: "/incident/resolve", many: true,
    when: open,
    ask: (incidents, ask) => ask(incidents.length > 1 ? `Resolve ${incidents.length} incidents` : "Resolve", {
      text: "Its alerts are closed as well: a further event opens a new incident.",
      fields: [
        { name: "root_cause", label: "Root cause", type: "area", maxlength: 1024, hint: "May be left empty." },
        { name: "resolution", label: "Resolution", type: "area", maxlength: 1024, hint: "May be left empty." },
      ],
      button: "Resolve",
    }).then((given) => given && filled(given)),
    done: () => "resolved",
    undo: () => ({ path: "/incident/reopen", done: "open again" }),
  },
  {
    id: "reopen", label: "Reopen", key: "e", path: "/incident/reopen", many: true, main: true,
    when: (incident) => !open(incident),
    ask: (incidents, ask) => ask("Reopen", { fields: [{ name: "reason", label: "Reason", maxlength: 1024, hint: "May be left empty." }], button: "Reopen" }).then((given) => given && filled(given)),
    done: () => "open again",
    undo: () => ({ path: "/incident/resolve", done: "resolved again" }),
  },
  {
    id: "snooze", label: "Snooze", key: "s", path: "/incident/snooze", many: true,
    when: open,
    ask: (incidents, ask) => ask("Snooze", { text: "At the end it is triggered again.", fields: [{ name: "minutes", label: "For", type: "select", options: SNOOZES, value: "60" }], button: "Snooze" })
      .then((given) => given && { minutes: Number(given.minutes) }),
    done: (given) => `asleep for ${span(given.minutes * 60)}`,
    undo: (incidents) => {
      const slept = incidents.filter((incident) => asleep(incident, now()));
      if (slept.length === 0) return { path: "/incident/wake", done: "awake" };
      // One that was asleep before sleeps as long as it was to; several do not fit into one call.
      return incidents.length === 1 && { path: "/incident/snooze", parameters: { incident_ids: [slept[0].incident_id], minutes: minutesLeft(slept[0]) }, done: "asleep as before" };
    },
  },
  {
    id: "wake", label: "Wake", key: "w", path: "/incident/wake", many: true,
    when: (incident, at) => open(incident) && asleep(incident, at),
    done: () => "awake",
    undo: (incidents) => incidents.length === 1 && {
      path: "/incident/snooze", parameters: { incident_ids: [incidents[0].incident_id], minutes: minutesLeft(incidents[0]) }, done: "asleep again",
    },
  },
  {
    id: "comment", label: "Comment", key: "c", path: "/incident/comment", many: true,
    when: () => true,
    ask: (incidents, ask) => ask("Comment", { fields: [{ name: "comment", label: "Comment", type: "area", required: true, maxlength: 1024 }], button: "Comment" }),
    done: () => "comment added",
  },
  {
    id: "severity", label: "Severity", key: "v", path: "/incident/reset",
    when: () => true,
    ask: ([incident], ask) => ask("Change the severity", {
      text: "It then stays, whatever alerts come.",
      fields: [{ name: "incident_severity", label: "Severity", type: "select", options: SEVERITIES.map((name) => [name, name]), value: incident.incident_severity }],
      button: "Change",
    }),
    parameters: one((given) => given),
    done: (given) => `now ${given.incident_severity}`,
    undo: ([incident]) => ({ path: "/incident/reset", parameters: { incident_id: incident.incident_id, incident_severity: incident.incident_severity }, done: `${incident.incident_severity} again` }),
  },
  {
    id: "title", label: "Title", key: "t", path: "/incident/reset",
    when: () => true,
    ask: ([incident], ask) => ask("Change the title", { fields: [{ name: "title", label: "Title", required: true, minlength: 3, maxlength: 200, value: incident.title }], button: "Change" }),
    parameters: one((given) => given),
    done: () => "title changed",
    // A title that a sender wrote may be longer or shorter than one that people may give.
    undo: ([incident]) => [...incident.title].length >= 3 && [...incident.title].length <= 200 && {
      path: "/incident/reset", parameters: { incident_id: incident.incident_id, title: incident.title }, done: "the title is as before",
    },
  },
  {
    id: "people", label: "Ask people", key: "p", path: "/incident/responder/add",
    when: open,
    ask: async (incidents, ask) => {
      const { people } = await directory();
      const options = people.map((person) => [String(person.member_id), person.member_name]);
      if (options.length === 0) return ask("Ask people", { text: "There are no people in the configuration yet.", button: "Close" }).then(() => null);
      return ask("Ask somebody to help", { fields: [{ name: "person", label: "Person", type: "select", options }], button: "Ask" });
    },
    parameters: one((given) => ({ person_ids: [Number(given.person)] })),
    done: (given) => `${personName(Number(given.person))} is asked`,
  },
  {
    id: "merge", label: "Merge", key: "m", path: "/incident/merge",
    when: open,
    ask: askMerge,
    parameters: ([incident], given) => ({ source_incident_ids: [incident.incident_id], ...given }),
    done: () => "merged into the other one",
  },
  {
    id: "silence", label: "Silence", key: "z", path: "/incident/silence",
    when: (incident) => open(incident) && Object.keys(incident.labels ?? {}).length > 0,
    ask: ([incident], ask) => ask("Silence alerts like these", {
      text: [
        `Alerts in ${incident.channel_name || "its channel"} that are ${incident.incident_severity} and have all of these labels make no noise. It ends by itself.`,
        h("ul", { class: "labels" }, Object.entries(incident.labels).map(([name, value]) => h("li", {}, h("span", { class: "name" }, name), h("bdi", { class: "value" }, value)))),
      ],
      fields: [{ name: "seconds", label: "For", type: "select", options: SILENCES, value: "3600" }],
      button: "Silence",
    }).then((given) => given && { seconds: Number(given.seconds) }),
    parameters: one((given) => given),
    done: (given) => `alerts like these are silent for ${span(given.seconds)}`,
    undo: ([{ channel_id }]) => ({ path: "/channel/silence/rule/delete", of: ({ rule_id }) => ({ channel_id, rule_id }), done: "no longer silent" }),
  },
];

// One letter can mean two actions, of which one is possible at a time.
const SAID = { a: "acknowledge, or take that back", e: "resolve, or open again", s: "snooze", w: "wake", c: "comment", v: "change the severity", t: "change the title", p: "ask people", m: "merge", z: "silence" };

// Their shortcuts, with what the help of the keyboard says of them.
export const shortcuts = (keys, run) => Object.fromEntries([...keys].map((key) => [key, [SAID[key], () => run(key)]]));

// Into which open incident of the same channel.
async function askMerge([incident], ask) {
  const at = now();
  const list = await call("/incident/list", { start_time: at - 31 * 86_400 + 60, end_time: at + 60, progress: "Triggered,Processing", channel_ids: [incident.channel_id], limit: 100 });
  const others = list.items.filter((other) => other.incident_id !== incident.incident_id);
  if (others.length === 0) return ask("Merge", { text: "There is no other open incident in this channel.", button: "Close" }).then(() => null);
  const given = await ask("Merge into another incident", {
    text: "Its alerts move there, and it is closed. This cannot be taken back.",
    fields: [
      { name: "target_incident_id", label: "Into", type: "select", options: others.map((other) => [other.incident_id, `${other.num} ${other.incident_severity}: ${cut(other.title, 60)}`]) },
      { name: "comment", label: "Comment", maxlength: 1024, hint: "May be left empty." },
    ],
    button: "Merge",
    danger: true,
  });
  return given && filled(given);
}
