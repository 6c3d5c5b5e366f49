// What leads out of the console. Where a link goes was written by whoever sent an alert: only http and https are
// followed, in a tab of its own that knows nothing of this one; pictures are fetched when somebody asks for them.

import { h, shown } from "./dom.js";

// The address if it is one that may be followed, else null.
export function address(text, protocols = ["http:", "https:"]) {
  const trimmed = String(text ?? "").trim();
  // A parser would read these away, and what people see would not be where they go.
  if (!/^https?:\/\//i.test(trimmed) || /[\s\\\u0000-\u001f\u007f]/.test(trimmed)) return null;
  try {
    const url = new URL(trimmed);
    return protocols.includes(url.protocol) && !url.username && !url.password ? url : null;
  } catch {
    return null;
  }
}

// A link to another site, or its text alone where it may not be followed.
export function link(target, ...children) {
  const url = address(target);
  if (!url) return h("span", { class: "nolink", title: "not a link that is followed" }, children, ` (${shown(target)})`);
  const anchor = h("a", { class: "out", title: `opens ${url.host}` }, children);
  anchor.setAttribute("href", url.href);
  anchor.setAttribute("rel", "noopener noreferrer");
  anchor.setAttribute("target", "_blank");
  return anchor;
}

// A picture: first who has it, and the picture itself only when asked for. Whoever has it would learn who looks.
export function picture({ src, alt, href }) {
  const url = address(src, ["https:"]);
  if (!url) return h("p", { class: "picture" }, alt || "picture", " ", address(src) ? link(src, src) : h("span", { class: "nolink" }, `(${src})`));
  const frame = h("p", { class: "picture", keep: true });
  const show = () => {
    const image = h("img", {});
    image.setAttribute("alt", shown(alt || "picture"));
    image.setAttribute("referrerpolicy", "no-referrer");
    image.setAttribute("src", url.href);
    frame.replaceChildren(address(href) ? link(href, image) : image);
  };
  frame.append(
    h("button", { type: "button", on: { click: show } }, `Show picture from ${url.host}`),
    " ", alt || "", " ", address(href) ? link(href, "open") : link(src, "open"));
  return frame;
}
