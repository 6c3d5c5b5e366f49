// Shortcuts: letters without a modifier, while nobody is typing. `?` shows them.

import { h } from "./dom.js";

// Those of the page that is shown: `{key: [what it does, function]}`.
let ofPage = {};
let always = {};

export function begin(shortcuts) {
  always = shortcuts;
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog")) return;
    const found = ofPage[event.key] ?? always[event.key];
    if (!found) return;
    event.preventDefault();
    found[1]();
  });
}

export function page(shortcuts) {
  ofPage = shortcuts ?? {};
}

export function help() {
  const rows = (shortcuts) => Object.entries(shortcuts).map(([key, [text]]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, text)));
  const close = () => (dialog.close(), dialog.remove());
  const dialog = h("dialog", { "aria-labelledby": "keys", on: { cancel: close } },
    h("h2", { id: "keys" }, "Keyboard"),
    h("table", { class: "keys" }, h("tbody", {}, rows(ofPage), rows(always))),
    h("div", { class: "buttons" }, h("button", { type: "button", class: "main", on: { click: close } }, "Close")));
  document.body.append(dialog);
  dialog.showModal();
}
