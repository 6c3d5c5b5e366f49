// The first list with ten thousand incidents in store.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { KEY, start } from "./host.js";
import { launch } from "./browser.js";

const INCIDENTS = 10_000;
// The promise. A machine that does other things as well may miss it on one visit, but not on each of several.
const GOAL_MS = 1000;
const VISITS = 10;
// More rows than a screen has, and fewer than all that are shown in the end: so little is waited for.
const FIRST = 30;
const SHOWN = 100;

let app, chrome;
before(async () => {
  [app, chrome] = await Promise.all([start(), launch()]);
  const severities = ["Critical", "Warning", "Info"];
  for (let sent = 0; sent < INCIDENTS; sent += 100) {
    await app.push(Array.from({ length: 100 }, (_, nth) => ({ event_status: severities[(sent + nth) % 3], title_rule: `disk full on web-${sent + nth}`, alert_key: `k-${sent + nth}`, labels: { host: `web-${nth}`, service: "media-store" } })));
  }
  // Until boards have them, a reader applies them one by one.
  const stored = async () => (await app.call("/incident/list", { start_time: Math.floor(Date.now() / 1000) - 3600, end_time: Math.floor(Date.now() / 1000) + 60, limit: 100, p: 100 })).items.length === 100;
  while (!(await stored())) await new Promise((done) => setTimeout(done, 200));
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

// One visit by a browser that has nothing of the console yet.
async function visit() {
  const context = await chrome.browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.addInitScript((key) => {
    sessionStorage.setItem("alarum-key", key);
    new MutationObserver((_, observer) => {
      const rows = document.querySelectorAll(".row").length;
      if (rows === 0) return;
      observer.disconnect();
      window.first = { at: performance.now(), rows };
    }).observe(document, { childList: true, subtree: true });
  }, KEY);
  const page = await context.newPage();
  await page.goto(`${app.url}/console`);
  await page.waitForFunction(() => window.first);
  // The rest of the list, the counts and the chart come after it.
  await page.locator(".row").nth(SHOWN - 1).waitFor();
  await page.getByRole("img", { name: "Incidents of the last 24 hours" }).waitFor();
  const seen = await page.evaluate(() => {
    const entries = performance.getEntriesByType("resource");
    const path = (entry) => new URL(entry.name).pathname;
    const answer = entries.find((entry) => path(entry) === "/incident/list");
    // What is asked for after the answer can be there before the list on a busy machine, but nothing waits for it.
    const awaited = (entry) => entry.startTime <= answer.responseEnd && entry.responseEnd <= window.first.at;
    const before = entries.filter(awaited);
    return {
      ...window.first, loaded: answer.startTime, answered: answer.responseEnd, bytes: answer.decodedBodySize, rows_after: document.querySelectorAll(".row").length,
      files: entries.filter((entry) => path(entry).startsWith("/console") && entry.responseEnd <= answer.startTime).length,
      awaited: before.map(path).filter((name) => !name.startsWith("/console")),
    };
  });
  await context.close();
  return seen;
}

test("the first list waits for one answer of as many incidents as a screen shows", async () => {
  const seen = await visit();
  assert.deepEqual([seen.awaited, seen.rows, seen.rows_after], [["/incident/list"], FIRST, SHOWN]);
  // Other pages are fetched afterwards.
  assert.ok(seen.files <= 26, `${seen.files} files`);
  // Each incident is some 1.1 kB; nothing else is in it.
  assert.ok(seen.bytes < FIRST * 1500, `${seen.bytes} bytes`);
});

test("the first list is shown within a second", async () => {
  const visits = [];
  do visits.push(await visit());
  while (visits.at(-1).at > GOAL_MS && visits.length < VISITS);
  const { at, loaded, answered } = visits.at(-1);
  const [files, answer, drawing] = [loaded, answered - loaded, at - answered].map(Math.round);
  console.log(`first list of ${INCIDENTS} incidents without a cache: ${Math.round(at)} ms on visit ${visits.length} (files ${files}, answer ${answer}, drawing ${drawing}; goal ${GOAL_MS})`);
  assert.ok(at <= GOAL_MS, visits.map((one) => `${Math.round(one.at)} ms`).join(", "));
});
