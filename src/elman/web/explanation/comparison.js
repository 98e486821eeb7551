/** Two runs of one network side by side: equal tokens above each other, both states, and the distance
 * between them.
 */

import { bar } from "../components/controls.js";
import { element, percent } from "../components/elements.js";
import { aligned } from "./alignment.js";
import { onSchemeChange } from "./colors.js";
import { block } from "./heatmap.js";
import { bestOf, layerName, rounded, visible } from "./trace.js";

/** @typedef {import("./trace.js").Trace} Trace
 * @typedef {import("./trace.js").Matrix} Matrix
 * @typedef {{trace: Trace, index: number, sequence: import("./trace.js").Sequence}} Run with the
 *   sequence that is compared, and its index
 */

/** @param {Trace} trace @returns {Run} */
function runOf(trace) {
  const index = trace.sequences.findIndex((each) => each.layers.length > 0);
  return { trace, index, sequence: trace.sequences[index] };
}

/** @param {Trace} first @param {Trace} second @param {AbortSignal} signal */
export function comparison(first, second, signal) {
  const runs = [first, second].map(runOf);
  const pairs = aligned(runs[0].sequence.tokens, runs[1].sequence.tokens);
  const layers = runs[0].sequence.layers;
  const options = layers.map((layer, n) =>
    element("option", { value: String(n), selected: n === layers.length - 1 }, layerName(layer)),
  );
  const choice = element("select", {}, ...options);
  const figure = element("div", { className: "unrolled compared", role: "group", tabIndex: 0 });
  figure.setAttribute("aria-label", "Both runs, a column for each token");
  figure.style.setProperty("--rows", "7");
  figure.style.setProperty("--column", "5rem");
  const note = element("p", { className: "note", role: "status" });

  function draw() {
    const layer = Number(choice.value);
    const states = runs.map(({ sequence }) => Object.values(sequence.layers[layer].states)[0]);
    const largest = Math.max(states[0].largest, states[1].largest);
    const norm = Math.max(...states.map(largestNorm)) || 1;
    const columns = pairs.map((pair) => {
      const rows = pair.map((time, run) => (time === null ? null : states[run].row(time)));
      const blocks = rows.map((row) => (row ? block(row, largest) : element("span", {})));
      const [upper, lower] = pair.map((time, run) => tokenSpan(runs[run], time));
      return element(
        "div",
        { className: pair.includes(null) ? "column unmatched" : "column" },
        outputSpan(runs[0], pair[0]),
        upper,
        element("div", { className: "state" }, blocks[0]),
        distanceBar(rows, norm),
        element("div", { className: "state" }, blocks[1]),
        lower,
        outputSpan(runs[1], pair[1]),
      );
    });
    figure.replaceChildren(rowNames(), ...columns);
    note.textContent = summary(runs, states, norm);
  }
  choice.addEventListener("change", draw);
  onSchemeChange(draw, signal);
  draw();
  const label = element("label", {}, "State of ", choice);
  const heading = element("h3", {}, "Side by side");
  return element("section", { className: "comparison" }, heading, label, figure, note);
}

/** @param {(Float32Array | null)[]} rows both states @param {number} norm the largest one */
function distanceBar([one, other], norm) {
  const node = element("div", { className: "distance" });
  if (!one || !other) {
    node.title = "in one run only";
    return node;
  }
  const share = distance(one, other) / norm;
  const filled = bar(Math.min(1, share));
  filled.dataset.distance = rounded(share);
  filled.title = `distance ${percent(share)}`;
  node.append(filled);
  return node;
}

/** @param {Run[]} runs @param {Matrix[]} states @param {number} norm */
function summary(runs, states, norm) {
  const ends = states.map((each, run) => each.row(runs[run].sequence.tokens.length - 1));
  const share = percent(distance(ends[0], ends[1]) / norm);
  const answers = runs.map(({ trace }) => {
    const last = trace.outputs.at(-1);
    if (!last) return "";
    const { text, probability } = bestOf(last);
    return ` ${visible(text)}${probability === null ? "" : ` (${percent(probability)})`}`;
  });
  const last = answers[0]
    ? ` The first run ends with${answers[0]}, the second with${answers[1]}.`
    : "";
  return `The distance of the last states is ${share} of the norm of the largest state.${last}`;
}

/** @param {Run} run @param {number | null} time */
function tokenSpan({ sequence }, time) {
  const text = time === null ? "–" : visible(sequence.tokens[time]);
  return element("span", { className: "token", title: text }, text);
}

/** @param {Run} run @param {number | null} time */
function outputSpan({ trace, index }, time) {
  const found = trace.outputs.find((each) => each.after === time && each.sequence === index);
  if (!found) return element("span", { className: "output" });
  const { text, probability } = bestOf(found);
  const figure = probability === null ? "" : percent(probability);
  return element("span", { className: "output" }, visible(text), element("small", {}, figure));
}

function rowNames() {
  const names = ["output", "first", "state", "distance", "state", "second", "output"];
  const cells = names.map((each) => element("span", {}, each));
  return element("div", { className: "column labels" }, ...cells);
}

/** @param {Float32Array} one @param {Float32Array} other */
function distance(one, other) {
  return Math.hypot(...one.map((each, unit) => each - other[unit]));
}

/** The largest norm of a row. @param {Matrix} matrix */
function largestNorm({ numbers, width }) {
  let most = 0;
  for (let from = 0; from < numbers.length; from += width)
    most = Math.max(most, Math.hypot(...numbers.subarray(from, from + width)));
  return most;
}
