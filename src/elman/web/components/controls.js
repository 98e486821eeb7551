/** Controls and small displays of views. */

import { element, percent } from "./elements.js";

const MAX_CLASSES = 8; // classes

/** @param {string} label @param {() => void} act */
export function button(label, act) {
  const made = element("button", { type: "button" }, label);
  made.addEventListener("click", act);
  return made;
}

/** @param {string} label @param {Partial<HTMLTextAreaElement>} properties */
export function textBox(label, properties) {
  const box = element("textarea", { rows: 3, spellcheck: false, ...properties });
  return { box, node: element("label", { className: "box" }, label, box) };
}

/** A slider and its value. @param {string} label
 * @param {{min: number, max: number, step: number, value: number}} range */
export function slider(label, range) {
  const shown = element("span", {}, String(range.value));
  const input = element("input", { type: "range" });
  for (const [name, value] of Object.entries(range)) input.setAttribute(name, String(value));
  input.value = String(range.value);
  input.addEventListener("input", () => (shown.textContent = input.value));
  return { input, node: element("label", { className: "field" }, label, " ", shown, input) };
}

/** @param {string} label @param {number | null} value null: empty @param {number} [min]
 * @param {number} [max] */
export function numberBox(label, value, min = 0, max = Infinity) {
  const input = element("input", { type: "number", min: String(min), value: `${value ?? ""}` });
  if (Number.isFinite(max)) input.max = String(max);
  return { input, node: element("label", { className: "field" }, label, input) };
}

/** @param {string} label @param {string[]} options */
export function selectBox(label, options) {
  const input = element("select", {}, ...options.map((each) => element("option", {}, each)));
  return { input, node: element("label", { className: "field" }, label, input) };
}

/** A probability as a bar. @param {number} probability */
export function bar(probability) {
  const filled = element("i", {});
  filled.style.width = `${100 * probability}%`;
  return element(
    "span",
    { className: "bar", title: `${(100 * probability).toFixed(1)} %` },
    filled,
  );
}

/** An item of a list of probabilities. @param {string} label @param {number} probability */
export function probabilityItem(label, probability) {
  const figure = element("small", {}, percent(probability));
  return element("li", {}, element("span", {}, label), bar(probability), figure);
}

/** The likeliest classes. @param {{label: string | number, probability: number}[]} classes best
 * first */
export function probabilityList(classes) {
  const shown = classes.slice(0, MAX_CLASSES);
  const items = shown.map(({ label, probability }) => probabilityItem(String(label), probability));
  return element("ul", { className: "probabilities" }, ...items);
}

/** Words, each with something small below it. @param {[string, (Node | string)[]][]} words */
export function annotated(words) {
  const spans = words.map(([word, below]) =>
    element("span", {}, word, element("small", {}, ...below)),
  );
  return element("p", { className: "annotated" }, ...spans);
}

/** A generated target and its probability. @param {{text: string, probability: number}} target
 * @param {"best" | "other"} kind */
export function targetText({ text, probability }, kind) {
  const figure = element("small", {}, percent(probability));
  return element("p", { className: `target ${kind}` }, text, " ", figure);
}
