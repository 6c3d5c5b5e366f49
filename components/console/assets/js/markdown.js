// The little of Markdown that descriptions use, as elements: headings, lists, quotes, code, emphasis, links. What is not
// known stays the text that it is. Every step takes at least one character, so a hostile text costs no more than a long one.

import { h } from "./dom.js";
import { link } from "./safe.js";

const MARK = "[MD]";
// Emphasis within emphasis within emphasis, and no deeper.
const DEEPEST = 3;

// A description: Markdown where it says so, else text as it was written.
export function description(text) {
  const source = String(text ?? "");
  if (!source.startsWith(MARK)) return h("div", { class: "prose plain" }, source);
  return h("div", { class: "prose" }, blocks(source.slice(MARK.length).split(/\r?\n/)));
}

function blocks(lines) {
  const made = [];
  let at = 0;
  // Takes lines while they fit.
  const take = (fits) => {
    const taken = [];
    while (at < lines.length && fits(lines[at])) taken.push(lines[at++]);
    return taken;
  };
  while (at < lines.length) {
    const line = lines[at];
    const heading = /^(#{1,6}) +(.*)$/.exec(line);
    if (line.trim() === "") at += 1;
    else if (line.startsWith("```")) {
      at += 1;
      const code = take((next) => !next.startsWith("```"));
      at += 1;
      made.push(h("pre", { tabindex: "0" }, h("code", {}, code.join("\n"))));
    } else if (heading) {
      at += 1;
      made.push(h("p", { class: "heading" }, inline(heading[2], 0)));
    } else if (/^ {0,3}[-*+] +\S/.test(line)) {
      made.push(h("ul", {}, take((next) => /^ *[-*+] +\S/.test(next)).map((item) => h("li", {}, inline(item.replace(/^ *[-*+] +/, ""), 0)))));
    } else if (/^ {0,3}\d{1,4}[.)] +\S/.test(line)) {
      made.push(h("ol", {}, take((next) => /^ *\d{1,4}[.)] +\S/.test(next)).map((item) => h("li", {}, inline(item.replace(/^ *\d{1,4}[.)] +/, ""), 0)))));
    } else if (line.startsWith(">")) {
      made.push(h("blockquote", {}, inline(take((next) => next.startsWith(">")).map((next) => next.replace(/^> ?/, "")).join("\n"), 0)));
    } else {
      at += 1;
      const rest = take((next) => next.trim() !== "" && !/^(#{1,6} |```|>| {0,3}[-*+] | {0,3}\d{1,4}[.)] )/.test(next));
      made.push(h("p", {}, inline([line, ...rest].join("\n"), 0)));
    }
  }
  return made;
}

// What may begin something within a line.
const BEGIN = /[`*_![]|https?:\/\//g;

function inline(text, depth) {
  const made = [];
  const begin = new RegExp(BEGIN);
  let done = 0;
  for (let found = begin.exec(text); found; found = begin.exec(text)) {
    const piece = begins(text, found.index, depth);
    if (!piece) continue;
    made.push(text.slice(done, found.index), piece.node);
    done = found.index + piece.length;
    begin.lastIndex = done;
  }
  made.push(text.slice(done));
  return made;
}

// What begins here, and how long it is; null where nothing does.
function begins(text, begin, depth) {
  const rest = text.slice(begin, begin + 1024);
  const code = /^`([^`\n]+)`/.exec(rest);
  if (code) return { node: h("code", {}, code[1]), length: code[0].length };
  const linked = /^!?\[([^\]\n]{0,300})\]\(([^()\s]{1,600}(?:\([^()\s]{0,200}\))?)(?: "[^"\n]{0,200}")?\)/.exec(rest);
  if (linked) return { node: link(linked[2], linked[1] || linked[2]), length: linked[0].length };
  const bare = /^https?:\/\/[^\s<>"'`()[\]]{1,600}/.exec(rest);
  if (bare) {
    const url = bare[0].replace(/[.,;:!?*_]+$/, "");
    return { node: link(url, url), length: url.length };
  }
  if (depth >= DEEPEST) return null;
  const strong = /^(\*\*|__)(?=\S)([^\n]{1,500}?\S)\1/.exec(rest);
  if (strong) return { node: h("strong", {}, inline(strong[2], depth + 1)), length: strong[0].length };
  // Names like this_one are no emphasis.
  if (begin > 0 && /\w/.test(text[begin - 1])) return null;
  const em = /^([*_])(?=[^\s*_])([^\n*_]{1,500})\1(?!\w)/.exec(rest);
  if (em) return { node: h("em", {}, inline(em[2], depth + 1)), length: em[0].length };
  return null;
}
