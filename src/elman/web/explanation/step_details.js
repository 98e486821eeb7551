/** One step: the output after a token, and every state and gate as the token was read. */

import { probabilityItem } from "../components/controls.js";
import { element, percent } from "../components/elements.js";
import { onSchemeChange } from "./colors.js";
import { block } from "./heatmap.js";
import { layerName, rounded, visible } from "./trace.js";

/** @typedef {import("./trace.js").Matrix} Matrix
 * @typedef {import("./trace.js").Part} Part
 * @typedef {import("./selection.js").Selection} Selection */

/** Of states; the cell gives the meanings of its gates and outputs. @type {Record<string, string>} */
const STATES = {
  h: "read by the layer above",
  c: "the memory of the cell",
  hidden: "i2h, the first layer",
};

/** @param {import("./trace.js").Trace} trace @param {AbortSignal} signal
 * @returns {import("./selection.js").Drawing} */
export function stepDetails(trace, signal) {
  const node = element("section", { className: "step", ariaLabel: "One step" });
  const meanings = { ...STATES, ...trace.network.meanings };
  /** @type {Selection | undefined} */
  let shown;
  onSchemeChange(() => shown && show(shown), signal);

  /** @param {Selection} selection */
  function show(selection) {
    shown = selection;
    const { sequence: index, inspected } = selection;
    const sequence = trace.sequences[index];
    const output = trace.outputs.find(
      (each) => each.sequence === index && each.after === inspected,
    );
    const layers = sequence.layers.map((layer) => {
      const heading = element("h4", { className: "layer-name" }, layerName(layer));
      const matrices = Object.entries({ ...layer.states, ...layer.gates, ...layer.output });
      const gates = matrices.map(([name, matrix]) => gate(name, matrix, selection));
      return element("div", { className: "layer" }, heading, ...gates);
    });
    const position = element("small", {}, `${inspected + 1} of ${sequence.tokens.length}`);
    const quoted = element("q", {}, visible(sequence.tokens[inspected]));
    node.replaceChildren(
      element("h3", {}, "After ", quoted, position),
      ...(output ? [element("div", {}, predictionList(output), ...partsOf(output), ...countsOf(output))] : []),
      element("div", { className: "layers" }, ...layers.reverse()),
    );
  }

  /** @param {string} name @param {Matrix} matrix @param {Selection} selection */
  function gate(name, matrix, selection) {
    const row = matrix.row(selection.inspected);
    const unit = selection.unit?.unit;
    const mean = row.reduce((sum, each) => sum + each, 0) / row.length;
    const figure =
      unit !== undefined && unit < row.length
        ? `unit ${unit + 1}: ${rounded(row[unit])}`
        : `mean ${rounded(mean)}`;
    const label = element("b", {}, name.replace("_", "-"));
    const caption = element("figcaption", {}, label, ` ${figure}`);
    if (meanings[name]) caption.append(element("small", {}, meanings[name]));
    return element("figure", { className: "gate" }, block(row, matrix.largest), caption);
  }
  return { node, show };
}

/** What each part of a mixture says; nothing of a model without parts.
 * @param {import("./trace.js").Output} output */
function partsOf(output) {
  if (output.parts.length === 0) return [];
  const [{ name }] = output.parts;
  const note = `Attributions and states are those of the ${name} alone.`;
  return [partsTable(output), element("p", { className: "note" }, note)];
}

/** Which part of a mixture says what: its share, and its own probability of each prediction.
 * @param {import("./trace.js").Output} output */
function partsTable({ parts, predictions, target }) {
  const listed = target === null || predictions.some((each) => each.text === target.text);
  const rows = (listed ? predictions : [...predictions, target]).map(({ text }, n) =>
    tableRow(visible(text), parts, (each) => each.predictions[n] ?? each.target ?? 0),
  );
  const names = parts.map(({ name }) => element("th", { scope: "col" }, name));
  return element(
    "table",
    { className: "parts" },
    element("thead", {}, element("tr", {}, element("td", {}), ...names)),
    element("tbody", {}, tableRow("share of the answer", parts, ({ share }) => share), ...rows),
  );
}

/** @param {string} label @param {Part[]} parts @param {(part: Part) => number} probability */
function tableRow(label, parts, probability) {
  const cells = parts.map((each) => element("td", {}, percent(probability(each))));
  return element("tr", {}, element("th", { scope: "row" }, label), ...cells);
}

/** What a linear model beside the network adds to the target's score, by which features; nothing of
 * a model without one. @param {import("./trace.js").Output} output */
function countsOf({ counts, predictions, target }) {
  if (!counts) return [];
  const row = (/** @type {string} */ name, /** @type {number} */ added) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      element("td", {}, `${added > 0 ? "+" : ""}${rounded(added)}`),
    );
  const named = target ?? predictions[0]; // a forecast has neither
  const title = named ? `the counts add to “${visible(named.text)}”` : "the counts add";
  const rows = counts.features.map(({ text, added }) => row(visible(text), added));
  const note = "Attributions and states are those of the network alone.";
  return [
    element("table", { className: "parts" }, element("tbody", {}, row(title, counts.added), ...rows)),
    element("p", { className: "note" }, note),
  ];
}

/** The best predictions and the target, or the quantiles of a forecast.
 * @param {import("./trace.js").Output} output */
function predictionList({ quantiles, predictions, target }) {
  const levels = quantiles.map(({ level, value }) =>
    element("li", {}, element("span", {}, `${rounded(100 * level)} %`), rounded(value)),
  );
  const listed = target === null || predictions.some((each) => each.text === target.text);
  const items = (listed ? predictions : [...predictions, target]).map(({ text, probability }) => {
    const item = probabilityItem(visible(text), probability);
    if (text === target?.text) item.className = "chosen";
    return item;
  });
  return element("ul", { className: "probabilities" }, ...levels, ...items);
}
