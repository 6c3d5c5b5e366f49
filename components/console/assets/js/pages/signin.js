// Signing in with a key of the configuration.

import { h } from "../dom.js";

export function signIn(problem, enter) {
  const submit = (event) => {
    event.preventDefault();
    const key = event.target.elements.key.value.trim();
    if (key) enter(key);
  };
  return [
    h("section", { class: "panel signin", "aria-labelledby": "signin", key: "signin" },
      h("h1", { id: "signin" }, "Sign in"),
      h("form", { on: { submit } },
        h("div", { class: "field" },
          h("label", { for: "key" }, "App key"),
          h("input", { id: "key", name: "key", type: "password", autocomplete: "off", required: true, keep: true, spellcheck: "false", autocapitalize: "off", "aria-describedby": "key-hint" }),
          h("span", { id: "key-hint", class: "faint" }, "A key of [[app_keys]] in the configuration. It stays in this tab and is forgotten with it.")),
        problem && h("p", { class: "trouble", role: "alert" }, problem),
        h("div", { class: "buttons" }, h("button", { type: "submit", class: "main" }, "Sign in")))),
  ];
}
