// Routing rules and what others would change; and the first visit, when there is nothing yet.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { PRIVATE, SHARED, start } from "./host.js";
import { SIZES, launch, open } from "./browser.js";

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

for (const size of Object.keys(SIZES)) {
  test(`${size}: rules are shown as they meet recent alerts, and changed rules with the difference`, async () => {
    for (const team of ["storage", "shop", "else"]) await app.push({ event_status: "Warning", title_rule: `of ${team}`, alert_key: team, labels: { team } }, SHARED);
    const view = await open(chrome.browser, app, { size, hash: "#/routing" });
    const { page } = view;
    view.expect(/404/);
    const alert = (team) => page.locator(".alertlist > li", { hasText: `of ${team}` });
    await alert("storage").getByText("→ storage").waitFor();
    await alert("shop").getByText("→ checkout").waitFor();
    await alert("else").getByText("→ everything else").waitFor();
    await alert("shop").locator("summary").click();
    await alert("shop").getByText("Case 2", { exact: false }).first().waitFor();
    await page.getByLabel("Changed rules").fill(JSON.stringify({ cases: [{ if: [{ key: "labels.team", oper: "IN", vals: ["s*"] }], channel_ids: [101], fallthrough: false }], default: { channel_ids: [100] } }));
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByText("1 alert of 3 would go elsewhere.").waitFor();
    await alert("shop").getByText("+ storage").waitFor();
    await alert("shop").getByText("− checkout").waitFor();
    await view.shot("routing");
    await page.getByLabel("Changed rules").fill("{");
    await page.getByRole("button", { name: "Preview" }).click();
    await view.notice("The rules are not JSON");
    await view.close();
  });
}
