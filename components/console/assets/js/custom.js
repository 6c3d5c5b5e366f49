// Custom actions: subscriptions of kind `action`, which are called when somebody runs them on an incident.

import { call } from "./api.js";
import { attempt } from "./act.js";
import { ask } from "./dialog.js";
import { notice, say } from "./notice.js";

// Those that are offered for the incidents of a channel.
export async function customActions(channel, signal) {
  const { items } = await call("/webhook/list", {}, { signal });
  return items.filter((one) => one.webhook_type === "action" && one.status !== "disabled" && (one.channel_ids.length === 0 || one.channel_ids.includes(channel)));
}

// What an endpoint does is known to nobody here, so nothing is called by one careless press.
export async function runCustom(action, incident, after) {
  const name = action.integration_name;
  const given = await ask(`Run ${name}`, {
    text: `${action.endpoint} is called at once, with this incident and its alerts. It is not called again, and this cannot be taken back.`,
    button: "Run",
  });
  if (!given) return;
  say(`${name} …`);
  const answer = await attempt("/incident/custom-action/do", { incident_id: incident.incident_id, integration_id: action.integration_id });
  if (answer?.data.message) notice(`${name} failed, nothing has changed: ${answer.data.message}`, { bad: true });
  else if (answer) notice(`${incident.num}: ${name} was run.`);
  after();
}
