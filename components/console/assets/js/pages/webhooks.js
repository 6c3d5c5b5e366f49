// Who is told by webhook, and how they fare.

import { h } from "../dom.js";
import { call } from "../api.js";
import { attempt } from "../act.js";
import { ask } from "../dialog.js";
import { directory, channelName } from "../directory.js";
import { hash } from "../place.js";
import { notice } from "../notice.js";
import { button, facts, json } from "../parts.js";
import * as session from "../session.js";
import * as words from "../words.js";

// What a status means, and whether somebody has to look.
const STATUS = {
  healthy: ["takes everything", "good"],
  failing: ["the latest attempts failed", "bad"],
  broken: ["left alone for a while: it took nothing", "bad"],
  gone: ["stopped: it answered 410", "bad"],
  paused: ["paused by hand: what happens is kept", "held"],
  disabled: ["disabled in the configuration", "off"],
};

export function health(subscription) {
  const [, mood] = STATUS[subscription.status] ?? ["", "off"];
  return h("span", { class: `health ${mood}` }, subscription.status);
}

// The buttons of a subscription. What can be taken back has an undo.
export function controls(subscription, after, tried) {
  const id = subscription.integration_id;
  const name = subscription.integration_name;
  const can = session.can("operate");
  const toggle = async (path, done, back, undone) => {
    if (!(await attempt(path, { integration_id: id }))) return after();
    notice(`${name}: ${done}.`, { undo: async () => ((await attempt(back, { integration_id: id })) && notice(`${name}: ${undone}.`), after()) });
    return after();
  };
  const pause = () => toggle("/webhook/pause", "paused", "/webhook/resume", "goes on");
  const resume = () => toggle("/webhook/resume", "goes on", "/webhook/pause", "paused again");
  const retry = async () => {
    if (await attempt("/webhook/resume", { integration_id: id })) notice(`${name}: what waits is tried at once.`);
    after();
  };
  const test = async () => {
    try {
      const answer = await call("/webhook/test", { integration_id: id });
      notice(`${name}: the test ${answer.status === "success" ? "was taken" : "failed"}${answer.status_code ? ` with ${answer.status_code}` : ""} in ${answer.duration} ms.`, { bad: answer.status !== "success" });
      tried(answer);
    } catch (error) {
      notice(`${name}: not tested: ${error.message}`, { bad: true });
    }
  };
  return h("div", { class: "buttons" },
    button("Test", test, { disabled: !can, key: "test" }),
    ["failing", "broken"].includes(subscription.status) && button("Try now", retry, { class: "main", disabled: !can, key: "retry" }),
    subscription.status === "disabled" ? null : ["paused", "gone"].includes(subscription.status)
      ? button("Resume", resume, { class: "main", disabled: !can, key: "resume" })
      : button("Pause", pause, { disabled: !can, key: "pause" }),
    button("Replay …", () => replay(subscription, after), { disabled: !can, key: "replay" }));
}

const SPANS = [["1", "the last hour"], ["6", "the last 6 hours"], ["24", "the last day"], ["168", "the last week"]];

async function replay(subscription, after) {
  const given = await ask(`Replay to ${subscription.integration_name}`, {
    text: "What it wants of what was told in this time is sent again, with the same ids.",
    fields: [{ name: "hours", label: "Of", type: "select", options: SPANS, value: "1" }],
    button: "Replay",
  });
  if (!given) return;
  const now = Date.now();
  const parameters = { integration_id: subscription.integration_id, start_time: now - given.hours * 3_600_000, end_time: now };
  if (await attempt("/webhook/replay", parameters)) notice(`${subscription.integration_name}: is sent again by the next ticks.`);
  after();
}

// What a test sent and what came back.
export function trial(answer) {
  return h("details", { class: "trial", open: true }, h("summary", {}, `Test: ${answer.status}`),
    h("div", { class: "inside" }, facts(["Answer", answer.status_code || "none"], ["Problem", answer.error_message], ["Took", `${answer.duration} ms`]),
      h("h3", {}, "Sent"), json(pretty(answer.request_body)), h("h3", {}, "Answered"), json(answer.response_body || "(empty)")));
}

// JSON over several lines; anything else as it is.
export function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return String(text ?? "");
  }
}

export function webhooksPage(place, app) {
  let list = null;
  const tested = new Map();

  async function load(signal) {
    [list] = await Promise.all([call("/webhook/list", {}, { signal }), directory({ signal })]);
  }

  function view() {
    const title = h("h1", { key: "title" }, "Webhooks");
    if (!list) return [title, h("p", { class: "loading", key: "loading" }, "Loading …")];
    if (list.items.length === 0) {
      return [title, h("div", { class: "empty panel", key: "none" }, h("p", {}, "Nobody is told of incidents yet."),
        h("p", {}, "A subscription is a section ", h("code", {}, "[[subscriptions]]"), " of the configuration, with ", h("code", {}, "id"), ", ", h("code", {}, "name"), ", ", h("code", {}, "url"), " and ", h("code", {}, "secret"), "."))];
    }
    return [title, h("ul", { class: "cards", key: "cards" }, list.items.map(card))];
  }

  function card(one) {
    const id = one.integration_id;
    const test = tested.get(id);
    return h("li", { class: "panel card", key: String(id) },
      h("div", { class: "marks" }, h("h2", {}, h("a", { href: hash(`webhook/${id}`) }, h("bdi", {}, one.integration_name || `subscription ${id}`))), health(one)),
      h("p", { class: "faint address" }, h("bdi", {}, one.endpoint)),
      facts(
        ["Health", (STATUS[one.status] ?? [one.status])[0]],
        ["Failed in a row", one.failures || null],
        ["Waiting", one.waiting ? words.count(one.waiting, "event") : null],
        ["Next try", one.next_at ? next(one.next_at) : null],
        ["Behind in", one.behind_channel_ids?.length ? one.behind_channel_ids.map(channelName).join(", ") : null],
        ["Being replayed", one.replays ? words.count(one.replays, "part") : null],
        ["Stopped by", one.gone_reason],
        ["Channels", one.channel_ids?.length ? one.channel_ids.map(channelName).join(", ") : "all"],
        ["Events", one.event_types?.length ? one.event_types.join(", ") : "all"]),
      controls(one, app.refresh, (answer) => (tested.set(id, answer), app.render())),
      h("p", {}, h("a", { href: hash(`webhook/${id}`) }, "What it was sent")),
      test && trial(test));
  }

  const next = (at) => (at > words.now() ? `in ${words.span(at - words.now())}` : "due");

  return { title: () => "Webhooks", every: 5000, load, view };
}

