// The first visit, when there is nothing yet; then routing rules, what others would change, and applying them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { KEEPER, KEY, PRIVATE, READER, SHARED, start } from "./host.js";
import { SIZES, barriers, launch, open } from "./browser.js";

let app, chrome;
before(async () => {
  [app, chrome] = await Promise.all([start(), launch()]);
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

test("the first visit says what to do, with a curl line that works", async () => {
  for (const size of Object.keys(SIZES)) {
    const view = await open(chrome.browser, app, { size });
    const { page } = view;
    await page.getByRole("heading", { name: "Nothing has come yet" }).waitFor();
    await page.getByText("integration_key=INTEGRATION_KEY").first().waitFor();
    await view.shot("first-visit");
    await view.close();
  }
  const view = await open(chrome.browser, app);
  const { page } = view;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByLabel("Integration key").fill(PRIVATE);
  await page.getByRole("button", { name: "Copy curl line" }).click();
  await page.getByRole("status").filter({ hasText: "Copied." }).waitFor({ state: "attached" });
  const line = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(line, /^curl -s '/);
  const answer = JSON.parse(execFileSync("sh", ["-c", line], { encoding: "utf8" }));
  assert.equal(answer.error, undefined);
  // It shows up by itself.
  await page.getByRole("link", { name: "web-07 / disk nearly full" }).waitFor();
  await view.close();
});

test("where nothing is configured, every page says what to do first", async () => {
  const empty = await start({ bare: true });
  try {
    for (const size of Object.keys(SIZES)) {
      const view = await open(chrome.browser, empty, { size });
      const { page } = view;
      await page.getByRole("heading", { name: "Configure it first" }).waitFor();
      await page.getByText("cargo xtask init").waitFor();
      assert.deepEqual(await barriers(page), []);
      await view.shot("nothing-configured");
      for (const [hash, told] of [["#/webhooks", "Nobody is told of incidents yet."], ["#/routing", "There is no shared integration"], ["#/start", "Configure it first"]]) {
        await page.evaluate((to) => (location.hash = to), hash);
        await page.getByText(told).waitFor();
      }
      await view.close();
    }
  } finally {
    await empty.stop();
  }
});

const SHARED_ID = 9002;
const route = () => app.call("/route/info", { integration_id: SHARED_ID });
const upsert = (rules) => app.call("/route/upsert", { integration_id: SHARED_ID, ...rules }, KEEPER);
// Everything whose team begins with an s goes to the first channel, and no further.
const CHANGED = { if: [{ key: "labels.team", oper: "IN", vals: ["s*"] }], channel_ids: [101], fallthrough: false };

for (const size of Object.keys(SIZES)) {
  test(`${size}: rules are shown as they meet recent alerts, changed with a preview of the difference, applied, and taken back`, async () => {
    for (const team of ["storage", "shop", "else"]) await app.push({ event_status: "Warning", title_rule: `of ${team}`, alert_key: team, labels: { team } }, SHARED);
    const before = await route();
    const view = await open(chrome.browser, app, { size, hash: "#/routing", key: KEEPER });
    const { page, button } = view;
    // Rules that are none.
    view.expect(/400/);
    const dialog = page.getByRole("dialog");
    const alert = (team) => page.locator(".alertlist > li", { hasText: `of ${team}` });
    const rule = (nth) => page.locator(".panel", { hasText: "Rules in order" }).locator(".cases > li").nth(nth - 1);
    await alert("storage").getByText("→ storage").waitFor();
    await alert("shop").getByText("→ checkout").waitFor();
    await alert("else").getByText("→ everything else").waitFor();
    await alert("shop").locator("summary").click();
    await alert("shop").getByText("Case 2", { exact: false }).first().waitFor();
    await rule(1).getByText("labels.team is storage").waitFor();
    // In another order, by keyboard: the focus goes along with the rule.
    await button("Move case 2 up").focus();
    await page.keyboard.press("Enter");
    await rule(1).getByText("labels.team is shop or checkout").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Move case 1 up");
    await page.getByRole("status").filter({ hasText: "Nothing would change for recent alerts." }).waitFor();
    await page.locator(".lines .moved", { hasText: "Case 2 becomes case 1" }).waitFor();
    // What cannot be is said in the dialog, and what was written stays there.
    await button("Edit case 1").click();
    for (const [wrong, problem] of [["{", "This is not JSON"], ["5", "expected struct Case"], [JSON.stringify({ ...CHANGED, channel_ids: [] }), "channel_ids: must not be empty"]]) {
      await dialog.getByLabel("JSON").fill(wrong);
      await dialog.getByRole("button", { name: "Preview" }).click();
      await dialog.getByRole("alert").filter({ hasText: problem }).waitFor();
      assert.equal(await dialog.getByLabel("JSON").inputValue(), wrong);
    }
    await dialog.getByLabel("JSON").fill(JSON.stringify(CHANGED));
    await dialog.getByRole("button", { name: "Preview" }).click();
    await page.getByRole("status").filter({ hasText: "1 alert of 3 would go elsewhere." }).waitFor();
    await alert("shop").getByText("+ storage").waitFor();
    await alert("shop").getByText("− checkout").waitFor();
    await view.shot("routing");
    assert.deepEqual(await barriers(page), []);
    assert.deepEqual((await route()).cases, before.cases, "nothing is applied yet");
    // Applied: first what is different.
    await button("Apply …").click();
    await dialog.locator(".added", { hasText: "labels.team is s* → storage" }).waitFor();
    await dialog.locator(".removed", { hasText: "labels.team is shop or checkout → checkout" }).waitFor();
    await dialog.getByText("1 alert of 3 would go elsewhere.").waitFor();
    await dialog.getByLabel("Note").fill("the shop moved");
    await view.shot("routing-apply");
    assert.deepEqual(await barriers(page), []);
    await dialog.getByRole("button", { name: "Apply" }).click();
    await view.notice("The rules are applied.");
    const applied = await route();
    assert.deepEqual([applied.version, applied.cases[0].if, applied.cases[1], applied.default], [before.version + 1, CHANGED.if, before.cases[0], before.default]);
    assert.equal((await app.call("/config/history/list", {}, KEEPER)).items[0].note, "the shop moved");
    await page.getByText("Changed, not applied").waitFor({ state: "detached" });
    await alert("shop").getByText("→ storage").waitFor();
    await button("Undo").click();
    await view.notice("The rules are as before.");
    assert.deepEqual([(await route()).cases, (await route()).default], [before.cases, before.default]);
    await rule(2).getByText("labels.team is shop or checkout").waitFor();
    await view.close();
  });
}

test("rules that somebody else has changed meanwhile are not overwritten", async () => {
  const before = await route();
  const view = await open(chrome.browser, app, { hash: "#/routing", key: KEEPER });
  const { page, button } = view;
  view.expect(/400/);
  const dialog = page.getByRole("dialog");
  await button("Remove case 2").click();
  await page.locator(".lines .removed", { hasText: "Case 2: labels.team is shop" }).waitFor();
  const theirs = { cases: before.cases, default: { channel_ids: [102] }, sections: [{ name: "by team", position: 0 }] };
  await upsert(theirs);
  await button("Apply …").click();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await view.notice("somebody has changed it");
  assert.deepEqual((await route()).default, theirs.default);
  // What they did is a part of the difference now.
  await page.locator(".lines .removed", { hasText: "Otherwise: checkout" }).waitFor();
  await button("Discard").click();
  await page.getByText("Changed, not applied").waitFor({ state: "detached" });
  await page.getByText("Otherwise: checkout").waitFor();
  await page.getByRole("heading", { name: "by team" }).waitFor();
  // A further case, and all of them at once; headings stay.
  await button("Add a case").click();
  await dialog.getByLabel("JSON").fill(JSON.stringify(CHANGED));
  await dialog.getByRole("button", { name: "Preview" }).click();
  await page.locator(".lines .added", { hasText: "Case 3: labels.team is s*" }).waitFor();
  await button("Edit all").click();
  await dialog.getByLabel("JSON").fill(JSON.stringify({ cases: [CHANGED], default: { channel_ids: [100] } }));
  await dialog.getByRole("button", { name: "Preview" }).click();
  await page.locator(".lines .added", { hasText: "Case 1: labels.team is s*" }).waitFor();
  await button("Apply …").click();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await view.notice("The rules are applied.");
  const { cases, sections } = await route();
  assert.deepEqual([cases.length, sections], [1, theirs.sections]);
  await upsert({ cases: before.cases, default: before.default });
  await view.close();
});

test("who may not administer sees what other rules would do, and cannot apply them", async () => {
  for (const key of [KEY, READER]) {
    const view = await open(chrome.browser, app, { hash: "#/routing", key });
    await view.button("Remove case 1").click();
    await view.page.getByText("Applying rules needs a key with the role administer.").waitFor();
    assert.equal(await view.button("Apply …").count(), 0);
    await view.button("Discard").click();
    await view.close();
  }
});
