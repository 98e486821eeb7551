/** A tagger on the page: words are tagged as they are typed. */

import { element, percent } from "./elements.js";
import { annotated, textBox } from "./parts.js";

/** @param {import("./tagger.js").Tagger} model */
export function taggerView(model) {
  const { box, node } = textBox("Sentence", { id: "text" });
  const shown = element("div", { id: "tags", ariaLive: "polite" });
  box.addEventListener("input", () => {
    const { words, tags, probability } = model.tag(box.value);
    const together = `All of these together: ${percent(probability)}.`;
    shown.replaceChildren(annotated(words.map((word, place) => [word, tags[place]])));
    if (words.length) shown.append(element("p", {}, element("small", {}, together)));
  });
  return [node, shown];
}
