// The console begins here: which page is shown, and that it stays up to date.

import { h } from "./dom.js";
import { morphInto } from "./morph.js";
import { here, go, hash } from "./place.js";
import { call } from "./api.js";
import { forget } from "./directory.js";
import { notice, undoLast } from "./notice.js";
import { icon } from "./icon.js";
import * as keyboard from "./keyboard.js";
import * as session from "./session.js";
import { signIn } from "./pages/signin.js";
import { incidentsPage } from "./pages/incidents.js";
import { incidentPage } from "./pages/incident.js";
import { explainPage } from "./pages/explain.js";
import { webhooksPage } from "./pages/webhooks.js";
import { deliveriesPage } from "./pages/deliveries.js";
import { routingPage } from "./pages/routing.js";
import { startPage } from "./pages/start.js";

const PAGES = new Map(Object.entries({
  incidents: incidentsPage,
  incident: incidentPage,
  explain: explainPage,
  webhooks: webhooksPage,
  webhook: deliveriesPage,
  routing: routingPage,
  start: startPage,
}));
const NAV = [["incidents", "Incidents", "i"], ["webhooks", "Webhooks", "w"], ["routing", "Routing", "r"], ["start", "Connect", "c"]];
// Which of them a page belongs to.
const WITHIN = new Map([["incident", "incidents"], ["explain", "incidents"], ["webhook", "webhooks"]]);

// The page that is shown: `{id, page, leaving}`; what it asks is given up when it is left.
let shown = null;
let timer = 0;
let state = { problem: "", answered: 0, signingIn: false };

const main = () => document.getElementById("main");

function render() {
  const place = here().path[0] ?? "incidents";
  const inside = session.key() !== "" && !state.signingIn;
  morphInto(document.getElementById("top"), header(WITHIN.get(place) ?? place, inside));
  if (!inside) {
    document.title = "Sign in · Alarum";
    return morphInto(main(), signIn(state.problem, enter));
  }
  if (!shown) return undefined;
  document.title = `${shown.page.title()} · Alarum`;
  const trouble = state.problem && h("p", { class: "trouble", role: "alert", key: "trouble" }, state.problem);
  const reading = !session.can("operate") && h("p", { class: "note reading", key: "reading" }, "This key may only read: actions are not offered.");
  return morphInto(main(), [trouble, reading, ...shown.page.view()].flat(Infinity).filter(Boolean));
}

function header(place, inside) {
  const link = ([id, text]) => h("li", {}, h("a", { href: hash(id), "aria-current": place === id ? "page" : null }, icon(id), h("span", {}, text)));
  const live = state.problem ? "stale" : "live";
  return [
    h("a", { class: "brand", href: "#/incidents" }, "Alarum"),
    inside && h("nav", { "aria-label": "Main" }, h("ul", {}, NAV.map(link))),
    inside && h("div", { class: "who" },
      h("span", { class: `pulse ${live}`, title: state.problem || "what is shown is up to date" }, state.problem ? "no answer" : "live"),
      h("span", { class: "name" }, session.who()),
      h("button", { type: "button", class: "quiet", title: "Keyboard shortcuts (?)", "aria-label": "Keyboard shortcuts", on: { click: keyboard.help } }, "?"),
      h("button", { type: "button", class: "quiet", on: { click: leave } }, "Sign out")),
  ].filter(Boolean);
}

// Shows the page that the URL names. The same page with other filters is asked anew and not left.
function arrive() {
  if (session.key() === "") return render();
  const place = here();
  const id = place.path.join("/") || "incidents";
  if (shown?.id !== id) {
    shown?.leaving.abort();
    const make = PAGES.get(place.path[0]) ?? incidentsPage;
    const page = make(place, { render, refresh });
    const entered = shown !== null;
    shown = { id, page, leaving: new AbortController(), loading: false };
    keyboard.page(page.shortcuts);
    main().replaceChildren();
    if (entered) {
      main().focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }
  render();
  return refresh();
}

// Asks for what the page shows, and then again after a while.
async function refresh() {
  clearTimeout(timer);
  const visit = shown;
  if (!visit) return;
  if (visit.loading) {
    // What is under way was asked before whatever has changed.
    visit.again = true;
    return;
  }
  visit.loading = true;
  try {
    await visit.page.load(visit.leaving.signal);
    state = { ...state, problem: "", answered: Date.now() };
  } catch (error) {
    if (visit.leaving.signal.aborted) return;
    if (error.code === "Unauthorized") return leave("The key is not valid any more.");
    if (error.code === undefined) console.error(error);
    state = { ...state, problem: error.code === "NoAnswer" ? `${error.message}; what is shown may be old` : error.message };
  }
  visit.loading = false;
  if (visit !== shown) return;
  render();
  if (visit.again) {
    visit.again = false;
    return refresh();
  }
  // Who does not look needs no answers; who comes back gets them at once.
  if (!document.hidden && visit.page.every) timer = setTimeout(refresh, state.problem ? 3 * visit.page.every : visit.page.every);
}

async function enter(key) {
  try {
    session.learn(await call("/member/info", {}, { key }));
    session.begin(key);
    state = { problem: "", answered: 0, signingIn: false };
    return arrive();
  } catch (error) {
    state.problem = error.code === "Unauthorized" ? "There is no such key." : error.message;
    return render();
  }
}

function leave(problem = "") {
  shown?.leaving.abort();
  shown = null;
  clearTimeout(timer);
  session.end();
  forget();
  state.problem = typeof problem === "string" ? problem : "";
  main().replaceChildren();
  render();
  document.getElementById("key")?.focus();
}

keyboard.begin({
  "?": ["show this", keyboard.help],
  u: ["undo what was just done", undoLast],
  ...Object.fromEntries(NAV.map(([id, text], nth) => [String(nth + 1), [`go to ${text}`, () => go(hash(id))]])),
});
addEventListener("hashchange", arrive);
document.addEventListener("visibilitychange", () => !document.hidden && refresh());
addEventListener("unhandledrejection", (event) => {
  if (event.reason?.name !== "AbortError") notice(`Something went wrong: ${event.reason?.message ?? event.reason}`, { bad: true });
});

if (session.key()) {
  // The page need not wait for who one is, only what it offers does.
  arrive().then(() => call("/member/info")).then((member) => (session.learn(member), render()), () => {});
} else {
  render();
}
