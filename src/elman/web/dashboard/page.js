/** The training dashboard: a run from its beginning, redrawn at most once a frame. */

import { element } from "../components/elements.js";
import { statusLine } from "../components/status.js";
import { listen } from "./events.js";
import { lossChart, lossName } from "./loss_chart.js";
import { previewsOf } from "./previews.js";
import { resultsOf } from "./results.js";

/** @typedef {import("./loss_chart.js").Stage} Stage */

const MAX_POINTS = 4_000; // points of a stage; beyond it every other one is dropped

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const { setStatus } = statusLine("status");

/** @type {Stage[]} */
let stages = [];
/** @type {import("./events.js").Point | null} */
let latest = null;
let drawing = false;

/** @param {string} name */
function stageOf(name) {
  const last = stages.at(-1);
  if (last && last.name === name) return last;
  const begun = { name, points: [], evaluations: [] };
  stages.push(begun);
  return begun;
}

function drawSoon() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    draw();
  });
}

function draw() {
  const drawn = stages.filter(({ points, evaluations }) => points.length > 1 || evaluations.length);
  const width = byId("curves").clientWidth;
  byId("curves").replaceChildren(
    ...drawn.map((each, n) => lossChart(each, n === drawn.length - 1, width)),
  );
  const current = stages.at(-1);
  if (!current || !latest) return;
  const best = current.evaluations.findLast((each) => each.best);
  const last = current.evaluations.at(-1);
  /** @type {[string, string][]} */
  const metrics = [
    ["time left", timeLeft(latest)],
    ["loss", figure(latest.loss)],
    [lossName(last), last ? figure(last.loss) : "–"],
    [
      best ? `best, step ${best.step.toLocaleString("en")}` : "best",
      best ? figure(best.loss) : "–",
    ],
    ["baseline", last?.baseline ? figure(last.baseline.loss) : "–"],
    ["learning rate", latest.learningRate.toPrecision(2)],
    ["step", latest.step.toLocaleString("en")],
  ];
  byId("metrics").replaceChildren(
    ...metrics.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value)),
    ),
  );
  const progress = byId("progress");
  /** @type {HTMLElement} */ (progress.firstElementChild).style.width = `${100 * latest.done}%`;
  progress.ariaValueNow = String(Math.round(100 * latest.done));
}

/** Extrapolated from the time so far. @param {import("./events.js").Point} point */
function timeLeft({ done, seconds }) {
  if (done >= 1) return "none";
  if (done < 0.005) return "…";
  return duration((seconds * (1 - done)) / done);
}

/** @param {number} seconds */
function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** @param {number | null} loss */
function figure(loss) {
  return loss === null ? "not a number" : loss.toFixed(3);
}

window.addEventListener("resize", drawSoon);
listen({
  begin(run) {
    stages = [];
    latest = null;
    for (const id of ["curves", "results", "previews", "metrics"]) byId(id).replaceChildren();
    document.title = `${run.model} – training`;
    byId("run").textContent = run.model;
    const budget = run.steps
      ? `${run.steps.toLocaleString("en")} steps`
      : duration(60 * run.minutes);
    byId("about").textContent = `${run.task}, from ${run.data}; ${budget}`;
    drawSoon();
  },
  progress(point) {
    latest = point;
    const { points } = stageOf(point.stage);
    points.push(point);
    if (points.length > MAX_POINTS)
      points.splice(0, MAX_POINTS, ...points.slice(0, MAX_POINTS).filter((_, n) => n % 2));
    setStatus(point.stage ? `Training: ${point.stage}.` : "Training.");
    drawSoon();
  },
  evaluate(evaluation) {
    stageOf(evaluation.stage).evaluations.push(evaluation);
    if (evaluation.previews.length) byId("previews").replaceChildren(...previewsOf(evaluation));
    drawSoon();
  },
  rollBack(step) {
    setStatus(`The loss was not a number: back to step ${step}, with a lower learning rate.`);
  },
  finish() {
    setStatus("Training is finished; the model and the baseline are being evaluated.");
  },
  end(results) {
    if (latest) latest = { ...latest, done: results.error ? latest.done : 1 };
    byId("results").replaceChildren(...resultsOf(results));
    setStatus("");
    drawSoon();
  },
  disconnect() {
    setStatus("The connection is lost; trying again.");
  },
});
