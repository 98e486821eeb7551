/** One moment: what the network says after a symbol, and every state and gate as it read it. */

import { element, percent } from "../runtime/elements.js";
import { onLook } from "./colours.js";
import { block } from "./strips.js";
import { shortly, visible } from "./trace.js";

/** @typedef {import("./trace.js").Output} Output
 * @typedef {import("./trace.js").Strip} Strip
 * @typedef {import("./view.js").View} View */

const MEANINGS = /** @type {Record<string, string>} */ ({
  i: "what is let in",
  f: "what is kept",
  g: "what could be written",
  o: "what is shown",
  r: "what is used of the state",
  z: "what is renewed",
  n: "what could be written",
  moved: "which units moved",
  h: "what the layer above sees",
  c: "what the cell keeps to itself",
  hidden: "i2h, the first layer",
  i2o: "the second layer",
  log_softmax: "its log-probabilities",
});

/** @param {import("./trace.js").Trace} trace @param {AbortSignal} signal
 * @returns {import("./view.js").Drawing} */
export function moment(trace, signal) {
  const node = element("section", { className: "moment" });
  node.setAttribute("aria-label", "This moment");
  /** @type {View | undefined} */
  let shown;
  onLook(() => shown && show(shown), signal);

  /** @param {View} view */
  function show(view) {
    shown = view;
    const reading = trace.readings[view.reading];
    const symbol = visible(reading.tokens[view.looked]);
    const output = trace.outputs.find(
      (each) => each.reading === view.reading && each.after === view.looked,
    );
    const layers = reading.layers.map((layer) => {
      const strips = { ...layer.states, ...layer.gates, ...layer.output };
      const told = `Layer ${layer.layer}${layer.direction === "backward" ? ", backward" : ""}`;
      const drawn = Object.entries(strips).map(([name, strip]) => part(name, strip, view));
      return element("div", { className: "layer" }, element("h4", {}, told), ...drawn);
    });
    const place = `${view.looked + 1} of ${reading.tokens.length}`;
    const heading = element("h3", {}, "After ", element("q", {}, symbol), element("small", {}, place));
    const said = output ? [answers(output)] : [];
    const drawn = element("div", { className: "layers" }, ...layers.reverse());
    node.replaceChildren(heading, ...said, drawn);
  }
  return { node, show };
}

/** @param {string} name @param {Strip} strip @param {View} view */
function part(name, strip, view) {
  const row = strip.row(view.looked);
  const unit = view.unit?.unit;
  const mean = row.reduce((sum, each) => sum + each, 0) / row.length;
  const told =
    unit !== undefined && unit < row.length
      ? `unit ${unit + 1}: ${shortly(row[unit])}`
      : `mean ${shortly(mean)}`;
  const caption = element("figcaption", {}, element("b", {}, name.replace("_", "-")), ` ${told}`);
  if (MEANINGS[name]) caption.append(element("small", {}, MEANINGS[name]));
  return element("figure", { className: "part" }, block(row, strip.largest), caption);
}

/** The likeliest, or a forecast's quantiles. @param {Output} output */
function answers(output) {
  const list = element("ul", { className: "answers" });
  for (const { level, value } of output.quantiles ?? [])
    list.append(element("li", {}, element("span", {}, `${shortly(100 * level)} %`), shortly(value)));
  for (const { text, probability } of output.answers) {
    const bar = element("i", {});
    bar.style.width = `${100 * probability}%`;
    const taken = output.taken?.text === text;
    const item = element(
      "li",
      { className: taken ? "taken" : "" },
      element("span", {}, visible(text)),
      element("span", { className: "share" }, bar),
      element("small", {}, percent(probability)),
    );
    list.append(item);
  }
  const { taken } = output;
  if (taken && !output.answers.some((each) => each.text === taken.text))
    list.append(
      element(
        "li",
        { className: "taken" },
        element("span", {}, visible(taken.text)),
        element("span", { className: "share" }),
        element("small", {}, percent(taken.probability)),
      ),
    );
  return list;
}
