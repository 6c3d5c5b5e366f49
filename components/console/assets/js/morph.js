// Makes what is on the page look like what was built anew, and touches nothing else: focus, scroll positions, selections
// and what people are typing survive a refresh.

// Makes the children of `parent` those of the list `wanted`; the focus stays where it is as long as that is there.
export function morphInto(parent, wanted) {
  const focused = document.activeElement;
  morphChildren(parent, wanted);
  // An element that is moved loses it.
  if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
}

function morphChildren(parent, wanted) {
  const keys = new Set(wanted.map((want) => want.dataset?.key));
  const keyed = new Map();
  for (const child of [...parent.children]) {
    const key = child.dataset?.key;
    if (key === undefined) continue;
    // What is gone first: then what comes after it need not be moved.
    if (keys.has(key)) keyed.set(key, child);
    else child.remove();
  }
  let place = parent.firstChild;
  for (const want of wanted) {
    const key = want.dataset?.key;
    let have = key === undefined ? place : keyed.get(key);
    if (have && key === undefined && have.dataset?.key !== undefined) have = null;
    if (!have || !alike(have, want)) {
      parent.insertBefore(want, place);
      continue;
    }
    if (have === place) place = place.nextSibling;
    else parent.insertBefore(have, place);
    morph(have, want);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function alike(have, want) {
  return have.nodeType === want.nodeType && have.nodeName === want.nodeName && have.dataset?.key === want.dataset?.key;
}

function morph(have, want) {
  if (have.nodeType === Node.TEXT_NODE) {
    if (have.data !== want.data) have.data = want.data;
    return;
  }
  if (!(have instanceof Element)) return;
  const kept = have.dataset?.keep !== undefined;
  attributes(have, want);
  if (want.handlers) {
    for (const type of Object.keys(want.handlers)) {
      if (!have.handlers || !(type in have.handlers)) {
        have.addEventListener(type, (event) => have.handlers?.[type]?.(event));
      }
    }
  }
  have.handlers = want.handlers;
  if (kept && have.nodeName !== "DETAILS") return;
  morphChildren(have, [...want.childNodes]);
  value(have, want);
}

function attributes(have, want) {
  // Whether it is unfolded is up to who reads it.
  const theirs = (name) => have.nodeName === "DETAILS" && name === "open";
  for (const { name } of [...have.attributes]) {
    if (!want.hasAttribute(name) && !theirs(name)) have.removeAttribute(name);
  }
  for (const { name, value } of [...want.attributes]) {
    if (have.getAttribute(name) !== value && !theirs(name)) have.setAttribute(name, value);
  }
}

function value(have, want) {
  if (have.nodeName === "INPUT" && (have.type === "checkbox" || have.type === "radio")) {
    have.checked = want.hasAttribute("checked");
  } else if ("value" in have && /^(INPUT|TEXTAREA|SELECT)$/.test(have.nodeName) && have !== document.activeElement) {
    if (have.value !== want.value) have.value = want.value;
  }
}
