/** The results of a run: the scores beside the baseline's, and the next commands. */

import { element } from "../components/elements.js";

/** @param {import("./events.js").Results} results */
export function resultsOf({ error, interrupted, size, commands, warnings, ...results }) {
  if (error) return [element("h3", {}, "The run has failed"), element("p", {}, error)];
  return [
    element(
      "h3",
      {},
      interrupted ? "Stopped early; the model is saved" : "The model is trained and saved",
    ),
    scoreTable(results),
    ...warnings.map((words) => element("p", { className: "note" }, words)),
    element("p", { className: "note" }, `${size}. Next commands:`),
    ...commands.map((words) => element("pre", {}, element("code", {}, words))),
  ];
}

/** @param {{scores: Record<string, number>, baseline: Record<string, any> | null}} results */
function scoreTable({ scores, baseline }) {
  const cell = (/** @type {unknown} */ value) =>
    element("td", {}, typeof value === "number" ? String(Number(value.toPrecision(4))) : "–");
  const rows = Object.entries(scores).map(([name, value]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name.replaceAll("_", " ")),
      cell(value),
      ...(baseline ? [cell(baseline[name])] : []),
    ),
  );
  const names = ["held out", "this model", ...(baseline ? [String(baseline.name)] : [])];
  const head = element("tr", {}, ...names.map((words) => element("th", { scope: "col" }, words)));
  return element("table", { className: "scores" }, head, ...rows);
}
