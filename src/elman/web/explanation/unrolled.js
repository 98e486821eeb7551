/** The network unrolled over one sequence: a column for each token, with its input, the state of each
 * layer as a block of units, and its output. Arrows of one kind are the same weights.
 */

import { bar } from "../components/controls.js";
import { element, percent } from "../components/elements.js";
import { onward, upward } from "./arrows.js";
import { css, onSchemeChange } from "./colors.js";
import { block, columnsOf, mark, paint, unitAt } from "./heatmap.js";
import { highlights, strongest } from "./selection.js";
import { bestOf, layerName, rounded, visible } from "./trace.js";

/** @typedef {import("./trace.js").Trace} Trace
 * @typedef {import("./trace.js").Matrix} Matrix
 * @typedef {import("./selection.js").Selection} Selection
 * @typedef {import("./selection.js").Change} Change
 * @typedef {{name: string, matrix: Matrix, layer: number, state: boolean, backward: boolean,
 *   bypassed: boolean}} Row
 * @typedef {{node: HTMLElement, token: HTMLButtonElement, output: HTMLElement, attribution: HTMLElement,
 *   states: HTMLElement[]}} Column
 */

/** @param {Trace} trace @param {number} index of the sequence @param {Change} change
 * @param {AbortSignal} signal
 * @returns {import("./selection.js").Drawing} */
export function unrolled(trace, index, change, signal) {
  const sequence = trace.sequences[index];
  const rows = rowsOf(sequence);
  const outputs = new Map(
    trace.outputs.filter((each) => each.sequence === index).map((each) => [each.after, each]),
  );
  const columns = sequence.tokens.map((token, time) => column(token, time));
  const node = element("div", { className: "unrolled", role: "group" });
  node.setAttribute("aria-label", "The network, a column for each token");
  const shown = [...sequence.tokens, ...[...outputs.values()].map((each) => bestOf(each).text)];
  const widest = Math.max(...shown.map((text) => visible(text).length));
  node.style.setProperty("--column", `${Math.min(7, Math.max(3.5, 1.4 + 0.6 * widest))}rem`);
  node.style.setProperty("--rows", String(2 * rows.length + 4));
  node.append(labels(rows, outputs.size > 0), ...columns.map((each) => each.node));
  onSchemeChange(() => repaint(), signal);

  /** @param {string} token @param {number} time @returns {Column} */
  function column(token, time) {
    const name = element("button", { type: "button", className: "token" }, visible(token));
    name.addEventListener("click", () => change({ time }));
    name.addEventListener("focus", () => change({ inspected: time }));
    name.title = token;
    const output = outputs.get(time);
    const answer = output ? outputButton(output) : element("span", { className: "output" });
    const attribution = element("div", { className: "attribution" }, element("i", {}));
    const states = rows.map((row) => state(row, time));
    const stacked = states.flatMap((each) => [upward(), each]);
    const node = element(
      "div",
      { className: "column" },
      answer,
      ...stacked,
      upward(),
      name,
      attribution,
    );
    node.addEventListener("pointerenter", () => change({ inspected: time }));
    for (const cell of node.children)
      cell.addEventListener("pointerenter", () => change({ inspected: time }));
    return { node, token: name, output: answer, attribution, states };
  }

  /** @param {import("./trace.js").Output} output */
  function outputButton(output) {
    const { text, probability } = bestOf(output);
    const figure = probability === null ? "" : percent(probability);
    const button = element("button", { type: "button", className: "output" }, visible(text));
    if (probability !== null) button.append(element("small", {}, figure), bar(probability));
    button.title = `${text} ${figure}`;
    button.addEventListener("click", () => change({ time: output.after, unit: null }));
    return button;
  }

  /** @param {Row} row @param {number} time */
  function state(row, time) {
    const canvas = block(row.matrix.row(time), row.matrix.largest);
    const node = element("div", { className: "state" }, element("div", {}, canvas));
    const last = row.backward ? 0 : sequence.tokens.length - 1;
    if (row.state && time !== last) node.append(onward(row.backward));
    if (!row.state) return node;
    // The second layer of the plain network reads the same input as the first.
    if (row.bypassed) node.append(element("span", { className: "bypass" }));
    canvas.addEventListener("pointermove", (event) => {
      const unit = unitAt(canvas, event, row.matrix.width);
      if (unit !== null)
        canvas.title = `${row.name}, unit ${unit + 1}: ${rounded(row.matrix.row(time)[unit])}`;
    });
    canvas.addEventListener("click", (event) => {
      const unit = unitAt(canvas, event, row.matrix.width);
      if (unit !== null) change({ unit: { layer: row.layer, unit } });
    });
    return node;
  }

  function repaint() {
    columns.forEach((each, time) =>
      each.states.forEach((node, index) => {
        const { matrix } = rows[index];
        const canvas = /** @type {HTMLCanvasElement} */ (node.querySelector("canvas"));
        paint(canvas, matrix.row(time), matrix.largest);
      }),
    );
  }

  /** @param {Selection} selection */
  function show(selection) {
    const numbers = highlights(trace, selection, index);
    const most = strongest(trace, selection);
    columns.forEach((each, time) => {
      each.node.classList.toggle("future", time > selection.time);
      each.node.classList.toggle("current", time === selection.time);
      each.node.classList.toggle("inspected", time === selection.inspected);
      each.token.setAttribute("aria-pressed", String(time === selection.time));
      each.token.tabIndex = time === selection.time ? 0 : -1;
      if (each.output instanceof HTMLButtonElement) each.output.tabIndex = each.token.tabIndex;
      drawAttribution(each.attribution, most && numbers[time] !== null ? numbers[time] / most : 0);
      each.attribution.title = numbers[time] === null ? "" : rounded(numbers[time]);
      each.states.forEach((state, row) => {
        state.querySelector(".marked")?.remove();
        if (selection.unit === null || selection.unit.layer !== rows[row].layer || !rows[row].state)
          return;
        const canvas = /** @type {HTMLCanvasElement} */ (state.querySelector("canvas"));
        canvas.after(mark(selection.unit.unit, canvas));
      });
    });
    const [start, end] = [
      columns[selection.time].token.offsetLeft,
      node.scrollLeft + node.clientWidth,
    ];
    const wide = columns[selection.time].token.offsetWidth;
    if (start < node.scrollLeft + 2 * wide || start + wide > end)
      node.scrollLeft = start - node.clientWidth / 2;
  }

  node.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const now = columns.findIndex((each) => each.node.classList.contains("current"));
    const next = columns[now + (step ?? 0)];
    if (step === undefined || !next) return;
    event.preventDefault();
    change({ time: now + step });
    next.token.focus();
  });
  return { node, show };
}

/** Upwards or downwards from the middle, by a share from -1 to 1.
 * @param {HTMLElement} node @param {number} share */
function drawAttribution(node, share) {
  const body = /** @type {HTMLElement} */ (node.firstElementChild);
  body.className = share < 0 ? "negative" : "positive";
  body.style.height = `${50 * Math.abs(share)}%`;
  body.style.backgroundColor = css(Math.sign(share));
}

/** The rows of a column, from the top. @param {import("./trace.js").Sequence} sequence
 * @returns {Row[]} */
function rowsOf(sequence) {
  const found = sequence.layers.flatMap((layer, index) => {
    const [name, matrix] = Object.entries(layer.states)[0];
    const backward = layer.direction === "backward";
    const shared = { layer: index, backward };
    const given = Object.entries(layer.output).map(([output, matrix]) => ({
      ...shared,
      name: output.replace("_", "-"),
      matrix,
      state: false,
      bypassed: false,
    }));
    return [
      {
        ...shared,
        name: `${layerName(layer)}: ${name}`,
        matrix,
        state: true,
        bypassed: given.length > 0,
      },
      ...given,
    ];
  });
  return found.reverse();
}

/** @param {Row[]} rows @param {boolean} hasOutputs */
function labels(rows, hasOutputs) {
  const node = element("div", { className: "column labels" });
  const label = (/** @type {string} */ text) => element("span", {}, text);
  node.append(label(hasOutputs ? "output" : ""));
  for (const row of rows) node.append(label(""), label(row.name));
  node.append(label(""), label("input"), label(""));
  for (const [index, row] of rows.entries()) {
    const cell = /** @type {HTMLElement} */ (node.children[2 + 2 * index]);
    cell.title = `${row.matrix.width} units, ${columnsOf(row.matrix.width)} in a row`;
  }
  return node;
}
