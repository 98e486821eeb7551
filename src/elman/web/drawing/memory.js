/** Memory's reach: how much a symbol still moves the state so many symbols later, a line a layer. */

import { element } from "../runtime/elements.js";
import { svg } from "./svg.js";

const [WIDTH, HEIGHT] = [220, 64];
const FORGOTTEN = 0.1; // of its first move, as docs/trace.md has it

/** @param {import("./trace.js").Reading} reading */
export function memory(reading) {
  const longest = Math.max(...reading.layers.map((each) => each.memory.sensitivity.length));
  const drawn = reading.layers.map(({ layer, direction, memory }) => {
    const reach =
      memory.steps === null ? "to the end of this text" : `for ${counted(memory.steps)}`;
    const told = `Layer ${layer}${direction === "backward" ? ", backward" : ""}: a symbol counts ${reach}`;
    const caption = element("figcaption", {}, told);
    return element("figure", { className: "memory" }, curve(memory.sensitivity, longest), caption);
  });
  return element("div", { className: "memories" }, ...drawn);
}

/** @param {number[]} shares by distance @param {number} longest of all curves */
function curve(shares, longest) {
  const most = Math.max(1, ...shares);
  const across = (/** @type {number} */ distance) => 4 + ((WIDTH - 8) * distance) / (longest - 1 || 1);
  const up = (/** @type {number} */ share) => HEIGHT - 6 - ((HEIGHT - 12) * share) / most;
  const points = shares.map((share, distance) => `${across(distance)},${up(share)}`);
  const line = (/** @type {string} */ kind, /** @type {string} */ points) =>
    svg("polyline", { points, class: kind });
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "curve", "aria-hidden": "true" },
    line("axis", `4,${up(0)} ${WIDTH - 4},${up(0)}`),
    line("forgotten", `4,${up(FORGOTTEN)} ${WIDTH - 4},${up(FORGOTTEN)}`),
    line("reach", points.length > 1 ? points.join(" ") : `${points[0]} ${points[0]}`),
  );
}

/** @param {number} steps */
function counted(steps) {
  return steps === 1 ? "one step" : `${steps} steps`;
}
