/** A classifier: a text is judged word by word as it grows. */

import { element } from "../runtime/elements.js";
import { ask, newest } from "./asking.js";
import { annotated, classList, textBox } from "../runtime/parts.js";

const LATEST = 40; // words whose running answers are asked for

/** @param {import("./page.js").Place} place */
export function classifierView({ model, said, failed }) {
  const { box, node } = textBox("Text", { id: "text" });
  const answer = element("div", { ariaLive: "polite" });
  const running = element("div", {});
  const judge = newest(async (/** @type {string} */ text) => {
    try {
      const grown = prefixes(text);
      const { predictions } = await ask(model, "predict", { texts: grown.map(({ read }) => read) });
      const classes = predictions.map((/** @type {any} */ each) => each.classes);
      const last = sorted(classes.at(-1) ?? []);
      answer.replaceChildren(classList(last));
      const words = grown.map(({ word }, at) => {
        const found = classes[at].find((/** @type {any} */ each) => each.label === last[0].label);
        return /** @type {[string, Node]} */ ([word, level(found.probability)]);
      });
      running.replaceChildren(annotated(words), told(last[0].label));
      said("");
    } catch (error) {
      failed(error);
    }
  });
  box.addEventListener("input", () => {
    if (box.value.trim()) void judge(box.value);
    else [answer, running].forEach((each) => each.replaceChildren());
  });
  return [node, answer, running];
}

/** @param {string | number} label */
function told(label) {
  return element("p", { className: "told" }, `Below each word: how likely “${label}” is by then.`);
}

/** A text after each of its last words. @param {string} text */
function prefixes(text) {
  const words = [...text.matchAll(/\S+/g)].slice(-LATEST);
  return words.map(({ 0: word, index }) => ({ word, read: text.slice(0, index + word.length) }));
}

/** @param {{label: string, probability: number}[]} classes */
function sorted(classes) {
  return [...classes].sort((one, other) => other.probability - one.probability);
}

/** @param {number} share */
function level(share) {
  const bar = element("i", {});
  bar.style.width = `${100 * share}%`;
  return element("span", { className: "share", title: `${(100 * share).toFixed(1)} %` }, bar);
}
