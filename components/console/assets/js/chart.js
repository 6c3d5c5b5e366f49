// Incidents by the hour, as bars of which each severity has its part.

import { h, svg } from "./dom.js";
import { SEVERITIES, shape } from "./parts.js";
import { clock, total } from "./words.js";

const WIDTH = 480, HEIGHT = 64, GAP = 2;

export function chart(hours) {
  const sums = hours.map(({ counts }) => SEVERITIES.reduce((sum, name) => sum + counts[name], 0));
  const highest = Math.max(4, ...sums);
  const step = WIDTH / hours.length;
  const bars = hours.map(({ start, counts }, nth) => {
    let top = HEIGHT;
    // The worst stands at the bottom, where bars are easy to compare.
    const parts = SEVERITIES.filter((name) => counts[name] > 0).map((name) => {
      const height = Math.max(2, (counts[name] / highest) * (HEIGHT - 4));
      top -= height;
      return svg("rect", { class: `bar ${name}`, x: (nth * step + GAP / 2).toFixed(1), y: top.toFixed(1), width: (step - GAP).toFixed(1), height: height.toFixed(1), rx: 1 });
    });
    const said = SEVERITIES.filter((name) => counts[name] > 0).map((name) => `${total(counts[name])} ${name}`).join(", ");
    return svg("g", {}, svg("title", {}, `${clock(start)}: ${said || "none"}`), svg("rect", { class: "ground", x: (nth * step).toFixed(1), y: 0, width: step.toFixed(1), height: HEIGHT }), parts);
  });
  const of = (name) => hours.reduce((sum, { counts }) => sum + counts[name], 0);
  const legend = SEVERITIES.map((name) => h("li", {}, shape(name), ` ${of(name)} ${name}`));
  const label = `Incidents of the last 24 hours: ${SEVERITIES.map((name) => `${of(name)} ${name}`).join(", ")}`;
  return h("figure", { class: "chart" },
    h("figcaption", {}, h("span", {}, "Last 24 hours"), h("ul", { class: "legend" }, legend)),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, preserveAspectRatio: "none" }, svg("path", { class: "axis", d: `M0 ${HEIGHT}H${WIDTH}` }), bars),
    h("div", { class: "hours", "aria-hidden": "true" }, [0, 6, 12, 18].map((nth) => h("span", {}, clock(hours[nth].start))), h("span", {}, "now")));
}
