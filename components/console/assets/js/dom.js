// Builds elements. All that is shown passes through here: text becomes text nodes, and only attributes that cannot run
// anything are ever set. There is no way from a string to markup.

const ALLOWED = /^(class|id|title|type|name|value|for|role|lang|dir|tabindex|placeholder|autocomplete|autocapitalize|spellcheck|rows|cols|min|max|step|minlength|maxlength|required|disabled|checked|selected|open|hidden|readonly|datetime|scope|colspan|enterkeyhint|inputmode|aria-[a-z]+|data-[a-z-]+)$/;
const DRAWN = /^(class|viewBox|x|y|x1|y1|x2|y2|width|height|d|points|cx|cy|r|rx|role|focusable|preserveAspectRatio|text-anchor|aria-[a-z]+|data-[a-z-]+)$/;
const SVG = "http://www.w3.org/2000/svg";

// `h("p", {class: "note"}, "text", element)`: nothing, false and null are left out, lists are flattened.
// Props besides attributes: `on` (listeners by event), `href` (a place in the console; `safe.js` makes all other links),
// `key` (which of its siblings it is, for `morph.js`), `keep` (what people type here is theirs).
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") listen(node, value);
    else if (name === "key") node.dataset.key = value;
    else if (name === "keep") node.dataset.keep = "";
    else if (name === "href") node.setAttribute("href", inside(value));
    else if (ALLOWED.test(name)) node.setAttribute(name, value === true ? "" : String(value));
    else throw new Error(`attribute ${name} is not allowed`);
  }
  if (props?.value !== undefined && "value" in node && tag !== "button" && tag !== "option") node.value = props.value;
  append(node, children);
  // The value of a select is known only once its options are there.
  if (tag === "select" && props?.value !== undefined) node.value = props.value;
  return node;
}

// The same for drawings.
export function svg(tag, props, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (!DRAWN.test(name)) throw new Error(`attribute ${name} is not allowed`);
    node.setAttribute(name, String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(shown(child)));
  }
}

// Characters that reverse or hide their neighbours would let a title pass for another one: they are shown as what they are.
export function shown(value) {
  return String(value).replace(/[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]/g, "\ufffd");
}

function inside(href) {
  if (!/^#[\w/?=&%.,~+:-]*$/.test(href)) throw new Error("not a place in the console");
  return href;
}

// Listeners are looked up when something happens, so that `morph.js` can hand new ones to an old element.
function listen(node, handlers) {
  node.handlers = handlers;
  for (const type of Object.keys(handlers)) {
    node.addEventListener(type, (event) => node.handlers?.[type]?.(event));
  }
}
