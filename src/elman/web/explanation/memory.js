/** Memory: how strongly a token still affects the state some steps later, a curve for each layer. */

import { element } from "../components/elements.js";
import { svg } from "../components/svg.js";
import { layerName } from "./trace.js";

const [WIDTH, HEIGHT] = [220, 64];
const THRESHOLD = 0.1; // of the first effect, below which a token is forgotten: docs/trace.md

/** @param {import("./trace.js").Sequence} sequence */
export function memory(sequence) {
  const longest = Math.max(...sequence.layers.map((each) => each.memory.sensitivity.length));
  const curves = sequence.layers.map((layer) => {
    const { steps, sensitivity } = layer.memory;
    const reach = steps === null ? "to the end of this text" : `for ${counted(steps)}`;
    const name = layerName(layer);
    const note = `${name[0].toUpperCase()}${name.slice(1)}: a token affects the state ${reach}`;
    const caption = element("figcaption", {}, note);
    return element("figure", { className: "memory" }, curve(sensitivity, longest), caption);
  });
  return element("div", { className: "memories" }, ...curves);
}

/** @param {number[]} sensitivity by distance @param {number} longest of all curves */
function curve(sensitivity, longest) {
  const most = Math.max(1, ...sensitivity);
  const x = (/** @type {number} */ distance) => 4 + ((WIDTH - 8) * distance) / (longest - 1 || 1);
  const y = (/** @type {number} */ share) => HEIGHT - 6 - ((HEIGHT - 12) * share) / most;
  const points = sensitivity.map((share, distance) => `${x(distance)},${y(share)}`);
  const line = (/** @type {string} */ kind, /** @type {string} */ points) =>
    svg("polyline", { points, class: kind });
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "curve", "aria-hidden": "true" },
    line("axis", `4,${y(0)} ${WIDTH - 4},${y(0)}`),
    line("threshold", `4,${y(THRESHOLD)} ${WIDTH - 4},${y(THRESHOLD)}`),
    line("sensitivity", points.length > 1 ? points.join(" ") : `${points[0]} ${points[0]}`),
  );
}

/** @param {number} steps */
function counted(steps) {
  return steps === 1 ? "one step" : `${steps} steps`;
}
