/** <elman-explanation>: a trace drawn; with a second one, both runs side by side. */

import { element } from "../runtime/elements.js";
import { attentionOf } from "./attention.js";
import { comparison } from "./comparison.js";
import { memory } from "./memory.js";
import { moment } from "./moment.js";
import { passage } from "./passage.js";
import { described, visible } from "./trace.js";
import { unrolled } from "./unrolled.js";
import { first, outputAt } from "./view.js";
import { choices } from "./choices.js";

/** @typedef {import("./trace.js").Trace} Trace
 * @typedef {import("./view.js").View} View */

const WEIGHTS =
  "Arrows of a kind are the same weights: the network is one step, drawn once for each symbol. ";
const PLAIN =
  "The input and the hidden vector before it are joined and pass through two linear layers: i2h " +
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
    const folded = runs.map((node, place) =>
      element(
        "details",
        { open: place === 0 },
        element("summary", {}, place === 0 ? "The first run" : "The second run"),
        node,
      ),
    );
    this.replaceChildren(comparison(traces[0], traces[1], signal), ...folded);
  }
}

customElements.define("elman-explanation", Explanation);

/** @param {Trace} trace @param {AbortSignal} signal */
function run(trace, signal) {
  let view = first(trace);
  const text = passage(trace, change, signal);
  const now = moment(trace, signal);
  const chosen = choices(trace, change);
  const scrubber = element("input", { type: "range", min: "0", step: "1", className: "scrubber" });
  scrubber.addEventListener("input", () => change({ time: Number(scrubber.value) }));
  const told = element("span", { className: "told" });
  const figure = element("div", {});
  let drawn = unrolled(trace, view.reading, change, signal);

  /** @param {Partial<View>} changed */
  function change(changed) {
    const before = view;
    if (changed.reading !== undefined && !trace.readings[changed.reading].layers.length) return;
    view = { ...view, ...changed };
    if (changed.reading !== undefined && changed.reading !== before.reading) {
      const last = trace.readings[view.reading].tokens.length - 1;
      view = { ...view, time: changed.time ?? last, unit: null };
      drawn = unrolled(trace, view.reading, change, signal);
      figure.replaceChildren(drawn.node);
      reach.replaceChildren(memory(trace.readings[view.reading]));
    }
    if (view.time !== before.time || view.reading !== before.reading)
      view = { ...view, looked: view.time, output: outputAt(trace, view) };
    show();
  }

  function show() {
    const { tokens } = trace.readings[view.reading];
    scrubber.max = String(tokens.length - 1);
    scrubber.value = String(view.time);
    const at = `${view.time + 1} of ${tokens.length}: ${visible(tokens[view.time])}`;
    scrubber.setAttribute("aria-valuetext", at);
    told.textContent = at;
    for (const each of [text, drawn, now, chosen]) each.show(view);
  }

  figure.append(drawn.node);
  figure.addEventListener("pointerleave", () => change({ looked: view.time }));
  const reach = element("div", {}, memory(trace.readings[view.reading]));
  const attention = trace.attention
    ? [element("h3", {}, "Attention"), attentionOf(trace, trace.attention)]
    : [];
  const node = element(
    "section",
    { className: "run" },
    text.node,
    chosen.node,
    figure,
    element("label", { className: "time" }, "Time ", told, scrubber),
    element("p", { className: "told" }, WEIGHTS, trace.network.cell === "plain" ? PLAIN : "", `${described(trace)}.`),
    now.node,
    ...attention,
    element("h3", {}, "Memory"),
    reach,
  );
  queueMicrotask(show);
  return node;
}
