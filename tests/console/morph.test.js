// That a page built anew keeps what is there: elements, the focus, and listeners that are called once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start } from "./host.js";
import { launch, open } from "./browser.js";

let app, chrome, view;
before(async () => {
  [app, chrome] = await Promise.all([start({ bare: true }), launch()]);
  view = await open(chrome.browser, app, { signedIn: false });
});
after(async () => {
  await view?.close();
  await chrome?.close();
  await app?.stop();
});

test("what is called alike is shown as often as it is there, every time", async () => {
  const seen = await view.page.evaluate(async () => {
    const [{ h }, { morphInto }] = await Promise.all([import("/console/js/dom.js"), import("/console/js/morph.js")]);
    const root = document.getElementById("main");
    const show = (...keys) => (morphInto(root, keys.map((key, nth) => h("p", { key }, `${key}${nth}`))), [...root.children].map((one) => one.textContent));
    return [show("a", "b", "b", "b", "c"), show("b", "a", "b", "b", "c"), show("b", "b"), show("c", "b", "c")];
  });
  assert.deepEqual(seen, [["a0", "b1", "b2", "b3", "c4"], ["b0", "a1", "b2", "b3", "c4"], ["b0", "b1"], ["c0", "b1", "c2"]]);
});

test("the focus goes along with what is moved, and to the page where it is gone", async () => {
  const seen = await view.page.evaluate(async () => {
    const [{ h }, { morphInto }] = await Promise.all([import("/console/js/dom.js"), import("/console/js/morph.js")]);
    const root = document.getElementById("main");
    const show = (...keys) => morphInto(root, keys.map((key) => h("button", { type: "button", key }, key)));
    const focused = () => document.activeElement.textContent;
    show("a", "b", "c");
    root.lastElementChild.focus();
    const told = [focused()];
    show("c", "a", "b");
    told.push(focused());
    show("a", "b");
    told.push(document.activeElement === root);
    return told;
  });
  assert.deepEqual(seen, ["c", "c", true]);
});

test("of listeners the newest is called, once, also where there was none for a while", async () => {
  const seen = await view.page.evaluate(async () => {
    const [{ h }, { morphInto }] = await Promise.all([import("/console/js/dom.js"), import("/console/js/morph.js")]);
    const root = document.getElementById("main");
    const called = [];
    for (const name of ["first", null, "second", null, "third"]) {
      morphInto(root, [h("button", { type: "button", key: "one", on: name ? { click: () => called.push(name) } : undefined }, "press")]);
      root.firstElementChild.click();
    }
    return called;
  });
  assert.deepEqual(seen, ["first", "second", "third"]);
});
