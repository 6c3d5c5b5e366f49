// Custom actions, which are called when somebody runs them on an incident.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SHARED, start } from "./host.js";
import { SIZES, barriers, launch, open } from "./browser.js";
import { receiver } from "./receiver.js";

const action = (id, name, url, rest = "") => `[[subscriptions]]\nid = ${id}\nname = "${name}"\nkind = "action"\nurl = "${url}"\nsecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="\n${rest}\n`;

let app, chrome, restart, one;
before(async () => {
  restart = await receiver();
  const config = [
    action(50, "Restart <b>it</b>", restart.url, "channel_ids = [101]"),
    action(51, "Elsewhere", restart.url, "channel_ids = [102]"),
    action(52, "Turned off", restart.url, "enabled = false"),
    action(53, "Everywhere", restart.url),
  ].join("\n");
  [app, chrome] = await Promise.all([start({ config }), launch()]);
  await app.push({ event_status: "Critical", title_rule: "disk full", alert_key: "k", labels: { team: "storage" } }, SHARED);
  [one] = await app.incidents();
});
after(async () => {
  await chrome?.close();
  await app?.stop();
  await restart.stop();
});

for (const size of Object.keys(SIZES)) {
  test(`${size}: the custom actions of the channel are offered, asked about, and run`, async () => {
    const view = await open(chrome.browser, app, { size, hash: `#/incident/${one.incident_id}` });
    const { page, button } = view;
    const dialog = page.getByRole("dialog");
    await button("Restart <b>it</b>").waitFor();
    assert.deepEqual(await page.locator(".actions .custom").allTextContents(), ["Restart <b>it</b>", "Everywhere"]);
    const called = restart.taken.length;
    await button("Restart <b>it</b>").click();
    await dialog.getByText("is called at once").waitFor();
    assert.deepEqual(await barriers(page), []);
    await view.shot("custom-action");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal(restart.taken.length, called, "who thought better of it called nobody");
    await button("Restart <b>it</b>").click();
    await dialog.getByRole("button", { name: "Run" }).click();
    await view.notice("Restart <b>it</b> was run.");
    assert.equal(restart.taken.length, called + 1);
    const told = restart.taken.at(-1);
    assert.deepEqual([told.event_type, told.incident.incident_id, told.incident.alerts.length], ["i_custom", one.incident_id, 1]);
    await page.locator(".timeline li", { hasText: "ran Restart <b>it</b>" }).first().waitFor();
    // What goes wrong is said, and has not happened.
    restart.status = 503;
    await button("Everywhere").click();
    await dialog.getByRole("button", { name: "Run" }).click();
    await view.notice("Everywhere failed, nothing has changed");
    restart.status = 200;
    assert.equal(await page.locator(".timeline li", { hasText: "ran Everywhere" }).count(), 0);
    await view.close();
  });
}

test("a custom action is shown among the webhooks with nothing to pause or to send again", async () => {
  const view = await open(chrome.browser, app, { hash: "#/webhooks" });
  const { page } = view;
  const card = page.locator(".card", { hasText: "Restart <b>it</b>" });
  await card.getByText("called when somebody runs it on an incident").waitFor();
  assert.deepEqual(await card.getByRole("button").allTextContents(), ["Test"]);
  await card.getByRole("button", { name: "Test" }).click();
  await view.notice("the test was taken with 200");
  await view.close();
});
