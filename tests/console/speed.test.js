// The first list with ten thousand incidents in store.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { KEY, start } from "./host.js";
import { launch } from "./browser.js";

const INCIDENTS = 10_000;
// What is promised of a machine that does nothing else; tests run on small ones that do.
const GOAL_MS = 1000;
const LIMIT_MS = 3000;

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

test("the first list is shown within a second", async () => {
  const took = [];
  for (let visit = 0; visit < 5; visit++) {
    const context = await chrome.browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.addInitScript((key) => {
      sessionStorage.setItem("alarum-key", key);
      new MutationObserver((_, observer) => {
        if (!document.querySelector(".row")) return;
        window.firstList ??= performance.now();
        observer.disconnect();
      }).observe(document, { childList: true, subtree: true });
    }, KEY);
    const page = await context.newPage();
    await page.goto(`${app.url}/console`);
    await page.waitForFunction(() => window.firstList);
    took.push(await page.evaluate(() => window.firstList));
    assert.equal(await page.locator(".row").count(), 100);
    await context.close();
  }
  took.sort((a, b) => a - b);
  const [best, median] = [took[0], took[2]].map(Math.round);
  console.log(`first list of ${INCIDENTS} incidents: best ${best} ms, median ${median} ms of 5 visits without a cache (goal ${GOAL_MS} ms)`);
  assert.ok(best < LIMIT_MS, `${best} ms`);
});
