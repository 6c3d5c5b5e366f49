// For everybody: what axe finds on every page, light and dark, at a desk and on a small phone; keys that may only
// read; and the headers under which a browser runs nothing but the console itself.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SHARED, start } from "./host.js";
import { barriers, launch, open } from "./browser.js";

let app, chrome, id, alert;
before(async () => {
  [app, chrome] = await Promise.all([start({ subscribers: ["http://127.0.0.1:9999/nobody"] }), launch()]);
  for (const [nth, event_status] of ["Critical", "Warning", "Info", "Critical"].entries()) {
    await app.push({ event_status, title_rule: `disk ${nth} of team nearly full`, alert_key: `k-${nth}`, description: "[MD]## Disk\nused **97 %** of `/var`\n- [runbook](https://run.example.net)\n\n```\ndf -h\n```", labels: { team: ["storage", "shop", "x", "y"][nth], host: `web-${nth}` }, images: [{ alt: "usage", src: "https://img.example.net/u.png" }] }, SHARED);
  }
  const [first, second, third, fourth] = await app.incidents();
  id = first.incident_id;
  await app.call("/incident/ack", { incident_ids: [id, second.incident_id] });
  await app.call("/incident/snooze", { incident_ids: [third.incident_id], minutes: 30 });
  await app.call("/incident/resolve", { incident_ids: [fourth.incident_id] });
  await app.call("/incident/comment", { incident_ids: [id], comment: "looking at it" });
  alert = (await app.call("/incident/alert/list", { incident_id: id })).items[0].alert_id;
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

const PAGES = {
  incidents: () => ["#/incidents?progress=all", ".row"],
  incident: () => [`#/incident/${id}`, ".timeline li"],
  explain: () => [`#/explain/${alert}`, ".path"],
  webhooks: () => ["#/webhooks", ".card"],
  history: () => ["#/webhook/1", ".attempts, .empty"],
  routing: () => ["#/routing", ".alertlist"],
  start: () => ["#/start", ".todo"],
};

for (const scheme of ["light", "dark"]) {
  for (const size of ["desktop", { width: 360, height: 740 }]) {
    test(`no barriers, ${scheme}, ${size.width ?? size}`, async () => {
      const view = await open(chrome.browser, app, { size, scheme });
      const { page } = view;
      view.expect(/404/);
      for (const [name, place] of Object.entries(PAGES)) {
        const [hash, there] = place();
        await page.evaluate((to) => (location.hash = to), hash);
        await page.locator(there).first().waitFor();
        await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
        await page.waitForTimeout(200);
        assert.deepEqual(await barriers(page), [], name);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than the screen`);
        await view.shot(`page-${name}`);
      }
      // A dialog, a notice, and signing in.
      await page.evaluate((to) => (location.hash = to), `#/incident/${id}`);
      await page.getByRole("button", { name: "Resolve" }).click();
      assert.deepEqual(await barriers(page), [], "dialog");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Unacknowledge" }).click();
      await view.notice("no longer acknowledged");
      assert.deepEqual(await barriers(page), [], "notice");
      await page.keyboard.press("u");
      await view.notice("acknowledged again");
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("App key").waitFor();
      assert.deepEqual(await barriers(page), [], "sign in");
      await view.close();
    });
  }
}

test("the focus is seen, and a page has its landmarks", async () => {
  const view = await open(chrome.browser, app);
  const { page } = view;
  await page.locator(".row").first().waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
  for (let tab = 0; tab < 14; tab++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none");
    assert.ok(seen, await page.evaluate(() => document.activeElement.outerHTML));
  }
  for (const role of ["banner", "navigation", "main", "search"]) assert.equal(await page.getByRole(role).count(), 1, role);
  await view.close();
});

test("a key that may only read is offered nothing else", async () => {
  const view = await open(chrome.browser, app, { signedIn: false });
  const { page } = view;
  await page.route("**/member/info*", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    answer.data.role = "read";
    await route.fulfill({ response, json: answer });
  });
  await page.getByLabel("App key").fill("app-key-of-ada-0123456789");
  await page.keyboard.press("Enter");
  await page.getByText("This key may only read").waitFor();
  await page.locator(".row .title").first().click();
  await page.getByRole("button", { name: "Resolve" }).waitFor();
  assert.equal(await page.locator(".actions button:enabled").count(), 0);
  assert.equal(await page.getByLabel("Comment", { exact: true }).count(), 0);
  await page.keyboard.press("e");
  await view.notice("This key may only read.");
  await view.shot("read-only");
  await page.evaluate(() => (location.hash = "#/webhooks"));
  await page.locator(".card").first().waitFor();
  assert.equal(await page.locator(".card button:enabled").count(), 0);
  await view.close();
});

test("whoever is refused is told why, and offered no more actions", async () => {
  const view = await open(chrome.browser, app, { hash: `#/incident/${id}` });
  const { page } = view;
  view.expect(/403/);
  await page.route("**/incident/resolve*", (route) => route.fulfill({ status: 403, json: { request_id: "r", error: { code: "AccessDenied", message: "the role of the app key is read, the call needs operate" } } }));
  await page.getByRole("button", { name: "Resolve" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resolve" }).click();
  await view.notice("the call needs operate");
  await page.getByText("This key may only read").waitFor();
  assert.equal(await page.locator(".actions button:enabled").count(), 0);
  await view.close();
});

test("every file has the headers that keep out what is not the console's", async () => {
  const page = await fetch(`${app.url}/console`);
  const files = [...(await page.text()).matchAll(/(?:href|src)="(\/console\/[^"]+)"/g)].map((found) => found[1]);
  assert.ok(files.length > 20);
  for (const file of ["/console", "/console/", "/console/nothing", ...files]) {
    const answer = await fetch(app.url + file);
    assert.equal(answer.status, file === "/console/nothing" ? 404 : 200, file);
    const policy = answer.headers.get("content-security-policy");
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'"]) assert.ok(policy.includes(part), `${file}: ${policy}`);
    assert.ok(!policy.includes("unsafe"));
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.equal(answer.headers.get("referrer-policy"), "no-referrer");
    assert.equal(answer.headers.get("cache-control"), "no-cache");
    if (answer.status === 200) {
      const again = await fetch(app.url + file, { headers: { "if-none-match": answer.headers.get("etag") } });
      assert.equal(again.status, 304);
    }
  }
  assert.equal((await fetch(`${app.url}/console`, { method: "POST" })).status, 405);
});
