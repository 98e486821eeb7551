/** Attention as a grid: a line for each symbol that was written, a column for each that was read; the
 * larger the square, the more it was looked at.
 */

import { element, percent } from "../runtime/elements.js";
import { visible } from "./trace.js";

const SEEN = 0.005; // shares below this leave a cell empty

/** @param {number[][]} weights @param {string[]} read @param {string[]} written one for each line */
export function attentionGrid(weights, read, written) {
  const head = element("tr", {}, element("th", {}), ...read.map((each) => name(each, "col")));
  const body = weights.map((row, place) =>
    element("tr", {}, name(written[place] ?? "", "row"), ...row.map(cell)),
  );
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  const box = element("div", { className: "attention", tabIndex: 0, role: "group" }, table);
  box.setAttribute("aria-label", "Attention: what was looked at for each symbol");
  return box;
}

/** Of a trace: each line bears what was written after its symbol.
 * @param {import("./trace.js").Trace} trace @param {import("./trace.js").Attention} attention */
export function attentionOf(trace, attention) {
  const written = attention.weights.map((_, time) => {
    const said = trace.outputs.find(
      (each) => each.reading === attention.reading && each.after === time,
    );
    return said?.taken?.text ?? "";
  });
  return attentionGrid(attention.weights, trace.readings[attention.on].tokens, written);
}

/** @param {string} text @param {string} scope */
function name(text, scope) {
  return element("th", { scope }, element("span", {}, visible(text)));
}

/** @param {number} share */
function cell(share) {
  const made = element("td", { title: percent(share) });
  if (share < SEEN) return made;
  const square = element("i", {});
  square.style.width = square.style.height = `${100 * Math.sqrt(share)}%`;
  made.append(square);
  return made;
}
