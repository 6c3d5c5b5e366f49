// Rules of a shared integration as somebody changes them before they hold: steps from one draft to the next, which leave
// the one before as it was, and what is different in the end.

import { channelNames, conditionText } from "./steps.js";

// What people change of a route as it is told; null: there is none yet.
export const draftOf = (route) => ({
  cases: route?.cases ?? [],
  default: route?.default ?? { channel_ids: [] },
  sections: route?.sections ?? [],
});

// The same as calls take it that know no headings.
export const rulesOf = ({ cases, default: otherwise }) => ({ cases, default: otherwise });

export const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export function moved(draft, at, to) {
  const cases = [...draft.cases];
  cases.splice(to, 0, ...cases.splice(at, 1));
  return { ...draft, cases };
}

// `at` one behind the last: a further case.
export const written = (draft, at, rule) => ({ ...draft, cases: Object.assign([...draft.cases], { [at]: rule }) });

// Headings of what comes later move up.
export const without = (draft, at) => ({
  ...draft,
  cases: draft.cases.filter((_, nth) => nth !== at),
  sections: draft.sections.map((one) => (one.position > at ? { ...one, position: one.position - 1 } : one)),
});

// Where a case leads.
export function target(rule) {
  return rule.routing_mode === "name_mapping" ? `the channel that label ${rule.name_mapping_label} names` : channelNames(rule.channel_ids);
}

const inWords = (rule) => `${(rule.if ?? []).map(conditionText).join(" and ") || "everything"} → ${target(rule)}${rule.fallthrough ? "; then on to the next" : ""}`;

// What is different, as `[kind, text]`; kinds are `removed`, `added` and `moved`. A changed case is one of each of the former.
export function differences(before, after) {
  const fresh = after.cases.map((rule) => JSON.stringify(rule));
  const kept = [];
  const lines = [];
  for (const [nth, rule] of before.cases.entries()) {
    const at = fresh.indexOf(JSON.stringify(rule));
    if (at < 0) lines.push(["removed", `Case ${nth + 1}: ${inWords(rule)}`]);
    else {
      // Of two that are the same each counts once.
      fresh[at] = null;
      kept.push({ nth, at });
    }
  }
  for (const [at, rule] of after.cases.entries()) if (fresh[at] !== null) lines.push(["added", `Case ${at + 1}: ${inWords(rule)}`]);
  // Those that stand elsewhere among what is there before and after.
  const order = kept.map(({ at }) => at).sort((a, b) => a - b);
  for (const [place, { nth, at }] of kept.entries()) if (order[place] !== at) lines.push(["moved", `Case ${nth + 1} becomes case ${at + 1}`]);
  if (!same(before.default, after.default)) {
    lines.push(["removed", `Otherwise: ${channelNames(before.default.channel_ids)}`], ["added", `Otherwise: ${channelNames(after.default.channel_ids)}`]);
  }
  if (!same(before.sections, after.sections)) lines.push(["moved", "Headings"]);
  return lines;
}
