/** A describer: vectors, typed, pasted or from a file, in words. */

import { targetText } from "../components/controls.js";
import { element } from "../components/elements.js";
import { numbersBox, rowsOf } from "../components/number_rows.js";
import { latest } from "./page.js";

/** @typedef {{text: string, probability: number}} Description
 * @typedef {object} DescriptionClient
 * @property {number | null} vectorSize numbers of a vector, if known
 * @property {(vectors: number[][], signal: AbortSignal) => AsyncIterable<Description>} predict the
 *   best description of each vector, in order
 */

const MAX_VECTORS = 64; // vectors at once

/** @param {import("./page.js").Page<DescriptionClient>} page */
export function descriptionView(page) {
  const { client } = page;
  const descriptions = element("div", { id: "targets", ariaLive: "polite" });

  const predict = latest(page, async (/** @type {number[][]} */ vectors, signal) => {
    descriptions.replaceChildren();
    for await (const each of client.predict(vectors, signal))
      descriptions.append(targetText(each, "best"));
  });
  const size = client.vectorSize ? `${client.vectorSize} numbers` : "numbers";
  const { box, node } = numbersBox(`The ${size} of a vector, one vector a line`, (text) => {
    const vectors = rowsOf(text).slice(0, MAX_VECTORS);
    if (vectors.length) void predict(vectors);
    else descriptions.replaceChildren();
  });
  const first = () => ({ vector: rowsOf(box.value)[0] ?? [] });
  return [node, descriptions, ...(page.panels.explainNumbers?.(first) ?? [])];
}
