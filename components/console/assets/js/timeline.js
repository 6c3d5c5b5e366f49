// The timeline of an incident in sentences.

import { h } from "./dom.js";
import { description } from "./markdown.js";
import { personName, integrationName } from "./directory.js";
import { hash } from "./place.js";
import * as words from "./words.js";

const names = (ids) => (ids ?? []).map((id) => personName(typeof id === "object" ? id?.person_id : id)).filter(Boolean).join(", ") || "somebody";
const BY = { event: "its alerts recovered", autorslv: "the time for it was over" };

// What happened, by type. Parts that came from outside are texts, nothing else.
const SENTENCES = Object.assign(Object.create(null), {
  i_new: (d) => ["began", d.severity ? ` as ${d.severity}` : ""],
  i_assign: (d) => [d.to?.length || d.person_ids?.length ? `assigned to ${names(d.to ?? d.person_ids)}` : "triggered again"],
  i_a_rspd: (d) => [`asked ${names(d.to)}`],
  i_ack: () => ["acknowledged"],
  i_unack: () => ["no longer acknowledges"],
  i_snooze: (d) => [`snoozed for ${words.span((d.minutes ?? 0) * 60)}`],
  i_wake: () => ["woken"],
  i_storm: (d) => [`a storm: more than ${d.threshold} alerts`],
  i_comm: () => ["commented"],
  i_rslv: (d) => ["resolved", BY[d.from] ? `: ${BY[d.from]}` : ""],
  i_reopen: (d) => ["opened again", d.reason ? `: ${d.reason}` : ""],
  i_r_title: () => ["changed the title"],
  i_r_severity: (d) => [`changed the severity from ${d.from} to ${d.to}`],
  i_r_desc: () => ["changed the description"],
  i_r_impact: () => ["changed the impact"],
  i_r_rc: () => ["changed the root cause"],
  i_r_rsltn: () => ["changed the resolution"],
  i_r_field: (d) => [`set ${d.field_name} to ${JSON.stringify(d.to ?? null)}`],
  i_custom: (d) => [`ran ${d.integration_name ?? integrationName(d.integration_id)}`],
  i_m_flapping: (d) => [`flapping: muted for ${d.mute_mins} min`],
  i_silence: (d, at) => [d.end_time > at ? `silenced alerts like these for ${words.span(d.end_time - at)}` : "ended the silence of alerts like these"],
  i_disable_merge: () => ["lets no further alert join"],
  a_close: () => ["closed an alert"],
});

export function timeline(items) {
  return h("ol", { class: "timeline" }, items.map(entry));
}

function entry(item) {
  const detail = item.detail ?? {};
  const merged = item.type === "i_merge";
  const seconds = Math.floor(item.created_at / 1000);
  const sentence = merged ? merge(detail) : SENTENCES[item.type]?.(detail, seconds) ?? [item.type];
  const actor = item.creator_id ? personName(item.creator_id) : item.type === "i_comm" && detail.integration_id ? integrationName(detail.integration_id) : "";
  return h("li", { class: kind(item.type), key: `${item.created_at}-${item.type}` },
    h("time", { datetime: new Date(item.created_at).toISOString(), title: words.date(seconds) }, words.lately(seconds)),
    h("div", {},
      h("p", {}, actor && h("strong", {}, h("bdi", {}, actor)), actor && " ", sentence),
      item.type === "i_comm" && h("blockquote", {}, description(detail.comment ?? "")),
      item.type === "i_r_title" && h("blockquote", {}, h("del", {}, detail.from ?? ""), " → ", detail.to ?? ""),
      merged && detail.comment && h("blockquote", {}, detail.comment)));
}

function merge(detail) {
  const one = (incident) => (/^[0-9a-f]{24}$/.test(incident?.incident_id ?? "") ? h("a", { href: hash(`incident/${incident.incident_id}`) }, h("bdi", {}, incident.title || incident.incident_id)) : incident?.title ?? "");
  const sources = detail.source_incidents ?? [];
  const listed = sources.flatMap((source, nth) => [nth ? ", " : "", one(source)]);
  return [sources.length ? "merged " : "merged alerts", listed, detail.target_incident ? [" into ", one(detail.target_incident)] : ""];
}

// For the dot beside it.
function kind(type) {
  if (type === "i_new" || type === "i_reopen" || type === "i_storm") return "bad";
  if (type === "i_rslv") return "good";
  return type === "i_ack" ? "hand" : "plain";
}
