// A deployment of its own for a test: the real components on the runner, with an empty store and its own configuration.

import { spawn } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const ROOT = resolve(import.meta.dirname, "../..");
const RUNNER = process.env.ALARUM_RUNNER ?? join(ROOT, "target/debug/alarum-runner");
const WASM = process.env.ALARUM_WASM_DIR ?? join(ROOT, "target/wasm32-wasip2/release");

// Compiling the components takes longer than most tests, so all deployments share what was compiled.
const CACHE = process.env.ALARUM_RUNNER_CACHE ?? join(ROOT, "target/console-tests-cache");

export const KEY = "app-key-of-ada-0123456789";
export const PRIVATE = "private-key-0123456789";
export const SHARED = "shared-key-0123456789";

const CONFIG = `version = 1
base_url = "https://duty.example.net"
account = { id = 7, name = "Example" }

[[people]]
id = 41
name = "Mei"
email = "mei@example.net"

[[people]]
id = 42
name = "Ada"
email = "ada@example.net"

[[app_keys]]
name = "Ada's laptop"
key = "${KEY}"
person_id = 42

[[channels]]
id = 101
name = "storage"

[[channels]]
id = 102
name = "checkout"

[[channels]]
id = 100
name = "everything else"

[[integrations]]
id = 9001
name = "storage alerts"
kind = "private"
channel_id = 101
key = "${PRIVATE}"
rate_limit = { per_second = 0, per_minute = 0 }

[[integrations]]
id = 9002
name = "all alerts"
kind = "shared"
key = "${SHARED}"
rate_limit = { per_second = 0, per_minute = 0 }

[[integrations.route.cases]]
if = [{ key = "labels.team", oper = "IN", vals = ["storage"] }]
channel_ids = [101]
fallthrough = true

[[integrations.route.cases]]
if = [{ key = "labels.team", oper = "IN", vals = ["shop", "checkout"] }]
channel_ids = [102]

[integrations.route.default]
channel_ids = [100]
`;

// Starts one. `subscribers` are URLs; `config` is added to the configuration.
export async function start({ subscribers = [], config = "" } = {}) {
  const dir = mkdtempSync(join(tmpdir(), "alarum-console-"));
  mkdirSync(join(dir, "config"));
  mkdirSync(join(dir, "state"));
  mkdirSync(CACHE, { recursive: true });
  symlinkSync(CACHE, join(dir, "state/cache"));
  const subscriptions = subscribers.map((url, nth) => `[[subscriptions]]\nid = ${nth + 1}\nname = "subscriber ${nth + 1}"\nurl = "${url}"\nsecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="\n`).join("\n");
  const delivery = "[delivery]\ntimeout_ms = 1000\nallow_http = true\nallow_private_targets = true\n";
  writeFileSync(join(dir, "config/alarum.toml"), `${CONFIG}\n${config}\n${subscriptions}\n${delivery}`);
  const manifest = readFileSync(join(ROOT, "spin.toml"), "utf8")
    .replaceAll("target/wasm32-wasip2/release", WASM)
    .replaceAll('source = "config"', `source = ${JSON.stringify(join(dir, "config"))}`);
  writeFileSync(join(dir, "spin.toml"), manifest);
  const child = spawn(RUNNER, ["--manifest", join(dir, "spin.toml"), "--listen", "127.0.0.1:0", "--state-dir", join(dir, "state"), "--tick", "/tick", "--tick-every-ms", "500"], { stdio: ["ignore", "pipe", "pipe"] });
  const said = [];
  createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
  const url = await new Promise((found, failed) => {
    createInterface({ input: child.stdout }).on("line", (line) => line.startsWith("listening=") && found(line.slice("listening=".length)));
    child.on("exit", (code) => failed(new Error(`the runner ended with ${code}:\n${said.join("\n")}`)));
    child.on("error", failed);
  });
  const ended = new Promise((done) => child.on("exit", done));
  return {
    url,
    said,
    async stop() {
      child.kill("SIGKILL");
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
    // A call of the Open API.
    async call(path, parameters = {}) {
      const response = await fetch(`${url}${path}?app_key=${KEY}`, { method: "POST", body: JSON.stringify(parameters) });
      const answer = await response.json();
      if (answer.error) throw new Error(`${path}: ${answer.error.message}`);
      return answer.data;
    },
    // Pushes an alert, or many of them, and fails where it is not taken.
    async push(alert, key = PRIVATE) {
      const response = await fetch(`${url}/event/push/alert/standard?integration_key=${key}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(alert) });
      if (response.status !== 200) throw new Error(`not taken: ${await response.text()}`);
    },
    // All incidents of the last day.
    async incidents() {
      const now = Math.floor(Date.now() / 1000);
      return (await this.call("/incident/list", { start_time: now - 86_000, end_time: now + 60, limit: 100 })).items;
    },
  };
}
