/** Arrows between the rows of a column, and from a column to the next. */

import { svg } from "../components/svg.js";

/** @param {number} width @param {number} height @param {string} path @param {string} kind */
function arrow(width, height, path, kind) {
  const box = { viewBox: `0 0 ${width} ${height}`, width, height };
  return svg(
    "svg",
    { ...box, class: `arrow ${kind}`, "aria-hidden": "true" },
    svg("path", { d: path }),
  );
}

/** From a row to the one above. */
export function upward() {
  return arrow(10, 14, "M5 14V2M1.5 5.5 5 2l3.5 3.5", "up");
}

/** From a state to the next. @param {boolean} backward */
export function onward(backward) {
  return backward
    ? arrow(14, 10, "M14 5H2M5.5 1.5 2 5l3.5 3.5", "backward")
    : arrow(14, 10, "M0 5h12M8.5 1.5 12 5 8.5 8.5", "forward");
}
