// All tests of the console, one after the other; words on the command line choose those whose names have them.
// Where there is no browser to run, it says so and passes, unless ALARUM_REQUIRE_BROWSER is set.

import { run } from "node:test";
import { spec } from "node:test/reporters";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const OLDEST = 20;
const recent = Number(process.versions.node.split(".")[0]) >= OLDEST;
// Older ones do not know all that the tests are written in.
const browser = recent ? (await import("./browser.js")).chromium() : undefined;
const missing = [
  recent ? "" : `node is ${process.versions.node}, older than ${OLDEST}`,
  browser || !recent ? "" : "there is no Chromium (Debian's package chromium has it)",
  existsSync(new URL("node_modules/playwright-core", import.meta.url)) ? "" : "its packages are not installed (npm ci in tests/console)",
].filter(Boolean);
if (missing.length > 0) {
  console.log(`not run: the console in a browser: ${missing.join("; ")}`);
  process.exit(process.env.ALARUM_REQUIRE_BROWSER ? 1 : 0);
}

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.js")).sort().map((name) => join(import.meta.dirname, name));
const named = process.argv.slice(2).map((word) => new RegExp(word.replace(/[^\w ]/g, "."), "i"));
run({ files, concurrency: 1, testNamePatterns: named.length ? named : undefined })
  .on("test:fail", () => (process.exitCode = 1))
  .compose(spec)
  .pipe(process.stdout);
