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
import { startPage } from "./pages/start.js";

// The list does not wait for the other pages.
const PAGES = new Map(Object.entries({
  incidents: async () => incidentsPage,
  start: async () => startPage,
  incident: async () => (await import("./pages/incident.js")).incidentPage,
  explain: async () => (await import("./pages/explain.js")).explainPage,
  webhooks: async () => (await import("./pages/webhooks.js")).webhooksPage,
  webhook: async () => (await import("./pages/deliveries.js")).deliveriesPage,
  routing: async () => (await import("./pages/routing.js")).routingPage,
}));
const NAV = [["incidents", "Incidents"], ["webhooks", "Webhooks"], ["routing", "Routing"], ["start", "Connect"]];
// Which of them a page belongs to.
const WITHIN = new Map([["incident", "incidents"], ["explain", "incidents"], ["webhook", "webhooks"]]);

// The page that is shown: `{id, page, leaving}`; what it asks is given up when it is left.
let shown = null;
let timer = 0;
// Whether the modules of all pages are on their way.
let complete = false;
// What keeps what is shown from being up to date; empty: nothing.
let problem = "";

const main = () => document.getElementById("main");

function render() {
  const place = here().path[0] ?? "incidents";
  const inside = session.key() !== "";
  morphInto(document.getElementById("top"), header(WITHIN.get(place) ?? place, inside));
  if (!inside) {
    document.title = "Sign in · Alarum";
    return morphInto(main(), signIn(problem, enter));
  }
  if (!shown) return undefined;
  document.title = `${shown.page.title()} · Alarum`;
  const trouble = problem && h("p", { class: "trouble", role: "alert", key: "trouble" }, problem);
  const reading = !session.can("operate") && h("p", { class: "note reading", key: "reading" }, "This key may only read: actions are not offered.");
  return morphInto(main(), [trouble, reading, ...shown.page.view()].flat(Infinity).filter(Boolean));
}

function header(place, inside) {
  const link = ([id, text]) => h("li", {}, h("a", { href: hash(id), "aria-current": place === id ? "page" : null }, icon(id), h("span", {}, text)));
  return [
    h("a", { class: "brand", href: "#/incidents" }, "Alarum"),
    inside && h("nav", { "aria-label": "Main" }, h("ul", {}, NAV.map(link))),
    inside && h("div", { class: "who" },
      h("span", { class: `pulse ${problem ? "stale" : "live"}`, title: problem || "what is shown is up to date" }, problem ? "no answer" : "live"),
      h("span", { class: "name" }, session.who()),
      h("button", { type: "button", class: "quiet", title: "Keyboard shortcuts (?)", "aria-label": "Keyboard shortcuts", on: { click: keyboard.help } }, "?"),
      h("button", { type: "button", class: "quiet", on: { click: () => leave() } }, "Sign out")),
  ].filter(Boolean);
}

const idOf = (place) => place.path.join("/") || "incidents";

// Shows the page that the URL names. The same page with other filters is asked anew and not left.
async function arrive() {
  if (session.key() === "") return render();
  const place = here();
  const id = idOf(place);
  const make = await (PAGES.get(place.path[0]) ?? PAGES.get("incidents"))();
  // Somebody may have gone on meanwhile, or signed out.
  if (idOf(here()) !== id || session.key() === "") return undefined;
  if (shown?.id !== id) {
    shown?.leaving.abort();
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
    // The page need not wait for who one is, only what it offers does.
    if (!session.isKnown()) session.learn(await call("/member/info", {}, { signal: visit.leaving.signal }));
    problem = "";
    // Now, and not when somebody goes there: after an update what is there then would not fit to this.
    if (!complete) for (const fetched of PAGES.values()) fetched();
    complete = true;
  } catch (error) {
    if (visit.leaving.signal.aborted) return;
    if (error.code === "Unauthorized") return leave("The key is not valid any more.");
    if (error.code === undefined) console.error(error);
    problem = error.code === "NoAnswer" ? `${error.message}; what is shown may be old` : error.message;
  }
  visit.loading = false;
  if (visit !== shown) return;
  render();
  if (visit.again) {
    visit.again = false;
    return refresh();
  }
  // Who does not look needs no answers; who comes back gets them at once.
  if (!document.hidden && visit.page.every) timer = setTimeout(refresh, problem ? 3 * visit.page.every : visit.page.every);
}

async function enter(key) {
  try {
    session.learn(await call("/member/info", {}, { key }));
    session.begin(key);
    problem = "";
    return arrive();
  } catch (error) {
    problem = error.code === "Unauthorized" ? "There is no such key." : error.message;
    return render();
  }
}

function leave(why = "") {
  shown?.leaving.abort();
  shown = null;
  clearTimeout(timer);
  session.end();
  forget();
  problem = why;
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

arrive();
