// Asks for what an action needs before it is done. Escape leaves everything as it was.

import { h } from "./dom.js";

// `fields`: a list of `{name, label, type, value, …}`; type is `text`, `area`, `select` (with `options`) or an element.
// The answer is an object of the values, or null.
export function ask(title, { text, fields = [], button = "OK", danger = false } = {}) {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const done = (answer) => {
      dialog.close();
      dialog.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
      resolve(answer);
    };
    const submit = (event) => {
      event.preventDefault();
      const form = new FormData(event.target);
      done(Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()])));
    };
    // What is preset is taken by one key, as in the other fields.
    const keydown = (event) => {
      if (event.key !== "Enter" || event.target.nodeName !== "SELECT") return;
      event.preventDefault();
      event.currentTarget.requestSubmit();
    };
    const dialog = h("dialog", { "aria-labelledby": "asked", on: { cancel: (event) => (event.preventDefault(), done(null)) } },
      h("form", { on: { submit, keydown } },
        h("h2", { id: "asked" }, title),
        text && h("div", { class: "note" }, text),
        fields.map(field),
        h("div", { class: "buttons" },
          h("button", { type: "button", class: "quiet", on: { click: () => done(null) } }, "Cancel"),
          h("button", { type: "submit", class: danger ? "danger" : "main" }, button))));
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("input, textarea, select") ?? dialog.querySelector("button[type=submit]")).focus();
  });
}

function field({ name, label, type = "text", hint, options, ...props }) {
  const id = `f-${name}`;
  const described = hint ? { "aria-describedby": `${id}-hint` } : {};
  const made = {
    select: () => h("select", { id, name, ...props, ...described }, options.map(([value, text]) => h("option", { value }, text))),
    area: () => h("textarea", { id, name, rows: "4", ...props, ...described }),
  }[type] ?? (() => h("input", { id, name, type, autocomplete: "off", ...props, ...described }));
  return h("div", { class: "field" }, h("label", { for: id }, label), made(), hint && h("span", { id: `${id}-hint`, class: "faint" }, hint));
}
