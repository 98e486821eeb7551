/** The losses of a phase over the budget: of the steps, of the held-out text, of the baseline. */

import { svg } from "../drawing/svg.js";
import { element } from "../runtime/elements.js";

const [HEIGHT, LEFT, RIGHT, TOP, BELOW] = [280, 44, 12, 12, 24];
const SMOOTHED = 0.02; // share of the points over which the line of the steps is a mean
const ANYWAY = 0.9; // share of the points that are drawn whatever the first ones are

/** @param {import("./page.js").Phase} phase @param {boolean} open whether it goes on
 * @param {number} width */
export function curve({ name, points, looks }, open, width) {
  const told = looks.filter(({ loss }) => loss !== null);
  const baseline = looks.find((look) => look.baseline)?.baseline ?? null;
  const every = [...points, ...looks];
  const from = Math.min(...every.map(({ done }) => done));
  const to = open ? 1 : Math.max(...every.map(({ done }) => done));
  const losses = points.map(({ loss }) => loss).sort((one, other) => one - other);
  const usual = losses.slice(0, Math.ceil(losses.length * ANYWAY));
  const wanted = [...usual, ...told.map(({ loss }) => loss), ...(baseline ? [baseline.loss] : [])];
  const margin = 0.05 * (Math.max(...wanted) - Math.min(...wanted)) || 0.1;
  const [low, high] = [Math.max(0, Math.min(...wanted) - margin), Math.max(...wanted) + margin];
  const x = (/** @type {number} */ done) =>
    LEFT + ((width - LEFT - RIGHT) * (done - from)) / (to - from || 1);
  const y = (/** @type {number} */ loss) =>
    TOP + ((HEIGHT - TOP - BELOW) * (high - Math.min(high, Math.max(low, loss)))) / (high - low);
  const line = (/** @type {string} */ kind, /** @type {{done: number, loss: number}[]} */ drawn) =>
    svg("polyline", {
      class: kind,
      points: drawn.map(({ done, loss }) => `${x(done).toFixed(1)},${y(loss).toFixed(1)}`).join(" "),
    });
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, class: "losses", role: "img" },
    svg("title", {}, said(name, told, whereOf(looks.at(-1)), baseline)),
    ...ticks(low, high).flatMap((loss) => [
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(loss), y2: y(loss) }),
      svg("text", { x: LEFT - 8, y: y(loss) + 4, "text-anchor": "end" }, String(loss)),
    ]),
    svg("text", { x: LEFT, y: HEIGHT - 6 }, `${Math.round(100 * from)} % of the budget`),
    svg("text", { x: width - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, `${Math.round(100 * to)} %`),
    line("of-steps", points),
    line("of-steps smooth", smoothed(points)),
    ...(baseline ? [line("of-baseline", [from, to].map((done) => ({ done, loss: baseline.loss })))] : []),
    line("held-out", told),
    ...told.map((look) =>
      svg("circle", { class: look.best ? "best" : "", cx: x(look.done), cy: y(look.loss), r: 4 }),
    ),
  );
  return element(
    "figure",
    {},
    element("figcaption", {}, ...(name ? [element("strong", {}, name)] : []), legend(whereOf(looks.at(-1)), baseline)),
    drawing,
  );
}

/** Of what the losses of a phase's looks are. @param {import("./page.js").Look | undefined} look */
export function whereOf(look) {
  return look?.in_sample ? "in sample" : "held out";
}

/** @param {string} where @param {import("./page.js").Baseline | null} baseline */
function legend(where, baseline) {
  const kinds = /** @type {[string, string][]} */ ([
    ["of-steps", "each step"],
    ["held-out", `${where}${baseline ? `, ${baseline.measure}` : ""}`],
    ...(baseline ? [["of-baseline", `baseline: ${baseline.name}, ${baseline.loss.toFixed(3)}`]] : []),
  ]);
  const items = kinds.map(([kind, words]) =>
    element(
      "li",
      {},
      svg("svg", { viewBox: "0 0 20 8", class: "losses key", "aria-hidden": "true" },
        svg("line", { class: kind, x1: 0, x2: 20, y1: 4, y2: 4 })),
      words,
    ),
  );
  return element("ul", { className: "legend" }, ...items);
}

/** @param {string} name @param {import("./page.js").Look[]} told @param {string} where
 * @param {import("./page.js").Baseline | null} baseline */
function said(name, told, where, baseline) {
  const last = told.length ? `${where} ${told[told.length - 1].loss.toFixed(3)}` : "not looked at yet";
  return `${name || "Loss"}: ${last}${baseline ? `, ${baseline.name} ${baseline.loss.toFixed(3)}` : ""}`;
}

/** Their running mean. @param {import("./page.js").Point[]} points */
function smoothed(points) {
  const keep = 1 - 1 / Math.max(1, SMOOTHED * points.length);
  let mean = points.length ? points[0].loss : 0;
  return points.map(({ done, loss }) => {
    mean = keep * mean + (1 - keep) * loss;
    return { done, loss: mean };
  });
}

/** Round figures between two. @param {number} low @param {number} high */
function ticks(low, high) {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((each) => each * power >= rough) ?? 10);
  const found = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step)
    found.push(Number(tick.toPrecision(6)));
  return found;
}
