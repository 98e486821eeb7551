/** A classifier: the classes of a text, and how they change from word to word. */

import { annotated, bar, probabilityList, textBox } from "../components/controls.js";
import { element, percent } from "../components/elements.js";
import { latest } from "./page.js";

/** @typedef {{label: string | number, probability: number}} ClassProbability
 * @typedef {{word: string, classes: ClassProbability[]}} RunningAnswer the answer after a word
 * @typedef {object} ClassificationClient
 * @property {(text: string) => Promise<{classes: ClassProbability[], words: RunningAnswer[]}>} predict
 */

/** @param {import("./page.js").Page<ClassificationClient>} page */
export function classificationView(page) {
  const { box, node } = textBox("Text", { id: "text" });
  const classes = element("div", { ariaLive: "polite" });
  const running = element("div", { role: "group", ariaLabel: "After each word" });

  const predict = latest(page, async (/** @type {string} */ text) => {
    const answer = await page.client.predict(text);
    const ranked = sorted(answer.classes);
    classes.replaceChildren(probabilityList(ranked));
    /** @type {[string, Node[]][]} */
    const words = answer.words.map(({ word, classes }) => [word, below(classes, ranked[0].label)]);
    const final = ranked[0].label;
    const note = `Below each word: the likeliest class so far; the bar: how likely “${final}” is.`;
    running.replaceChildren(
      ...(words.length ? [annotated(words), element("p", { className: "note" }, note)] : []),
    );
  });
  box.addEventListener("input", () => {
    if (box.value.trim()) void predict(box.value);
    else [classes, running].forEach((each) => each.replaceChildren());
  });
  const explain = page.panels.explainText?.(() => box.value) ?? [];
  return [node, classes, running, ...explain];
}

/** @param {ClassProbability[]} classes @param {string | number} label of the final answer
 * @returns {Node[]} */
function below(classes, label) {
  const [best] = sorted(classes);
  const final = classes.find((each) => each.label === label)?.probability ?? 0;
  return [bar(final), element("span", {}, `${best.label} ${percent(best.probability)}`)];
}

/** @param {ClassProbability[]} classes */
function sorted(classes) {
  return classes.toSorted((one, other) => other.probability - one.probability);
}
