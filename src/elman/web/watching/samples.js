/** What the network answers now: texts, labels, tags or forecasts, always as text. */

import { fan } from "../runtime/fan.js";
import { annotated } from "../runtime/parts.js";
import { element, percent } from "../runtime/elements.js";

/** @param {import("./page.js").Look} look */
export function samplesOf({ step, samples }) {
  const heading = element(
    "h3",
    {},
    "What it answers now ",
    element("small", {}, `held-out examples, after step ${step.toLocaleString("en")}`),
  );
  return [heading, ...samples.map(sample)];
}

/** @param {any} one */
function sample(one) {
  if (one.median) return forecast(one);
  if (one.words) return tagged(one);
  if (one.wanted === null) return written(one);
  return answered(one);
}

/** @param {{given: string, answer: string}} one */
function written({ given, answer }) {
  return element("p", { className: "written" }, element("span", { className: "given" }, given), answer);
}

/** @param {{given: string, answer: string, wanted: string, probability: number | null}} one */
function answered({ given, answer, wanted, probability }) {
  const right = answer === wanted;
  const sure = probability === null ? "" : percent(probability);
  return element(
    "div",
    { className: "sample" },
    element("p", { className: "given" }, given),
    element("p", { className: "found" }, mark(right), answer, element("small", {}, sure)),
    ...(right ? [] : [element("p", { className: "told" }, `wanted: ${wanted}`)]),
  );
}

/** @param {{words: string[], tags: string[], wanted: string[]}} one */
function tagged({ words, tags, wanted }) {
  return annotated(
    words.map((word, place) => {
      const right = tags[place] === wanted[place];
      const below = right ? tags[place] : `✗ ${tags[place]}, not ${wanted[place]}`;
      return [word, element("span", { className: right ? "" : "wrong" }, below)];
    }),
  );
}

/** @param {any} one */
function forecast(one) {
  const ends = ["median", "low_80", "high_80", "low_95", "high_95"];
  const rows = ends.map((name) => [name, one[name].map((/** @type {number} */ each) => [each])]);
  const drawn = fan(one.before, { names: [one.name], dates: [], ...Object.fromEntries(rows) }, 0, one.came);
  const caption = `${one.name}: forecast, with 80 % and 95 %; dashed: what came`;
  return element("figure", {}, element("figcaption", {}, caption), drawn);
}

/** @param {boolean} right */
function mark(right) {
  const sign = element("span", { className: right ? "right" : "wrong" }, right ? "✓ " : "✗ ");
  sign.setAttribute("aria-label", right ? "right" : "wrong");
  sign.setAttribute("role", "img");
  return sign;
}
