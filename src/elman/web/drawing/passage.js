/** The text itself, each symbol in the colour of its number: what an output rests on, or a unit. */

import { element } from "../runtime/elements.js";
import { css, inkOn, onLook } from "./colours.js";
import { gap, shortly } from "./trace.js";
import { emphasis, strongest } from "./view.js";

/** @typedef {import("./view.js").View} View */

/** @param {import("./trace.js").Trace} trace @param {import("./view.js").Change} change
 * @param {AbortSignal} signal
 * @returns {import("./view.js").Drawing} */
export function passage(trace, change, signal) {
  const several = trace.readings.length > 1;
  const lines = trace.readings.map((reading, place) => {
    const spans = reading.tokens.map((symbol, time) => {
      const span = element("span", { className: "piece" }, symbol);
      span.addEventListener("click", () => change({ reading: place, time }));
      return span;
    });
    const between = gap(trace, place);
    const line = element("p", { className: "passage" });
    if (several) line.append(element("small", {}, reading.name), " ");
    for (const span of spans) line.append(span, between);
    return { line, spans };
  });
  const node = element("div", { className: "passages" }, ...lines.map(({ line }) => line));
  /** @type {View | undefined} */
  let shown;
  onLook(() => shown && show(shown), signal);

  /** @param {View} view */
  function show(view) {
    shown = view;
    const most = strongest(trace, view);
    lines.forEach(({ spans }, reading) => {
      const numbers = emphasis(trace, view, reading);
      spans.forEach((span, place) => {
        const number = numbers[place];
        const share = most && number !== null ? number / most : 0;
        span.style.backgroundColor = share ? css(share) : "";
        span.style.color = share ? inkOn(share) : "";
        span.title = number === null ? "" : shortly(number);
        const now = reading === view.reading && place === view.time;
        span.classList.toggle("now", now);
        span.classList.toggle("later", reading === view.reading && place > view.time);
      });
    });
  }
  return { node, show };
}
