/** The events of a training run. Only this file reads the names of the event stream. */

/** @typedef {{step: number, done: number, seconds: number, loss: number, learningRate: number,
 *   stage: string}} Point of the training loss; `done` is the share of the budget
 * @typedef {{name: string, measure: string, loss: number}} Baseline
 * @typedef {{step: number, done: number, loss: number | null, stage: string, best: boolean,
 *   inSample: boolean, baseline: Baseline | null, previews: Preview[]}} Evaluation
 * @typedef {{kind: "text", prompt: string, text: string}
 *   | {kind: "answer", input: string, answer: string, target: string, probability: number | null}
 *   | {kind: "tags", words: string[], tags: string[], targets: string[]}
 *   | {kind: "forecast", name: string, history: number[], actual: number[],
 *      forecast: import("../views/forecast_chart.js").Forecast}} Preview what the network predicts
 * @typedef {{model: string, task: string, data: string, steps: number | null, minutes: number}} Run
 * @typedef {{error?: string, interrupted: boolean, size: string, commands: string[],
 *   scores: Record<string, number>, baseline: Record<string, any> | null,
 *   warnings: string[]}} Results
 */

/** What each event calls.
 * @typedef {object} Handlers
 * @property {(run: Run) => void} begin
 * @property {(point: Point) => void} progress
 * @property {(evaluation: Evaluation) => void} evaluate
 * @property {(step: number) => void} rollBack after a divergence
 * @property {() => void} finish the training, before the model is scored
 * @property {(results: Results) => void} end
 * @property {() => void} disconnect
 */

/** Listen to a training run, from its beginning. @param {Handlers} handlers */
export function listen(handlers) {
  const source = new EventSource("events");
  /** @type {Record<string, (data: any) => void>} */
  const events = {
    run: handlers.begin,
    progress: ({ phase, learning_rate, ...data }) =>
      handlers.progress({ ...data, stage: phase, learningRate: learning_rate }),
    validated: ({ phase, in_sample, previews, ...data }) =>
      handlers.evaluate({
        ...data,
        stage: phase,
        inSample: in_sample,
        previews: previews.map(preview),
      }),
    rolled_back: ({ step }) => handlers.rollBack(step),
    finished: handlers.finish,
    ended: ({ report, ...data }) => {
      source.close();
      handlers.end({
        ...data,
        scores: report?.scores,
        baseline: report?.baseline,
        warnings: report?.warnings,
      });
    },
  };
  for (const [name, handle] of Object.entries(events))
    source.addEventListener(name, (event) => handle(JSON.parse(event.data)));
  source.addEventListener("error", handlers.disconnect);
}

/** @param {any} json @returns {Preview} */
function preview({ given, answer, wanted, probability, words, tags, name, before, came, ...rest }) {
  if (rest.median)
    return { kind: "forecast", name, history: before, actual: came, forecast: rows(name, rest) };
  if (words) return { kind: "tags", words, tags, targets: wanted };
  if (wanted === null) return { kind: "text", prompt: given, text: answer };
  return { kind: "answer", input: given, answer, target: wanted, probability };
}

/** Quantiles of one series as a forecast. @param {string} name @param {any} quantiles */
function rows(name, { median, low_80, high_80, low_95, high_95 }) {
  const found = Object.entries({ median, low_80, high_80, low_95, high_95 }).map(
    ([key, values]) => [key, values.map((/** @type {number} */ each) => [each])],
  );
  return { names: [name], dates: [], ...Object.fromEntries(found) };
}
