/** Parts that several views have, here and in the playground. */

import { element, percent } from "./elements.js";

/** @param {string} label @param {Partial<HTMLTextAreaElement>} properties */
export function textBox(label, properties) {
  const box = element("textarea", { rows: 3, spellcheck: false, ...properties });
  return { box, node: element("label", { className: "box" }, label, box) };
}

/** A slider with what it says. @param {string} label
 * @param {{min: number, max: number, step: number, value: number}} range */
export function slider(label, range) {
  const shown = element("span", {}, String(range.value));
  const input = element("input", { type: "range" });
  for (const [name, value] of Object.entries(range)) input.setAttribute(name, String(value));
  input.value = String(range.value);
  input.addEventListener("input", () => (shown.textContent = input.value));
  return { input, node: element("label", { className: "slider" }, label, " ", shown, input) };
}

/** @param {string} label @param {number | null} value null: empty @param {number} [min] */
export function numberBox(label, value, min = 0) {
  const input = element("input", { type: "number", min: String(min), value: `${value ?? ""}` });
  return { input, node: element("label", { className: "slider" }, label, input) };
}

/** Classes, the likeliest first. @param {{label: string | number, probability: number}[]} classes */
export function classList(classes) {
  const items = classes.slice(0, 8).map(({ label, probability }) => {
    const bar = element("i", {});
    bar.style.width = `${100 * probability}%`;
    const share = element("span", { className: "share" }, bar);
    const sure = element("small", {}, percent(probability));
    return element("li", {}, element("span", {}, String(label)), share, sure);
  });
  return element("ul", { className: "answers" }, ...items);
}

/** Words with something small below each. @param {[string, Node | string][]} words */
export function annotated(words) {
  const spans = words.map(([word, below]) =>
    element("span", {}, word, element("small", {}, below)),
  );
  return element("p", { className: "annotated" }, ...spans);
}

/** A text that was written, and how sure of it the network is. @param {{text: string,
 * probability: number}} rewrite @param {string} kind */
export function target({ text, probability }, kind = "other") {
  return element("p", { className: `target ${kind}` }, text, " ", element("small", {}, percent(probability)));
}
