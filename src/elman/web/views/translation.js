/** A translator: the best targets of a text, and the attention of the best one. */

import { targetText, textBox } from "../components/controls.js";
import { element } from "../components/elements.js";
import { attentionGrid } from "../explanation/attention.js";
import { latest } from "./page.js";

/** @typedef {{weights: number[][], source: string[]}} Attention a row for each target token
 * @typedef {{text: string, probability: number, pieces: string[],
 *   attention: Attention | null}} Translation best first
 * @typedef {object} TranslationClient
 * @property {number} maxLength characters of a text
 * @property {(text: string, count: number, signal: AbortSignal) => Promise<Translation[]>} predict
 */

const TARGETS = 3;

/** @param {import("./page.js").Page<TranslationClient>} page */
export function translationView(page) {
  const { box, node } = textBox("Text", { id: "text", maxLength: page.client.maxLength });
  const targets = element("div", { id: "targets", ariaLive: "polite" });

  const predict = latest(page, async (/** @type {string} */ text, signal) => {
    const [best, ...others] = await page.client.predict(text, TARGETS, signal);
    const { attention, pieces } = best;
    const grid = attention ? attentionGrid(attention.weights, attention.source, pieces) : null;
    targets.replaceChildren(
      targetText(best, "best"),
      ...others.map((each) => targetText(each, "other")),
      ...(grid ? [element("h3", {}, "Attention"), grid] : []),
    );
  });
  box.addEventListener("input", () => {
    if (box.value.trim()) void predict(box.value.trim());
    else targets.replaceChildren();
  });
  const explain = page.panels.explainText?.(() => box.value) ?? [];
  return [node, targets, ...explain];
}
