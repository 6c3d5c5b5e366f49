// What just happened, said to those who look and to those who listen, with a way back where there is one.

import { h } from "./dom.js";

const SHOWN_MS = 9000;
let undoing = null;

// For those who listen: said once.
export function say(text) {
  const spoken = document.getElementById("spoken");
  spoken.textContent = "";
  // The same text twice in a row would not be read again.
  setTimeout(() => (spoken.textContent = text), 30);
}

// `undo`, if there is one, is done when somebody wants it.
export function notice(text, { undo, bad = false } = {}) {
  const place = document.getElementById("notices");
  const remove = () => {
    clearTimeout(timer);
    if (undoing === revert) undoing = null;
    // Whoever had the focus in it goes on where the page is.
    if (made.contains(document.activeElement)) document.getElementById("main").focus({ preventScroll: true });
    made.remove();
  };
  const revert = undo && (() => {
    remove();
    undo();
  });
  const made = h("div", { class: bad ? "notice bad" : "notice" }, h("span", {}, text),
    revert && h("button", { type: "button", on: { click: revert } }, "Undo"),
    h("button", { type: "button", class: "quiet", "aria-label": "Dismiss", on: { click: remove } }, "×"));
  let timer = setTimeout(remove, bad ? 2 * SHOWN_MS : SHOWN_MS);
  // Nobody loses it while they are about to press.
  for (const event of ["pointerenter", "focusin"]) made.addEventListener(event, () => clearTimeout(timer));
  for (const event of ["pointerleave", "focusout"]) made.addEventListener(event, () => (timer = setTimeout(remove, SHOWN_MS)));
  if (revert) undoing = revert;
  while (place.children.length > 2) place.firstElementChild.remove();
  place.append(made);
  say(revert ? `${text} Press U to undo.` : text);
}

// Takes back what was done last, if that can be.
export function undoLast() {
  undoing?.();
}
