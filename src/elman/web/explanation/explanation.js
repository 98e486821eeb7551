/** <elman-explanation>: draws a trace; with a second one, both side by side. */

import { element } from "../components/elements.js";
import { attentionOf } from "./attention.js";
import { colorBy } from "./color_by.js";
import { comparison } from "./comparison.js";
import { memory } from "./memory.js";
import { initialSelection, outputAt } from "./selection.js";
import { stepDetails } from "./step_details.js";
import { coloredText } from "./text.js";
import { summaryOf, visible } from "./trace.js";
import { unrolled } from "./unrolled.js";

/** @typedef {import("./trace.js").Trace} Trace
 * @typedef {import("./selection.js").Selection} Selection */

const WEIGHTS =
  "Arrows of one kind are the same weights: the network is one step, repeated for each token. ";
const PLAIN =
  "The input and the last hidden vector are joined and pass through two linear layers: i2h " +
  "makes the next hidden vector, i2o the output, which goes through log-softmax. ";

export class Explanation extends HTMLElement {
  /** @type {AbortController | undefined} */
  #drawn;

  disconnectedCallback() {
    this.#drawn?.abort();
  }

  /** Draw one run, or two. @param {Trace[]} traces */
  draw(traces) {
    this.#drawn?.abort();
    this.#drawn = new AbortController();
    const { signal } = this.#drawn;
    const runs = traces.map((trace) => run(trace, signal));
    if (traces.length < 2) return this.replaceChildren(...runs);
    const folded = runs.map((node, index) =>
      element(
        "details",
        { open: index === 0 },
        element("summary", {}, index === 0 ? "The first run" : "The second run"),
        node,
      ),
    );
    this.replaceChildren(comparison(traces[0], traces[1], signal), ...folded);
  }
}

customElements.define("elman-explanation", Explanation);

/** @param {Trace} trace @param {AbortSignal} signal */
function run(trace, signal) {
  let selection = initialSelection(trace);
  const text = coloredText(trace, change, signal);
  const details = stepDetails(trace, signal);
  const colors = colorBy(trace, change);
  const scrubber = element("input", { type: "range", min: "0", step: "1", className: "scrubber" });
  scrubber.addEventListener("input", () => change({ time: Number(scrubber.value) }));
  const position = element("span", { className: "note" });
  const figure = element("div", {});
  let network = unrolled(trace, selection.sequence, change, signal);

  /** @param {Partial<Selection>} changed */
  function change(changed) {
    const before = selection;
    if (changed.sequence !== undefined && !trace.sequences[changed.sequence].layers.length) return;
    selection = { ...selection, ...changed };
    if (changed.sequence !== undefined && changed.sequence !== before.sequence) {
      const last = trace.sequences[selection.sequence].tokens.length - 1;
      selection = { ...selection, time: changed.time ?? last, unit: null };
      network = unrolled(trace, selection.sequence, change, signal);
      figure.replaceChildren(network.node);
      curves.replaceChildren(memory(trace.sequences[selection.sequence]));
    }
    if (selection.time !== before.time || selection.sequence !== before.sequence)
      selection = { ...selection, inspected: selection.time, output: outputAt(trace, selection) };
    show();
  }

  function show() {
    const { tokens } = trace.sequences[selection.sequence];
    scrubber.max = String(tokens.length - 1);
    scrubber.value = String(selection.time);
    const at = `${selection.time + 1} of ${tokens.length}: ${visible(tokens[selection.time])}`;
    scrubber.setAttribute("aria-valuetext", at);
    position.textContent = at;
    for (const each of [text, network, details, colors]) each.show(selection);
  }

  figure.append(network.node);
  figure.addEventListener("pointerleave", () => change({ inspected: selection.time }));
  const curves = element("div", {}, memory(trace.sequences[selection.sequence]));
  const attention = trace.attention
    ? [element("h3", {}, "Attention"), attentionOf(trace, trace.attention)]
    : [];
  const plain = trace.network.cell === "plain" ? PLAIN : "";
  const summary = `${WEIGHTS}${plain}${summaryOf(trace.network)}.`;
  const node = element(
    "section",
    {},
    text.node,
    colors.node,
    figure,
    element("label", { className: "time" }, "Time ", position, scrubber),
    element("p", { className: "note" }, summary),
    details.node,
    ...attention,
    element("h3", {}, "Memory"),
    curves,
  );
  queueMicrotask(show);
  return node;
}
