// The list of incidents and all that is done to one, at the width of a desk and of a phone.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { KEY, SHARED, start } from "./host.js";
import { SIZES, launch, open } from "./browser.js";

let app, chrome;
before(async () => {
  [app, chrome] = await Promise.all([start(), launch()]);
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

let drawn = 0;
// An incident of its own for a test; answers it.
async function incident(alert = {}) {
  const alert_key = `key-${++drawn}`;
  await app.push({ event_status: "Critical", title_rule: `disk full on web-${drawn}`, alert_key, labels: { host: `web-${drawn}`, service: "media-store" }, ...alert });
  const found = (await app.incidents()).find((one) => one.dedup_key === alert_key);
  return { ...found, alert_key };
}
const now = (one) => app.call("/incident/info", { incident_id: one.incident_id });

test("one signs in with a key, and out again, and the key is kept in this tab alone", async () => {
  const view = await open(chrome.browser, app, { signedIn: false });
  const { page } = view;
  view.expect(/401/);
  await view.shot("sign-in");
  await page.getByLabel("App key").fill("no-such-key-0123456789");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "There is no such key." }).waitFor();
  await page.getByLabel("App key").fill(KEY);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation").waitFor();
  await page.getByText("Ada", { exact: true }).waitFor();
  assert.deepEqual(await page.evaluate(() => [Object.keys(localStorage), document.cookie, location.href.includes("key")]), [[], "", false]);
  await page.reload();
  await page.getByRole("navigation").waitFor();
  await view.button("Sign out").click();
  await page.getByLabel("App key").waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await view.close();
});

for (const size of Object.keys(SIZES)) {
  test(`${size}: incidents are listed, filtered by the URL, searched and ordered`, async () => {
    const critical = await incident();
    const warning = await incident({ event_status: "Warning", labels: { host: "db-1", zone: "a b" } });
    const view = await open(chrome.browser, app, { size });
    const { page } = view;
    const row = (one) => page.locator(`[data-key="${one.incident_id}"]`);
    await row(critical).getByText("Critical").waitFor();
    await row(critical).getByText("storage", { exact: true }).waitFor();
    await row(critical).getByText("1 alert").waitFor();
    await row(critical).locator(".age time").getByText(/^\d+ (s|min)$/).waitFor();
    // The mildest comes last, so all are there.
    await row(warning).waitFor();
    const all = await app.incidents();
    const burning = all.filter((one) => one.progress !== "Closed");
    const order = () => page.locator(".row .severity").allTextContents();
    const severities = await order();
    assert.deepEqual(severities, [...severities].sort((a, b) => ["Critical", "Warning", "Info"].indexOf(a) - ["Critical", "Warning", "Info"].indexOf(b)));
    const of = (name, some = all) => some.filter((one) => one.incident_severity === name).length;
    await page.getByRole("img", { name: `Incidents of the last 24 hours: ${of("Critical")} Critical, ${of("Warning")} Warning, ${of("Info")} Info` }).waitFor();
    await page.locator(".chip", { hasText: "storage" }).getByText(String(burning.length), { exact: true }).waitFor();
    for (const name of ["Critical", "Warning"]) await page.locator(`.tile.${name}`, { hasText: String(of(name, burning)) }).waitFor();
    await view.shot("incidents");
    // By severity, in the URL.
    await page.locator(".tile", { hasText: "Warning" }).click();
    await row(critical).waitFor({ state: "detached" });
    assert.match(page.url(), /severity=Warning/);
    await page.reload();
    await row(warning).waitFor();
    assert.equal(await page.locator(".tile[aria-pressed=true]").count(), 1);
    await page.locator(".tile", { hasText: "Warning" }).click();
    await row(critical).waitFor();
    // By channel.
    await page.locator(".chip", { hasText: "checkout" }).click();
    await page.getByText("No incident is like this.").waitFor();
    await page.getByRole("link", { name: "Clear all filters" }).click();
    await row(critical).waitFor();
    // By a label with a space, by a word, by its short name.
    for (const text of ['zone="a b"', `DISK web-${drawn}`, warning.num.toLowerCase()]) {
      await page.getByRole("searchbox").fill(text);
      await row(critical).waitFor({ state: "detached" });
      await row(warning).waitFor();
    }
    await page.getByRole("searchbox").fill("");
    await row(critical).waitFor();
    // By progress and by age, which a link to here has as well.
    await app.call("/incident/resolve", { incident_ids: [warning.incident_id] });
    await page.getByLabel("Show").selectOption("closed");
    await page.getByLabel("From").selectOption("7");
    await row(critical).waitFor({ state: "detached" });
    assert.match(page.url(), /progress=closed/);
    assert.match(page.url(), /days=7/);
    await page.reload();
    await row(warning).getByText("Closed").waitFor();
    assert.deepEqual([await page.getByLabel("Show").inputValue(), await page.getByLabel("From").inputValue()], ["closed", "7"]);
    await page.getByLabel("Show").selectOption("all");
    await page.getByLabel("Order").selectOption("newest");
    await page.waitForFunction((id) => document.querySelector(".row")?.dataset.key === id, warning.incident_id);
    // Nothing is wider than the page.
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await view.close();
  });

  test(`${size}: the list is refreshed without losing the focus, what is typed, or the place`, async () => {
    for (let nth = 0; nth < 25; nth++) await incident({ event_status: "Info" });
    const view = await open(chrome.browser, app, { size, hash: "#/incidents?sort=newest" });
    const { page } = view;
    await page.locator(".row").nth(20).waitFor();
    await page.locator(".row .title").nth(20).focus();
    await page.locator(".row .title").nth(20).scrollIntoViewIfNeeded();
    const before = await page.evaluate(() => ({ y: scrollY, text: document.activeElement.textContent, top: document.activeElement.getBoundingClientRect().top }));
    assert.ok(before.y > 0);
    const fresh = await incident({ title_rule: "something new burns" });
    await page.locator(`[data-key="${fresh.incident_id}"]`).waitFor();
    const after = await page.evaluate(() => ({ text: document.activeElement.textContent, top: document.activeElement.getBoundingClientRect().top }));
    assert.equal(after.text, before.text);
    assert.ok(Math.abs(after.top - before.top) < 80, `moved from ${before.top} to ${after.top}`);
    await page.getByRole("status").filter({ hasText: "1 new incident. Critical: something new burns" }).waitFor({ state: "attached" });
    await page.getByRole("searchbox").fill("something");
    await page.getByRole("searchbox").fill("something n");
    await page.waitForTimeout(6000);
    assert.equal(await page.getByRole("searchbox").inputValue(), "something n");
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");
    await view.close();
  });

  test(`${size}: an incident is acknowledged, snoozed, woken, resolved and opened again, each with its undo`, async () => {
    const one = await incident();
    const view = await open(chrome.browser, app, { size, hash: `#/incident/${one.incident_id}` });
    const { page, button } = view;
    const undo = async (done, undone) => {
      await page.locator(".notice", { hasText: done }).filter({ has: page.getByText("Undo") }).getByRole("button", { name: "Undo" }).click();
      await view.notice(undone);
      // What is said next may be the same.
      while ((await button("Dismiss").count()) > 0) await button("Dismiss").first().click();
    };
    await button("Acknowledge").click();
    await undo("acknowledged", "no longer acknowledged");
    assert.equal((await now(one)).progress, "Triggered");
    await button("Acknowledge").click();
    await page.locator(".responders", { hasText: "Ada" }).getByText("acknowledged").waitFor();
    await view.shot("incident");
    await button("Unacknowledge").click();
    await undo("no longer acknowledged", "acknowledged again");
    assert.equal((await now(one)).progress, "Processing");

    await button("Snooze").click();
    await page.getByLabel("For", { exact: true }).selectOption("120");
    await view.shot("snooze");
    await page.getByRole("dialog").getByRole("button", { name: "Snooze" }).click();
    await undo("asleep for 2 h", "awake");
    assert.equal((await now(one)).snoozed_before, 0);
    await button("Snooze").click();
    await page.getByRole("dialog").getByRole("button", { name: "Snooze" }).click();
    await page.locator(".head").getByText("Snoozed").waitFor();
    await button("Wake").click();
    await undo("awake", "asleep again");
    assert.ok((await now(one)).snoozed_before > Date.now() / 1000 + 3000);

    await button("Resolve").click();
    await page.getByLabel("Root cause").fill("a full disk");
    await page.getByRole("dialog").getByRole("button", { name: "Resolve" }).click();
    await view.notice("resolved");
    await page.locator(".head").getByText("Closed").waitFor();
    await page.locator(".facts").getByText("a full disk").waitFor();
    await button("Undo").last().click();
    await view.notice("open again");
    assert.notEqual((await now(one)).progress, "Closed");
    await button("Resolve").click();
    await page.getByRole("dialog").getByRole("button", { name: "Resolve" }).click();
    await button("Reopen").click();
    await page.getByLabel("Reason").fill("it came back");
    await page.getByRole("dialog").getByRole("button", { name: "Reopen" }).click();
    await undo("open again", "resolved again");
    assert.equal((await now(one)).progress, "Closed");
    await page.locator(".timeline", { hasText: "it came back" }).waitFor();
    await view.close();
  });

  test(`${size}: an incident is commented, renamed, graded, merged and its alerts silenced`, async () => {
    const one = await incident();
    const other = await incident({ title_rule: "the target of a merge" });
    const view = await open(chrome.browser, app, { size, hash: `#/incident/${one.incident_id}` });
    const { page, button } = view;
    const dialog = page.getByRole("dialog");
    await page.getByLabel("Comment", { exact: true }).fill("looking at it");
    await button("Comment").click();
    await page.locator(".timeline", { hasText: "looking at it" }).waitFor();
    await page.locator(".timeline li", { hasText: "commented" }).getByText("Ada").waitFor();

    await button("Title").click();
    await dialog.getByLabel("Title").fill("the shop is slow");
    await dialog.getByRole("button", { name: "Change" }).click();
    await page.getByRole("heading", { name: "the shop is slow" }).waitFor();
    await button("Undo").last().click();
    await page.getByRole("heading", { name: one.title }).waitFor();

    await button("Severity").click();
    await dialog.getByLabel("Severity").selectOption("Info");
    await dialog.getByRole("button", { name: "Change" }).click();
    await page.locator(".head .severity", { hasText: "Info" }).waitFor();
    await button("Undo").last().click();
    await page.locator(".head .severity", { hasText: "Critical" }).waitFor();

    await button("Ask people").click();
    await dialog.getByLabel("Person").selectOption({ label: "Mei" });
    await dialog.getByRole("button", { name: "Ask" }).click();
    await page.locator(".responders", { hasText: "Mei" }).waitFor();

    await button("Silence").click();
    await dialog.getByText("media-store").waitFor();
    await view.shot("silence");
    await dialog.getByRole("button", { name: "Silence" }).click();
    await view.notice("silent for 1 h");
    await page.locator(".timeline", { hasText: "silenced alerts like these for 1 h" }).waitFor();
    const quick = async () => (await app.call("/channel/silence/rule/list", { channel_id: one.channel_id })).items.filter((rule) => rule.from_incident_id === one.incident_id);
    assert.equal((await quick()).length, 1);
    await page.locator(".notice", { hasText: "silent for 1 h" }).getByRole("button", { name: "Undo" }).click();
    await view.notice("no longer silent");
    await page.locator(".timeline", { hasText: "ended the silence of alerts like these" }).waitFor();
    assert.deepEqual(await quick(), []);

    await button("Merge").click();
    await dialog.getByLabel("Into").selectOption(other.incident_id);
    await dialog.getByLabel("Comment").fill("the same disk");
    // Escape leaves everything as it was.
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.equal((await now(one)).progress, "Triggered");
    await button("Merge").click();
    await dialog.getByLabel("Into").selectOption(other.incident_id);
    await view.shot("merge");
    await dialog.getByRole("button", { name: "Merge" }).click();
    await view.notice("merged into the other one");
    assert.equal((await now(other)).alert_cnt, 2);
    await view.close();
  });

  test(`${size}: several incidents are selected and handled at once`, async () => {
    const some = [await incident(), await incident()];
    const view = await open(chrome.browser, app, { size });
    const { page, button } = view;
    for (const one of some) await page.getByLabel(`Select ${one.num}`).check();
    await page.getByRole("region", { name: "Selected incidents" }).getByText("2 selected").waitFor();
    await view.shot("selected");
    await button("Acknowledge").click();
    await view.notice("2 incidents: acknowledged");
    for (const one of some) assert.equal((await now(one)).progress, "Processing");
    await button("Undo").last().click();
    await view.notice("2 incidents: no longer acknowledged");
    await view.close();
  });

  test(`${size}: alerts are told with their events, and the path of one is explained`, async () => {
    const one = await incident({ title_rule: "explained", labels: { team: "storage", host: "web-9" }, description: "[MD]## Disk\nused **97 %**, see [the runbook](https://run.example.net/disk)" });
    await app.push({ event_status: "Warning", title_rule: "explained", alert_key: one.alert_key, labels: { team: "storage", host: "web-9" } });
    const view = await open(chrome.browser, app, { size, hash: `#/incident/${one.incident_id}` });
    const { page } = view;
    await page.locator(".alertlist summary").first().click();
    await page.getByText("2 events").first().waitFor();
    const events = page.locator(".events > li");
    await events.first().getByText("Warning").first().waitFor();
    assert.equal(await events.count(), 2);
    await view.shot("alerts");
    await page.getByRole("link", { name: /^Explain/ }).click();
    await page.getByRole("heading", { name: "Routing" }).waitFor();
    await page.getByText("opened the incident", { exact: false }).first().waitFor();
    await view.shot("explain");
    await page.keyboard.press("Escape");
    await page.locator(".row").first().waitFor();
    await view.close();
  });
}

test("everything can be done with the keyboard, and ? tells how", async () => {
  const one = await incident({ event_status: "Critical", title_rule: "by keyboard" });
  const view = await open(chrome.browser, app, { hash: "#/incidents?sort=newest" });
  const { page } = view;
  await page.locator(`[data-key="${one.incident_id}"]`).waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("acknowledge, or take that back").waitFor();
  await view.shot("keyboard");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "by keyboard");
  await page.keyboard.press("a");
  await view.notice("acknowledged");
  await page.keyboard.press("u");
  await view.notice("no longer acknowledged");
  await page.keyboard.press("x");
  await page.getByText("1 selected").waitFor();
  await page.keyboard.press("x");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "by keyboard" }).waitFor();
  await page.keyboard.press("s");
  await page.keyboard.press("Enter");
  await view.notice("asleep for 1 h");
  await page.locator(".head").getByText("Snoozed").waitFor();
  await page.keyboard.press("w");
  await view.notice("awake");
  // Who presses a button that is gone afterwards goes on where the page is.
  await view.button("Acknowledge").focus();
  await page.keyboard.press("Enter");
  await view.button("Unacknowledge").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("c");
  await page.keyboard.type("typed: a e s");
  assert.equal(await page.getByLabel("Comment", { exact: true }).inputValue(), "typed: a e s");
  await view.close();
});

test("who is away is told that what is shown may be old, and what comes back is shown at once", async () => {
  await incident();
  const view = await open(chrome.browser, app);
  const { page } = view;
  view.expect(/Failed to load resource/);
  await page.locator(".row").first().waitFor();
  await page.route("**/incident/list*", (route) => route.abort());
  await page.getByText("what is shown may be old").waitFor({ timeout: 20_000 });
  assert.ok((await page.locator(".row").count()) > 0);
  await view.shot("no-answer");
  await page.unroute("**/incident/list*");
  await page.getByText("live", { exact: true }).waitFor({ timeout: 30_000 });
  await view.close();
});

test("a link of a webhook leads to the incident, also by way of signing in", async () => {
  const one = await incident();
  const view = await open(chrome.browser, app, { signedIn: false });
  await view.page.goto(`${app.url}/incident/detail/${one.incident_id}`);
  await view.page.getByLabel("App key").fill(KEY);
  await view.page.keyboard.press("Enter");
  await view.page.getByRole("heading", { name: one.title }).waitFor();
  await view.close();
});

test("what an alert of a shared integration carries is found in each of its channels", async () => {
  await app.push({ event_status: "Warning", title_rule: "shared", alert_key: "shared", labels: { team: "checkout" } }, SHARED);
  const view = await open(chrome.browser, app, { hash: "#/incidents?channel=102" });
  await view.page.getByRole("link", { name: "shared" }).waitFor();
  assert.equal(await view.page.locator(".row").count(), 1);
  await view.close();
});
