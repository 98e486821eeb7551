/** A tagger: the tag of each word. */

import { annotated, textBox } from "../components/controls.js";
import { element, percent } from "../components/elements.js";
import { latest } from "./page.js";

/** @typedef {{words: string[], tags: string[], probability: number}} Tagging with the joint
 *   probability of all tags
 * @typedef {{predict: (text: string) => Promise<Tagging>}} TaggingClient */

/** @param {import("./page.js").Page<TaggingClient>} page */
export function taggingView(page) {
  const { box, node } = textBox("Sentence", { id: "text" });
  const tagged = element("div", { id: "tags", ariaLive: "polite" });

  const predict = latest(page, async (/** @type {string} */ text) => {
    const { words, tags, probability } = await page.client.predict(text);
    const all = `Probability of all these tags together: ${percent(probability)}.`;
    tagged.replaceChildren(
      annotated(words.map((word, index) => [word, [tags[index]]])),
      element("p", { className: "note" }, all),
    );
  });
  box.addEventListener("input", () => {
    if (box.value.trim()) void predict(box.value);
    else tagged.replaceChildren();
  });
  const explain = page.panels.explainText?.(() => box.value) ?? [];
  return [node, tagged, ...explain];
}
