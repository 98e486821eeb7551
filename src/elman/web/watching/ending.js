/** What a run came to: its scores beside the baseline's, and what to type next. */

import { element } from "../runtime/elements.js";

/** @param {any} end */
export function ending(end) {
  if (end.error) return [element("h3", {}, "It has ended"), element("p", {}, end.error)];
  const { report } = end;
  return [
    element("h3", {}, end.interrupted ? "It was stopped early, and is written" : "It is trained, and written"),
    scores(report),
    ...report.remarks.map((/** @type {string} */ words) => element("p", { className: "told" }, words)),
    element("p", { className: "told" }, `${end.size}. Go on with:`),
    ...end.commands.map((/** @type {string} */ words) => element("pre", {}, element("code", {}, words))),
  ];
}

/** @param {{scores: Record<string, number>, baseline: Record<string, any> | null}} report */
function scores({ scores, baseline }) {
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
  const heads = ["held out", "this model", ...(baseline ? [String(baseline.name)] : [])];
  const head = element("tr", {}, ...heads.map((words) => element("th", { scope: "col" }, words)));
  return element("table", { className: "scores" }, head, ...rows);
}
