/** A describer on the page: the numbers of a vector, pasted or from a file, in words. */

import { element } from "./elements.js";
import { numbersBox, rowsOf } from "./numbers.js";
import { target } from "./parts.js";
import { inTurns } from "./turns.js";

const MOST = 64; // vectors

/** @param {import("./describer.js").Describer} model */
export function describerView(model) {
  const shown = element("div", { id: "targets", ariaLive: "polite" });
  const label = `A vector's ${model.width} numbers, or a vector a line`;
  const { node } = numbersBox(label, (text) => void describe(rowsOf(text).slice(0, MOST)));
  let asked = 0;

  /** @param {number[][]} vectors */
  async function describe(vectors) {
    const mine = ++asked;
    shown.replaceChildren();
    try {
      for (const vector of vectors) {
        const found = await inTurns(model.rewrites(vector, 1), () => mine === asked);
        if (found === null) return; // others were asked for meanwhile
        shown.append(...found.map((each) => target(each, "best")));
      }
    } catch (error) {
      shown.append(element("p", { role: "alert" }, String(error instanceof Error ? error.message : error)));
    }
  }
  return [node, shown];
}
