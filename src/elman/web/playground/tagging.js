/** A tagger: words are tagged as they are typed. */

import { element, percent } from "../runtime/elements.js";
import { ask, newest } from "./asking.js";
import { wordsOf } from "../runtime/lexicon.js";
import { annotated, textBox } from "../runtime/parts.js";

/** @param {import("./page.js").Place} place */
export function taggerView({ model, said, failed }) {
  const { box, node } = textBox("Sentence", { id: "text" });
  const shown = element("div", { ariaLive: "polite" });
  const tag = newest(async (/** @type {string[]} */ words) => {
    try {
      const { sentences } = await ask(model, "tag", { sentences: [words] });
      const { tags, probability } = sentences[0];
      shown.replaceChildren(
        annotated(words.map((word, place) => [word, tags[place]])),
        element("p", { className: "told" }, `All of these together: ${percent(probability)}.`),
      );
      said("");
    } catch (error) {
      failed(error);
    }
  });
  box.addEventListener("input", () => {
    const words = wordsOf(box.value);
    if (words.length) void tag(words);
    else shown.replaceChildren();
  });
  return [node, shown];
}
