/** The losses of a stage over the budget: of the steps, of the evaluations, of the baseline. */

import { element } from "../components/elements.js";
import { svg } from "../components/svg.js";

/** @typedef {import("./events.js").Point} Point
 * @typedef {import("./events.js").Evaluation} Evaluation
 * @typedef {import("./events.js").Baseline} Baseline
 * @typedef {{name: string, points: Point[], evaluations: Evaluation[]}} Stage */

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [280, 44, 12, 12, 24];
const SMOOTHING = 0.02; // share of the points in the running mean
const VISIBLE = 0.9; // share of the points that set the scale: the first losses may be far above

/** @param {Stage} stage @param {boolean} open whether it goes on @param {number} width */
export function lossChart({ name, points, evaluations }, open, width) {
  const scored = evaluations.flatMap((each) =>
    each.loss === null ? [] : [{ ...each, loss: each.loss }],
  );
  const baseline = evaluations.find((each) => each.baseline)?.baseline ?? null;
  const where = lossName(evaluations.at(-1));
  const every = [...points, ...evaluations];
  const from = Math.min(...every.map(({ done }) => done));
  const to = open ? 1 : Math.max(...every.map(({ done }) => done));
  const [low, high] = rangeOf(points, [...scored, ...(baseline ? [baseline] : [])]);
  const x = (/** @type {number} */ done) =>
    LEFT + ((width - LEFT - RIGHT) * (done - from)) / (to - from || 1);
  const y = (/** @type {number} */ loss) =>
    TOP + ((HEIGHT - TOP - BOTTOM) * (high - Math.min(high, Math.max(low, loss)))) / (high - low);
  const line = (/** @type {string} */ kind, /** @type {{done: number, loss: number}[]} */ drawn) =>
    svg("polyline", {
      class: kind,
      points: drawn
        .map(({ done, loss }) => `${x(done).toFixed(1)},${y(loss).toFixed(1)}`)
        .join(" "),
    });
  const label = (/** @type {Record<string, string | number>} */ at, /** @type {string} */ words) =>
    svg("text", at, words);
  const chart = svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, class: "losses", role: "img" },
    svg("title", {}, titleOf(name, where, scored.at(-1)?.loss, baseline)),
    ...ticks(low, high).flatMap((loss) => [
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(loss), y2: y(loss) }),
      label({ x: LEFT - 8, y: y(loss) + 4, "text-anchor": "end" }, String(loss)),
    ]),
    label({ x: LEFT, y: HEIGHT - 6 }, `${Math.round(100 * from)} % of the budget`),
    label({ x: width - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, `${Math.round(100 * to)} %`),
    line("of-steps", points),
    line("of-steps smooth", smoothed(points)),
    ...(baseline
      ? [
          line(
            "of-baseline",
            [from, to].map((done) => ({ done, loss: baseline.loss })),
          ),
        ]
      : []),
    line("held-out", scored),
    ...scored.map(({ done, loss, best }) =>
      svg("circle", { class: best ? "best" : "", cx: x(done), cy: y(loss), r: 4 }),
    ),
  );
  const heading = name ? [element("strong", {}, name)] : [];
  const caption = element("figcaption", {}, ...heading, legend(where, baseline));
  return element("figure", {}, caption, chart);
}

/** What the loss of an evaluation is measured on. @param {Evaluation | undefined} evaluation */
export function lossName(evaluation) {
  return evaluation?.inSample ? "in sample" : "held out";
}

/** The range of the axis. @param {{loss: number}[]} points @param {{loss: number}[]} always */
function rangeOf(points, always) {
  const losses = points.map(({ loss }) => loss).sort((one, other) => one - other);
  const usual = losses.slice(0, Math.ceil(losses.length * VISIBLE));
  const shown = [...usual, ...always.map(({ loss }) => loss)];
  const [least, most] = [Math.min(...shown), Math.max(...shown)];
  const margin = 0.05 * (most - least) || 0.1;
  return [Math.max(0, least - margin), most + margin];
}

/** @param {string} where @param {Baseline | null} baseline */
function legend(where, baseline) {
  /** @type {[string, string][]} */
  const kinds = [
    ["of-steps", "each step"],
    ["held-out", `${where}${baseline ? `, ${baseline.measure}` : ""}`],
  ];
  if (baseline)
    kinds.push(["of-baseline", `baseline: ${baseline.name}, ${baseline.loss.toFixed(3)}`]);
  const items = kinds.map(([kind, words]) => {
    const line = svg("line", { class: kind, x1: 0, x2: 20, y1: 4, y2: 4 });
    const key = { viewBox: "0 0 20 8", class: "losses key", "aria-hidden": "true" };
    return element("li", {}, svg("svg", key, line), words);
  });
  return element("ul", { className: "legend" }, ...items);
}

/** @param {string} name @param {string} where @param {number | undefined} last
 * @param {Baseline | null} baseline */
function titleOf(name, where, last, baseline) {
  const loss = last === undefined ? "not evaluated yet" : `${where} ${last.toFixed(3)}`;
  return `${name || "Loss"}: ${loss}${baseline ? `, ${baseline.name} ${baseline.loss.toFixed(3)}` : ""}`;
}

/** An exponential moving average. @param {Point[]} points */
function smoothed(points) {
  const keep = 1 - 1 / Math.max(1, SMOOTHING * points.length);
  let mean = points.length ? points[0].loss : 0;
  return points.map(({ done, loss }) => {
    mean = keep * mean + (1 - keep) * loss;
    return { done, loss: mean };
  });
}

/** Round numbers between two. @param {number} low @param {number} high */
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step)
    found.push(Number(tick.toPrecision(6)));
  return found;
}
