/** A training as it goes: what the server tells of it, from its beginning, drawn at each frame. */

import { element } from "../runtime/elements.js";
import { curve, whereOf } from "./curve.js";
import { ending } from "./ending.js";
import { samplesOf } from "./samples.js";

/** @typedef {{seconds: number, done: number, step: number, loss: number, phase: string}} Point
 * @typedef {{name: string, measure: string, loss: number}} Baseline
 * @typedef {Point & {best: boolean, in_sample: boolean, baseline: Baseline | null,
 *   samples: any[]}} Look
 * @typedef {{name: string, points: Point[], looks: Look[]}} Phase */

const MOST = 4_000; // points of a phase; of more every other one is forgotten

const at = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @type {Phase[]} */
let phases = [];
/** @type {any} */
let run = {};
/** @type {any} */
let latest = null;
let waiting = false;

/** @param {string} name */
function phase(name) {
  const last = phases.at(-1);
  if (last && last.name === name) return last;
  const begun = { name, points: [], looks: [] };
  phases.push(begun);
  return begun;
}

function drawSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}

function draw() {
  const drawn = phases.filter(({ points, looks }) => points.length > 1 || looks.length);
  const width = at("curves").clientWidth;
  at("curves").replaceChildren(
    ...drawn.map((each, place) => curve(each, place === drawn.length - 1, width)),
  );
  const current = phases.at(-1);
  if (!current || !latest) return;
  const best = current.looks.findLast((look) => look.best);
  const look = current.looks.at(-1);
  const facts = /** @type {[string, string][]} */ ([
    ["left", left()],
    ["loss", shown(latest.loss)],
    [whereOf(look), look ? shown(look.loss) : "–"],
    [best ? `best, step ${best.step.toLocaleString("en")}` : "best", best ? shown(best.loss) : "–"],
    ["baseline", look?.baseline ? shown(look.baseline.loss) : "–"],
    ["learning rate", latest.learning_rate.toPrecision(2)],
    ["step", latest.step.toLocaleString("en")],
  ]);
  at("now").replaceChildren(
    ...facts.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value)),
    ),
  );
  const bar = at("bar");
  /** @type {HTMLElement} */ (bar.firstElementChild).style.width = `${100 * latest.done}%`;
  bar.setAttribute("aria-valuenow", String(Math.round(100 * latest.done)));
}

/** What is left of the budget, by how fast it went so far. */
function left() {
  if (latest.done >= 1) return "nothing";
  if (latest.done < 0.005) return "…";
  return lasting((latest.seconds * (1 - latest.done)) / latest.done);
}

/** @param {number} seconds */
function lasting(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** @param {number | null} loss */
function shown(loss) {
  return loss === null ? "no number" : loss.toFixed(3);
}

/** @param {string} words */
function say(words) {
  at("told").textContent = words;
}

const TOLD = /** @type {Record<string, (data: any) => void>} */ ({
  run(data) {
    run = data;
    phases = [];
    latest = null;
    for (const id of ["curves", "end", "samples", "now"]) at(id).replaceChildren();
    document.title = `${run.model} – training`;
    at("run").textContent = run.model;
    const budget = run.steps ? `${run.steps.toLocaleString("en")} steps` : lasting(60 * run.minutes);
    at("about").textContent = `${run.task}, from ${run.data}; ${budget}`;
  },
  progress(data) {
    latest = data;
    const { points } = phase(data.phase);
    points.push(data);
    if (points.length > MOST) points.splice(0, MOST, ...points.slice(0, MOST).filter((_, at) => at % 2));
    say(data.phase ? `It is training: ${data.phase}.` : "It is training.");
  },
  validated(data) {
    phase(data.phase).looks.push(data);
    if (data.samples.length) at("samples").replaceChildren(...samplesOf(data));
  },
  stepped_back(data) {
    say(`The loss was no number: back to step ${data.step}, with smaller steps.`);
  },
  finished() {
    say("The training is over; it is being scored, and the baseline learned.");
  },
  ended(data) {
    source.close();
    if (latest) latest = { ...latest, done: data.error ? latest.done : 1 };
    at("end").replaceChildren(...ending(data));
    say("");
  },
});

window.addEventListener("resize", drawSoon);
const source = new EventSource("events");
for (const [kind, tell] of Object.entries(TOLD))
  source.addEventListener(kind, (event) => {
    tell(JSON.parse(event.data));
    drawSoon();
  });
source.addEventListener("error", () => say("The connection is lost; it is tried again."));
