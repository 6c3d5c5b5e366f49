// Subscriptions and what they were sent, at the width of a desk and of a phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./host.js";
import { SIZES, launch, open } from "./browser.js";
import { receiver } from "./receiver.js";

let app, chrome, good, bad;
before(async () => {
  [good, bad] = [await receiver(), await receiver()];
  bad.status = 500;
  bad.answer = "<script>window.tripped('an answer')</script> out of order";
  [app, chrome] = await Promise.all([start({ subscribers: [good.url, bad.url] }), launch()]);
  await app.push({ event_status: "Critical", title_rule: "disk full", alert_key: "k", labels: { host: "web-1" } });
  await until(() => good.taken.length > 0);
});
after(async () => {
  await chrome?.close();
  await app?.stop();
  await good.stop();
  await bad.stop();
});

async function until(wanted) {
  for (let tries = 0; tries < 300; tries++) {
    if (await wanted()) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  assert.fail(`not within 15 s: ${wanted}`);
}

const status = async (id) => (await app.call("/webhook/list")).items.find((one) => one.integration_id === id).status;

for (const size of Object.keys(SIZES)) {
  test(`${size}: subscriptions are shown with their health, tested, paused and resumed`, async () => {
    const view = await open(chrome.browser, app, { size, hash: "#/webhooks" });
    const { page } = view;
    const card = (name) => page.locator(".card", { hasText: name });
    await card("subscriber 1").getByText("healthy").waitFor();
    await card("subscriber 2").locator(".health.bad").waitFor();
    const told = good.taken.length;
    await card("subscriber 1").getByRole("button", { name: "Test" }).click();
    await view.notice("the test was taken with 200");
    assert.equal(good.taken.length, told + 1);
    await card("subscriber 2").getByRole("button", { name: "Test" }).click();
    await view.notice("the test failed with 500");
    await card("subscriber 2").getByText("out of order").waitFor();
    await view.shot("webhooks");
    await card("subscriber 1").getByRole("button", { name: "Pause" }).click();
    await view.notice("paused");
    assert.equal(await status(1), "paused");
    await page.locator(".notice", { hasText: "paused" }).getByRole("button", { name: "Undo" }).click();
    await view.notice("goes on");
    assert.equal(await status(1), "healthy");
    await card("subscriber 1").getByRole("button", { name: "Pause" }).click();
    await card("subscriber 1").getByRole("button", { name: "Resume" }).click();
    await card("subscriber 1").getByText("healthy").waitFor();
    await view.close();
  });

  test(`${size}: the history shows request and answer, and sends again`, async () => {
    const view = await open(chrome.browser, app, { size, hash: "#/webhook/2" });
    const { page } = view;
    await page.getByLabel("Show").selectOption("failed");
    const attempt = page.locator(".attempts > li").first();
    await attempt.locator("summary").click();
    await attempt.getByText('"title": "disk full"').first().waitFor();
    await attempt.getByText("<script>window.tripped('an answer')</script> out of order").waitFor();
    await view.shot("history");
    bad.status = 200;
    await attempt.getByRole("button", { name: "Retry" }).click();
    await view.notice("sent again");
    // It may have been tried again by then.
    await page.getByRole("button", { name: "Try now" }).click({ timeout: 3000 }).catch(() => {});
    await until(() => bad.taken.length > 0);
    await page.getByLabel("Show").selectOption("success");
    await page.locator(".attempts .health.good").first().waitFor();
    // What was told in the last hour, once more.
    const before = good.taken.length;
    await page.evaluate(() => (location.hash = "#/webhook/1"));
    await page.getByRole("heading", { name: "subscriber 1" }).waitFor();
    await page.getByRole("button", { name: "Replay …" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Replay" }).click();
    await view.notice("is sent again");
    await until(() => good.taken.length > before);
    bad.status = 500;
    bad.taken.length = 0;
    await app.push({ event_status: "Critical", title_rule: "disk full", alert_key: `k-${size}`, labels: { host: "web-1" } });
    await view.close();
  });
}
