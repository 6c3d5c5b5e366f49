// The browser, and what watches it: a page that logs an error, asks anybody but its own server, or runs what an alert
// brought along fails its test.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { KEY } from "./host.js";

export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const SHOTS = process.env.ALARUM_SCREENSHOTS ?? resolve(import.meta.dirname, "../../target/console-screenshots");
const NAMES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

// While one works on the console: its files from this folder, with the headers that the component gives them.
const ASSETS = process.env.ALARUM_CONSOLE_ASSETS;

async function fromFolder(route, url) {
  const response = await route.fetch();
  const name = url.pathname.replace(/^\/console\/?/, "") || "index.html";
  return route.fulfill({ response, body: readFileSync(join(ASSETS, name)) });
}

export const chromium = () => process.env.ALARUM_CHROMIUM ?? NAMES.find(existsSync);

export async function launch() {
  const { chromium: engine } = await import("playwright-core");
  const profile = mkdtempSync(join(tmpdir(), "alarum-chromium-"));
  mkdirSync(SHOTS, { recursive: true });
  const browser = await engine.launch({
    executablePath: chromium(),
    headless: true,
    env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server"],
  });
  return { browser, close: () => browser.close().finally(() => rmSync(profile, { recursive: true, force: true })) };
}

// Opens the console of a deployment. `signedIn`: with the key already in place, as in a tab that was reloaded.
export async function open(browser, app, { size = "desktop", scheme = "light", hash = "", signedIn = true, key = KEY } = {}) {
  const context = await browser.newContext({ viewport: SIZES[size] ?? size, colorScheme: scheme, reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC", hasTouch: size === "phone" });
  const problems = [];
  const elsewhere = [];
  await context.route("**/*", (route) => {
    const url = new URL(route.request().url());
    if (url.origin === app.url) return ASSETS && url.pathname.startsWith("/console") ? fromFolder(route, url) : route.continue();
    elsewhere.push(route.request().url());
    return route.abort();
  });
  await context.exposeBinding("tripped", (source, what) => problems.push(`something ran: ${what}`));
  await context.addInitScript(() => {
    for (const name of ["alert", "confirm", "prompt"]) window[name] = () => window.tripped(name);
    addEventListener("securitypolicyviolation", (event) => console.error(`refused by the policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  if (signedIn) await context.addInitScript((given) => sessionStorage.getItem("alarum-key") ?? sessionStorage.setItem("alarum-key", given), key);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const expected = [];
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    if (!expected.some((pattern) => pattern.test(`${message.text()} ${message.location().url}`))) problems.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => problems.push(`error: ${error.stack ?? error}`));
  page.on("dialog", (dialog) => (problems.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  await page.goto(`${app.url}/console${hash}`);
  return {
    page, problems, elsewhere,
    // Errors that a test causes on purpose.
    expect: (pattern) => expected.push(pattern),
    shot: (name) => page.screenshot({ path: join(SHOTS, `${name}-${typeof size === "string" ? size : size.width}${scheme === "dark" ? "-dark" : ""}.png`), fullPage: false }),
    notice: (text) => page.locator(".notice", { hasText: text }).waitFor(),
    button: (name) => page.getByRole("button", { name, exact: true }),
    async close() {
      await context.close();
      assert.deepEqual(problems, []);
      assert.deepEqual(elsewhere, []);
    },
  };
}

// What axe finds on a page that is serious or critical, in short.
export async function barriers(page) {
  const source = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  await page.evaluate(readFileSync(source, "utf8"));
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] }));
  const grave = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return grave.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
}
