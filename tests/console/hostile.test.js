// Whatever an alert brings along is shown and does nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SHARED, start } from "./host.js";
import { IMAGES, MARKDOWN, TEXTS } from "./hostile.js";
import { launch, open } from "./browser.js";

let app, chrome;
before(async () => {
  [app, chrome] = await Promise.all([start(), launch()]);
  assert.ok(TEXTS.length + MARKDOWN.length >= 60);
  let pushed = 0;
  for (const text of TEXTS) {
    // By way of a label, so that no title rule reads it in its own way.
    await app.push({ event_status: "Warning", title_rule: "$team", alert_key: `t-${pushed++}`, description: text, labels: { team: text, host: text.slice(0, 200) }, images: IMAGES }, SHARED);
  }
  for (const text of MARKDOWN) await app.push({ event_status: "Critical", title_rule: "markdown", alert_key: `m-${pushed++}`, description: `[MD]${text}`, labels: { text } });
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

// Elements that nothing but an attack puts on the page, and attributes that run something.
const strange = (page) => page.evaluate(() => {
  const found = [...document.querySelectorAll("body script, iframe, object, embed, base, meta[http-equiv], body style, body link, img, video, audio, math, template, marquee, svg use, svg animate, svg script, foreignObject, form[action]")].map((node) => node.outerHTML.slice(0, 200));
  for (const node of document.querySelectorAll("*")) {
    for (const { name, value } of node.attributes) {
      if (/^on/i.test(name) || name === "style" || /^(src|srcdoc|action|formaction|srcset)$/i.test(name) && node.localName !== "script") found.push(`${name}=${value}`);
      if (name === "href" && node.localName === "a" && !/^(#|https?:\/\/)/.test(value)) found.push(`${name}=${value}`);
      if (name === "href" && node.localName === "a" && /^http/.test(value) && (node.rel !== "noopener noreferrer" || node.target !== "_blank")) found.push(node.outerHTML);
    }
  }
  if ({}.polluted) found.push("a prototype was changed");
  return found;
});

test("nothing that an alert brings along runs, loads, or becomes an element", async () => {
  const view = await open(chrome.browser, app, { hash: "#/incidents?sort=newest" });
  const { page } = view;
  view.expect(/404/);
  await page.locator(".row").nth(TEXTS.length + MARKDOWN.length - 5).waitFor();
  assert.deepEqual(await strange(page), []);
  await view.shot("hostile-list");
  // As text it is there.
  const told = await page.locator(".row").allTextContents();
  for (const text of ["<svg onload=", "<iframe srcdoc=", "{{constructor.constructor"]) assert.ok(told.some((row) => row.includes(text)), text);
  assert.ok(!told.some((row) => /[\u202a-\u202e\u2066-\u2069]/.test(row)), "a character that turns its neighbours around");
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));

  const all = await app.incidents();
  assert.ok(all.length >= TEXTS.length + MARKDOWN.length - 5, String(all.length));
  // Each text as a comment, as Markdown in one as well, many on an incident: pages are slow to visit.
  const comments = [...TEXTS, ...TEXTS.map((text) => `[MD]${text}`), ...MARKDOWN.map((text) => `[MD]${text}`)];
  const visited = [...all.filter((one) => one.title === "markdown").slice(0, 4), ...all.filter((one) => one.title !== "markdown").slice(0, 4)];
  await Promise.all(comments.map((comment, nth) => app.call("/incident/comment", { incident_ids: [visited[nth % visited.length].incident_id], comment: [...comment].slice(0, 1000).join("") })));
  for (const one of visited) {
    await page.evaluate((hash) => (location.hash = hash), `#/incident/${one.incident_id}`);
    await page.locator(".head .num", { hasText: one.num }).waitFor();
    await page.locator(".timeline li").nth(Math.floor(comments.length / visited.length) - 1).waitFor();
    // Everything unfolded, every picture's link in place.
    await page.evaluate(() => document.querySelectorAll(".alertlist details").forEach((details) => (details.open = true)));
    assert.deepEqual(await strange(page), [], one.title);
  }
  await view.shot("hostile-incident");
  await view.close();
});

test("the path of a hostile alert is explained and previewed without harm", async () => {
  const view = await open(chrome.browser, app, { hash: "#/routing" });
  const { page } = view;
  view.expect(/404/);
  await page.locator(".alertlist summary").first().waitFor();
  for (const details of await page.locator(".alertlist summary").all()) await details.click();
  assert.deepEqual(await strange(page), []);
  const incidents = (await app.incidents()).filter((one) => one.integration_id === 9002).slice(0, 8);
  for (const one of incidents) {
    const { items } = await app.call("/incident/alert/list", { incident_id: one.incident_id });
    await page.evaluate((hash) => (location.hash = hash), `#/explain/${items[0].alert_id}`);
    await page.getByRole("heading", { name: "What became of it" }).waitFor();
    assert.deepEqual(await strange(page), []);
  }
  await view.shot("hostile-explain");
  await view.close();
});

test("a hostile URL shows a page and nothing else", async () => {
  const view = await open(chrome.browser, app);
  const { page } = view;
  view.expect(/40[04]/);
  for (const hash of ["#/incidents?q=%3Cimg%20src%3Dx%20onerror%3Dtripped(1)%3E&severity=%3Cscript%3E&channel=1;DROP", "#/incident/%3Csvg%20onload%3Dtripped(1)%3E", "#javascript:tripped(1)", "#/__proto__/x", "#/constructor", "#/webhook/NaN", "#/explain/../../x"]) {
    await page.goto(`${app.url}/console${hash}`);
    await page.getByRole("navigation").waitFor();
    await page.locator("main").getByText(/./).first().waitFor();
    assert.deepEqual(await strange(page), []);
  }
  // The same where the console begins.
  await page.reload();
  await page.getByRole("navigation").waitFor();
  assert.deepEqual(await strange(page), []);
  await view.close();
});

test("a picture is asked for only when somebody wants it, by https, without telling who", async () => {
  const one = (await app.incidents()).find((incident) => incident.images?.length > 0);
  const view = await open(chrome.browser, app, { hash: `#/incident/${one.incident_id}` });
  const { page } = view;
  view.expect(/ERR_FAILED/);
  await page.getByRole("button", { name: "Show picture from evil.example.net" }).first().waitFor();
  assert.deepEqual(view.elsewhere, []);
  const asked = page.waitForRequest("https://evil.example.net/**");
  await page.getByRole("button", { name: "Show picture from evil.example.net" }).first().click();
  assert.equal((await asked).headers().referer, undefined);
  view.elsewhere.length = 0;
  await view.close();
});
