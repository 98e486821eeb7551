/** Attention as a grid: a row for each target token, a column for each source token; the larger the
 * square, the larger the weight.
 */

import { element, percent } from "../components/elements.js";
import { visible } from "./trace.js";

const MIN_WEIGHT = 0.005; // weights below this leave a cell empty

/** @param {number[][]} weights
 * @param {string[]} source @param {string[]} target a token for each row */
export function attentionGrid(weights, source, target) {
  const head = element("tr", {}, element("th", {}), ...source.map((each) => name(each, "col")));
  const body = weights.map((row, index) =>
    element("tr", {}, name(target[index] ?? "", "row"), ...row.map(cell)),
  );
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  const box = element("div", { className: "attention", tabIndex: 0, role: "group" }, table);
  box.setAttribute(
    "aria-label",
    "Attention: the weight of each source token for each target token",
  );
  return box;
}

/** The attention of a trace; each row is named by the token after it.
 * @param {import("./trace.js").Trace} trace @param {import("./trace.js").Attention} attention */
export function attentionOf({ outputs, sequences }, { sequence, source, weights }) {
  const target = weights.map((_, time) => {
    const output = outputs.find((each) => each.sequence === sequence && each.after === time);
    return output?.target?.text ?? "";
  });
  return attentionGrid(weights, sequences[source].tokens, target);
}

/** @param {string} text @param {string} scope */
function name(text, scope) {
  return element("th", { scope }, element("span", {}, visible(text)));
}

/** @param {number} weight */
function cell(weight) {
  const made = element("td", { title: percent(weight) });
  if (weight < MIN_WEIGHT) return made;
  const square = element("i", {});
  square.style.width = square.style.height = `${100 * Math.sqrt(weight)}%`;
  made.append(square);
  return made;
}
