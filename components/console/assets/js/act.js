// Does what people do to incidents: asks for what is needed, calls, says what came of it, and how to take it back.

import { call } from "./api.js";
import { ask } from "./dialog.js";
import { notice, say } from "./notice.js";
import { now } from "./words.js";
import * as session from "./session.js";
import { ACTIONS } from "./actions.js";

// The actions that make sense for all of these incidents.
export function possible(incidents) {
  return ACTIONS.filter((action) => incidents.length > 0 && (action.many || incidents.length === 1) && incidents.every((one) => action.when(one, now())));
}

// Does an action to incidents. `after` is called when something has changed.
export async function act(action, incidents, after) {
  if (!session.can("operate")) return notice("This key may only read.", { bad: true });
  const given = action.ask ? await action.ask(incidents, ask) : {};
  if (given === null) return undefined;
  const ids = incidents.map((incident) => incident.incident_id);
  const parameters = action.parameters ? action.parameters(incidents, given) : { incident_ids: ids, ...given };
  // What undoing means is said by how things stood before, and by what was answered.
  const back = action.undo?.(incidents, given);
  say(`${action.label} …`);
  const did = await attempt(action.path, parameters);
  if (!did) return after();
  const what = incidents.length === 1 ? incidents[0].num : `${incidents.length} incidents`;
  notice(`${what}: ${action.done(given)}.`, {
    undo: back && (async () => {
      if (await attempt(back.path, back.of?.(did.data) ?? back.parameters ?? { incident_ids: ids })) notice(`${what}: ${back.done}.`);
      after();
    }),
  });
  return after();
}

// What a call answers, as `{data}`; null where it was refused, and whoever is there is told why.
export async function attempt(path, parameters, needed = "operate") {
  try {
    return { data: await call(path, parameters) };
  } catch (error) {
    if (error.code === "AccessDenied") session.refused(needed);
    notice(error.code === "AccessDenied" ? `This key may not do that: ${error.message}` : `Not done: ${error.message}`, { bad: true });
    return null;
  }
}
