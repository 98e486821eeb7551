/** A describer: the numbers of a vector, pasted or from a file, in words. */

import { element } from "../runtime/elements.js";
import { ask } from "./asking.js";
import { explainingNumbers } from "./explaining.js";
import { numbersBox, rowsOf } from "../runtime/numbers.js";
import { target } from "../runtime/parts.js";

/** @param {import("./page.js").Place} place */
export function describerView(place) {
  const { model, said, failed } = place;
  const shown = element("div", { ariaLive: "polite" });
  const { box, node } = numbersBox("A vector's numbers, or a vector a line", async (text) => {
    try {
      const vectors = rowsOf(text).slice(0, 64);
      const { rewrites } = await ask(model, "describe", { vectors });
      const best = rewrites.map((/** @type {any[]} */ each) => target(each[0], "best"));
      shown.replaceChildren(...best);
      said("");
    } catch (error) {
      failed(error);
    }
  });
  const first = () => ({ vector: rowsOf(box.value)[0] ?? [] });
  return [node, shown, ...explainingNumbers(place, first)];
}
