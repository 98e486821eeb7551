/** What the network predicts now, for held-out examples: texts, labels, tags or forecasts. */

import { annotated } from "../components/controls.js";
import { element, percent } from "../components/elements.js";
import { forecastChart } from "../views/forecast_chart.js";

/** @typedef {import("./events.js").Preview} Preview */

/** @param {import("./events.js").Evaluation} evaluation */
export function previewsOf({ step, previews }) {
  const when = element("small", {}, `held-out examples, after step ${step.toLocaleString("en")}`);
  return [element("h3", {}, "Predictions now ", when), ...previews.map(previewOf)];
}

/** @param {Preview} preview */
function previewOf(preview) {
  switch (preview.kind) {
    case "text":
      return element(
        "p",
        { className: "generated" },
        element("span", { className: "prompt" }, preview.prompt),
        preview.text,
      );
    case "answer":
      return answered(preview);
    case "tags":
      return tagged(preview);
    case "forecast":
      return forecast(preview);
  }
}

/** @param {Preview & {kind: "answer"}} preview */
function answered({ input, answer, target, probability }) {
  const right = answer === target;
  const figure = element("small", {}, probability === null ? "" : percent(probability));
  return element(
    "div",
    { className: "preview" },
    element("p", { className: "prompt" }, input),
    element("p", { className: "answer" }, mark(right), answer, figure),
    ...(right ? [] : [element("p", { className: "note" }, `correct: ${target}`)]),
  );
}

/** @param {Preview & {kind: "tags"}} preview */
function tagged({ words, tags, targets }) {
  return annotated(
    words.map((word, n) => {
      const right = tags[n] === targets[n];
      const below = right ? tags[n] : `✗ ${tags[n]}, not ${targets[n]}`;
      return [word, [element("span", { className: right ? "" : "wrong" }, below)]];
    }),
  );
}

/** @param {Preview & {kind: "forecast"}} preview */
function forecast({ name, history, actual, forecast }) {
  const caption = `${name}: median with 80 % and 95 % intervals; dashed: the actual values`;
  const chart = forecastChart(history, forecast, 0, actual);
  return element("figure", {}, element("figcaption", {}, caption), chart);
}

/** @param {boolean} right */
function mark(right) {
  const sign = element("span", { className: right ? "right" : "wrong" }, right ? "✓ " : "✗ ");
  sign.ariaLabel = right ? "right" : "wrong";
  sign.role = "img";
  return sign;
}
