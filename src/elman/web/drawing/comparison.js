/** Two runs of one network side by side, state by state: the same words above each other, both
 * states, and how far apart they are.
 */

import { element, percent } from "../runtime/elements.js";
import { onLook } from "./colours.js";
import { paired } from "./pairing.js";
import { block } from "./strips.js";
import { said, shortly, visible } from "./trace.js";

/** @typedef {import("./trace.js").Trace} Trace
 * @typedef {import("./trace.js").Layer} Layer */

/** The reading whose states are compared. @param {Trace} trace */
function compared(trace) {
  return trace.readings.findIndex((each) => each.layers.length > 0);
}

/** @param {Trace} first @param {Trace} second @param {AbortSignal} signal */
export function comparison(first, second, signal) {
  const runs = [first, second].map((trace) => ({ trace, reading: trace.readings[compared(trace)] }));
  const pairs = paired(runs[0].reading.tokens, runs[1].reading.tokens);
  const layers = runs[0].reading.layers;
  const choice = element(
    "select",
    {},
    ...layers.map((layer, place) =>
      element("option", { value: String(place), selected: place === layers.length - 1 }, named(layer)),
    ),
  );
  const figure = element("div", { className: "unrolled compared", role: "group", tabIndex: 0 });
  figure.setAttribute("aria-label", "Both runs, a column a symbol");
  const told = element("p", { className: "told", role: "status" });

  function draw() {
    const place = Number(choice.value);
    const strips = runs.map(({ reading }) => Object.values(reading.layers[place].states)[0]);
    const largest = Math.max(strips[0].largest, strips[1].largest);
    const size = Math.max(...strips.map(({ numbers, width }) => norm(numbers, width)));
    const columns = pairs.map((pair) => {
      const rows = pair.map((time, run) => (time === null ? null : strips[run].row(time)));
      const [one, other] = rows;
      const apart = one && other ? distance(one, other) / (size || 1) : null;
      const [upper, lower] = pair.map((time, run) => word(runs[run], time));
      const states = rows.map((row) => (row ? block(row, largest) : element("span", {})));
      const odd = pair.includes(null);
      const bar = element("span", { className: "share" }, element("i", {}));
      if (apart !== null) bar.children[0].setAttribute("data-apart", shortly(apart));
      /** @type {HTMLElement} */ (bar.children[0]).style.width = `${100 * Math.min(1, apart ?? 0)}%`;
      const between = element("div", { className: "apart" }, apart === null ? "" : bar);
      between.title = apart === null ? "in one of them alone" : `apart by ${percent(apart)}`;
      return element(
        "div",
        { className: odd ? "column odd" : "column" },
        answer(runs[0].trace, pair[0]),
        upper,
        element("div", { className: "state" }, states[0]),
        between,
        element("div", { className: "state" }, states[1]),
        lower,
        answer(runs[1].trace, pair[1]),
      );
    });
    figure.style.setProperty("--rows", "7");
    figure.style.setProperty("--column", "5rem");
    figure.replaceChildren(rowNames(), ...columns);
    told.textContent = summary(runs, strips, size);
  }
  choice.addEventListener("change", draw);
  onLook(draw, signal);
  draw();
  const label = element("label", {}, "State of ", choice);
  const heading = element("h3", {}, "Side by side");
  return element("section", { className: "comparison" }, heading, label, figure, told);
}

/** @param {{trace: Trace, reading: import("./trace.js").Reading}[]} runs
 * @param {import("./trace.js").Strip[]} strips @param {number} size */
function summary(runs, strips, size) {
  const ends = strips.map((strip, run) => strip.row(runs[run].reading.tokens.length - 1));
  const apart = percent(distance(ends[0], ends[1]) / (size || 1));
  const answers = runs.map(({ trace }) => {
    const last = trace.outputs.at(-1);
    if (!last) return "";
    const { text, probability } = said(last);
    return ` ${visible(text)}${probability === null ? "" : ` (${percent(probability)})`}`;
  });
  const words = answers[0] ? ` The first ends with${answers[0]}, the second with${answers[1]}.` : "";
  return `At their ends the states are apart by ${apart} of the largest state.${words}`;
}

/** @param {{reading: import("./trace.js").Reading}} run @param {number | null} time */
function word(run, time) {
  const text = time === null ? "–" : visible(run.reading.tokens[time]);
  return element("span", { className: "symbol", title: text }, text);
}

/** @param {Trace} trace @param {number | null} time */
function answer(trace, time) {
  const output = trace.outputs.find(
    (each) => each.after === time && each.reading === compared(trace),
  );
  if (!output) return element("span", { className: "said" });
  const { text, probability } = said(output);
  const sure = probability === null ? "" : percent(probability);
  return element("span", { className: "said" }, visible(text), element("small", {}, sure));
}

function rowNames() {
  const names = ["output", "first", "state", "apart", "state", "second", "output"];
  const cells = names.map((each) => element("span", {}, each));
  return element("div", { className: "column labels" }, ...cells);
}

/** @param {Layer} layer */
function named(layer) {
  return `layer ${layer.layer}${layer.direction === "backward" ? ", backward" : ""}`;
}

/** @param {Float32Array} one @param {Float32Array} other */
function distance(one, other) {
  return Math.hypot(...one.map((each, unit) => each - other[unit]));
}

/** The largest length of a row. @param {Float32Array} numbers @param {number} width */
function norm(numbers, width) {
  let most = 0;
  for (let from = 0; from < numbers.length; from += width)
    most = Math.max(most, Math.hypot(...numbers.subarray(from, from + width)));
  return most;
}
