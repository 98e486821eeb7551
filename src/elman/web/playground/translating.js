/** A translator: the best targets of a text, and what each symbol looked at. */

import { attentionGrid } from "../drawing/attention.js";
import { element } from "../runtime/elements.js";
import { ask, newest } from "./asking.js";
import { target, textBox } from "../runtime/parts.js";

const TARGETS = 3;

/** @param {import("./page.js").Place} place */
export function translatorView({ model, said, failed }) {
  const { box, node } = textBox("Text", { id: "text" });
  const shown = element("div", { ariaLive: "polite" });
  const translate = newest(async (/** @type {string} */ text) => {
    try {
      const asked = { texts: [text], count: TARGETS, attention: true };
      const [best, ...others] = (await ask(model, "translate", asked)).rewrites[0];
      const looked = best.attention
        ? [element("h3", {}, "Attention"), attentionGrid(best.attention, best.source, best.pieces)]
        : [];
      const less = others.map((/** @type {any} */ each) => target(each));
      shown.replaceChildren(target(best, "best"), ...less, ...looked);
      said("");
    } catch (error) {
      failed(error);
    }
  });
  box.addEventListener("input", () => {
    if (box.value.trim()) void translate(box.value.trim());
    else shown.replaceChildren();
  });
  return [node, shown];
}
