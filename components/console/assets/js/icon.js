// Drawings in the navigation.

import { svg } from "./dom.js";

const PATHS = {
  incidents: "M8 1.5 15 14H1zM8 6v4m0 1.6v.6",
  webhooks: "M3 8h7m-3-3 3 3-3 3M13 3v10",
  routing: "M2 3h3l5 10h4M2 13h3l1.5-3M8.5 6 10 3h4",
  start: "M8 2v12M2 8h12",
};

export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" }, svg("path", { d: PATHS[name] }));
}
