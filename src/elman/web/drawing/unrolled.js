/** The network unrolled over one reading: a column a symbol, with its input, its state in each layer
 * as a block of units, and its output. Every arrow of a kind is the same weights.
 */

import { element, percent } from "../runtime/elements.js";
import { across, block, mark, paint, unitAt } from "./strips.js";
import { said, shortly, visible } from "./trace.js";
import { emphasis, strongest } from "./view.js";
import { onward, upward } from "./arrows.js";
import { css, onLook } from "./colours.js";

/** @typedef {import("./trace.js").Trace} Trace
 * @typedef {import("./trace.js").Strip} Strip
 * @typedef {import("./view.js").View} View
 * @typedef {import("./view.js").Change} Change
 * @typedef {{name: string, strip: Strip, layer: number, state: boolean, backward: boolean,
 *   aside: boolean}} Row
 * @typedef {{node: HTMLElement, symbol: HTMLButtonElement, said: HTMLElement, bar: HTMLElement,
 *   states: HTMLElement[]}} Column
 */

/** @param {Trace} trace @param {number} place of the reading @param {Change} change
 * @param {AbortSignal} signal
 * @returns {import("./view.js").Drawing} */
export function unrolled(trace, place, change, signal) {
  const reading = trace.readings[place];
  const rows = rowsOf(reading);
  const outputs = new Map(
    trace.outputs.filter((each) => each.reading === place).map((each) => [each.after, each]),
  );
  const columns = reading.tokens.map((symbol, time) => column(symbol, time));
  const node = element("div", { className: "unrolled", role: "group" });
  node.setAttribute("aria-label", "The network, a column a symbol");
  const shown = [...reading.tokens, ...[...outputs.values()].map((each) => said(each).text)];
  const widest = Math.max(...shown.map((text) => visible(text).length));
  node.style.setProperty("--column", `${Math.min(7, Math.max(3.5, 1.4 + 0.6 * widest))}rem`);
  node.style.setProperty("--rows", String(2 * rows.length + 4));
  node.append(labels(rows, outputs.size > 0), ...columns.map((each) => each.node));
  onLook(() => repaint(), signal);

  /** @param {string} symbol @param {number} time @returns {Column} */
  function column(symbol, time) {
    const name = element("button", { type: "button", className: "symbol" }, visible(symbol));
    name.addEventListener("click", () => change({ time }));
    name.addEventListener("focus", () => change({ looked: time }));
    name.title = symbol;
    const output = outputs.get(time);
    const answer = output ? saying(output) : element("span", { className: "said" });
    const bar = element("div", { className: "weight" }, element("i", {}));
    const states = rows.map((row) => state(row, time));
    const stacked = states.flatMap((each) => [upward(), each]);
    const node = element("div", { className: "column" }, answer, ...stacked, upward(), name, bar);
    node.addEventListener("pointerenter", () => change({ looked: time }));
    for (const cell of node.children)
      cell.addEventListener("pointerenter", () => change({ looked: time }));
    return { node, symbol: name, said: answer, bar, states };
  }

  /** @param {import("./trace.js").Output} output */
  function saying(output) {
    const { text, probability } = said(output);
    const sure = probability === null ? "" : percent(probability);
    const button = element("button", { type: "button", className: "said" }, visible(text));
    if (probability !== null) {
      const share = element("i", {});
      share.style.width = `${100 * probability}%`;
      button.append(element("small", {}, sure), element("span", { className: "share" }, share));
    }
    button.title = `${text} ${sure}`;
    button.addEventListener("click", () => change({ time: output.after, unit: null }));
    return button;
  }

  /** @param {Row} row @param {number} time */
  function state(row, time) {
    const canvas = block(row.strip.row(time), row.strip.largest);
    const node = element("div", { className: "state" }, element("div", {}, canvas));
    const last = row.backward ? 0 : reading.tokens.length - 1;
    if (row.state && time !== last) node.append(onward(row.backward));
    if (!row.state) return node;
    // The second layer of the plain network reads what its first does.
    if (row.aside) node.append(element("span", { className: "past" }));
    canvas.addEventListener("pointermove", (event) => {
      const unit = unitAt(canvas, event, row.strip.width);
      if (unit !== null)
        canvas.title = `${row.name}, unit ${unit + 1}: ${shortly(row.strip.row(time)[unit])}`;
    });
    canvas.addEventListener("click", (event) => {
      const unit = unitAt(canvas, event, row.strip.width);
      if (unit !== null) change({ unit: { layer: row.layer, unit } });
    });
    return node;
  }

  function repaint() {
    columns.forEach((each, time) =>
      each.states.forEach((node, place) => {
        const { strip } = rows[place];
        const canvas = /** @type {HTMLCanvasElement} */ (node.querySelector("canvas"));
        paint(canvas, strip.row(time), strip.largest);
      }),
    );
  }

  /** @param {View} view */
  function show(view) {
    const numbers = emphasis(trace, view, place);
    const most = strongest(trace, view);
    columns.forEach((each, time) => {
      each.node.classList.toggle("later", time > view.time);
      each.node.classList.toggle("now", time === view.time);
      each.node.classList.toggle("looked", time === view.looked);
      each.symbol.setAttribute("aria-pressed", String(time === view.time));
      each.symbol.tabIndex = time === view.time ? 0 : -1;
      if (each.said instanceof HTMLButtonElement) each.said.tabIndex = each.symbol.tabIndex;
      lift(each.bar, most && numbers[time] !== null ? numbers[time] / most : 0);
      each.bar.title = numbers[time] === null ? "" : shortly(numbers[time]);
      each.states.forEach((state, row) => {
        state.querySelector(".mark")?.remove();
        if (view.unit === null || view.unit.layer !== rows[row].layer || !rows[row].state) return;
        const canvas = /** @type {HTMLCanvasElement} */ (state.querySelector("canvas"));
        canvas.after(mark(view.unit.unit, canvas));
      });
    });
    const [start, end] = [columns[view.time].symbol.offsetLeft, node.scrollLeft + node.clientWidth];
    const wide = columns[view.time].symbol.offsetWidth;
    if (start < node.scrollLeft + 2 * wide || start + wide > end)
      node.scrollLeft = start - node.clientWidth / 2;
  }

  node.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const now = columns.findIndex((each) => each.node.classList.contains("now"));
    const next = columns[now + (step ?? 0)];
    if (step === undefined || !next) return;
    event.preventDefault();
    change({ time: now + step });
    next.symbol.focus();
  });
  return { node, show };
}

/** Upwards or downwards from the middle, by a share from -1 to 1.
 * @param {HTMLElement} bar @param {number} share */
function lift(bar, share) {
  const body = /** @type {HTMLElement} */ (bar.firstElementChild);
  body.className = share < 0 ? "against" : "for";
  body.style.height = `${50 * Math.abs(share)}%`;
  body.style.backgroundColor = css(Math.sign(share));
}

/** What is drawn in a column, from above. @param {import("./trace.js").Reading} reading
 * @returns {Row[]} */
function rowsOf(reading) {
  const found = reading.layers.flatMap((layer, place) => {
    const [name, strip] = Object.entries(layer.states)[0];
    const backward = layer.direction === "backward";
    const common = { layer: place, backward };
    const told = `layer ${layer.layer}${backward ? ", backward" : ""}: ${name}`;
    const given = Object.entries(layer.output).map(([output, strip]) => ({
      ...common,
      name: output.replace("_", "-"),
      strip,
      state: false,
      aside: false,
    }));
    return [{ ...common, name: told, strip, state: true, aside: given.length > 0 }, ...given];
  });
  return found.reverse();
}

/** @param {Row[]} rows @param {boolean} speaks */
function labels(rows, speaks) {
  const node = element("div", { className: "column labels" });
  const label = (/** @type {string} */ text) => element("span", {}, text);
  node.append(label(speaks ? "output" : ""));
  for (const row of rows) node.append(label(""), label(row.name));
  node.append(label(""), label("input"), label(""));
  for (const [place, row] of rows.entries()) {
    const cell = /** @type {HTMLElement} */ (node.children[2 + 2 * place]);
    cell.title = `${row.strip.width} units, ${across(row.strip.width)} in a line`;
  }
  return node;
}
