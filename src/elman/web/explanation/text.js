/** The text, each token colored by its number: an attribution, or a hidden unit. */

import { element } from "../components/elements.js";
import { css, inkOn, onSchemeChange } from "./colors.js";
import { highlights, strongest } from "./selection.js";
import { rounded } from "./trace.js";

/** @typedef {import("./selection.js").Selection} Selection */

/** @param {import("./trace.js").Trace} trace @param {import("./selection.js").Change} change
 * @param {AbortSignal} signal
 * @returns {import("./selection.js").Drawing} */
export function coloredText(trace, change, signal) {
  const several = trace.sequences.length > 1;
  const lines = trace.sequences.map((sequence, index) => {
    const spans = sequence.tokens.map((token, time) => {
      const span = element("span", { className: "piece" }, token);
      span.addEventListener("click", () => change({ sequence: index, time }));
      return span;
    });
    const line = element("p", { className: "text" });
    if (several) line.append(element("small", {}, sequence.name), " ");
    for (const span of spans) line.append(span, sequence.gap);
    return { line, spans };
  });
  const node = element("div", {}, ...lines.map(({ line }) => line));
  /** @type {Selection | undefined} */
  let shown;
  onSchemeChange(() => shown && show(shown), signal);

  /** @param {Selection} selection */
  function show(selection) {
    shown = selection;
    const most = strongest(trace, selection);
    lines.forEach(({ spans }, sequence) => {
      const numbers = highlights(trace, selection, sequence);
      const selected = sequence === selection.sequence;
      spans.forEach((span, time) => {
        const number = numbers[time];
        const share = most && number !== null ? number / most : 0;
        span.style.backgroundColor = share ? css(share) : "";
        span.style.color = share ? inkOn(share) : "";
        span.title = number === null ? "" : rounded(number);
        span.classList.toggle("current", selected && time === selection.time);
      });
    });
  }
  return { node, show };
}
