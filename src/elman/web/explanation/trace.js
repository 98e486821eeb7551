/** A trace as the drawings use it. docs/trace.md describes the format in which it arrives; only
 * `parseTrace` reads its names.
 *
 * T tokens, H units of a state. A matrix is (T, H), row by row; in a page it is packed in bytes.
 */

/** @typedef {{text: string, probability: number}} Prediction
 * @typedef {{level: number, value: number}} Quantile
 * @typedef {{sequence: number, gradientXInput: number[], occlusion: (number | null)[]}} Attribution
 *   of an output to the tokens of a sequence, by two methods
 * @typedef {{name: string, share: number, predictions: number[], target: number | null}} Part of a
 *   mixture: its weight, and its own probabilities of the predictions and of the target
 * @typedef {{added: number, features: {text: string, added: number}[]}} Counts what a linear model
 *   adds to the score of the target, and by which features most
 * @typedef {{sequence: number, after: number, predictions: Prediction[],
 *   target: Prediction | null, quantiles: Quantile[], attributions: Attribution[],
 *   parts: Part[], counts?: Counts}} Output after a token of a sequence; its attributions explain the target, or else
 *   the best prediction, by the first part alone if there are parts
 * @typedef {{cell: string, layers: number, hiddenSize: number, parameters: number,
 *   meanings: Record<string, string>, ensembleSize: number}} Network
 * @typedef {{sensitivity: number[], steps: number | null}} Memory
 * @typedef {{sequence: number, source: number, weights: number[][]}} Attention of the tokens of a
 *   sequence to those of another
 * @typedef {{int8: string, scale: number, width: number}} Packed
 * @typedef {{layer: number, direction: string, states: Record<string, Matrix>,
 *   gates: Record<string, Matrix>, output: Record<string, Matrix>, memory: Memory}} Layer
 * @typedef {{name: string, tokens: string[], gap: string, layers: Layer[]}} Sequence with what stands
 *   between its tokens
 * @typedef {{network: Network, sequences: Sequence[], outputs: Output[],
 *   attention: Attention | null}} Trace
 */

const VERSION = 2;

/** A row of numbers for each token. */
export class Matrix {
  /** @param {Float32Array} numbers @param {number} width */
  constructor(numbers, width) {
    this.numbers = numbers;
    this.width = width;
    this.largest = 0;
    for (const each of numbers) this.largest = Math.max(this.largest, Math.abs(each));
  }

  /** @param {number} time */
  row(time) {
    return this.numbers.subarray(time * this.width, (time + 1) * this.width);
  }
}

/** A trace from JSON, or from a page, which packs its matrices.
 * @param {any} json
 * @returns {Trace} */
export function parseTrace(json) {
  if (json.format !== "elman-trace" || json.version !== VERSION)
    throw new Error(`This page shows traces of version ${VERSION} only.`);
  const { task, network, attention } = json;
  return {
    network: {
      ...network,
      hiddenSize: network.hidden_size,
      ensembleSize: network.ensemble_size,
    },
    sequences: json.sequences.map((/** @type {any} */ each, /** @type {number} */ n) => ({
      name: each.name,
      tokens: each.tokens,
      gap: gapOf(task, network.tokenizers[n]),
      layers: each.layers.map(parseLayer),
    })),
    outputs: json.outputs.map(parseOutput),
    attention,
  };
}

/** What stands between tokens of a kind. @param {string} task @param {string} kind */
function gapOf(task, kind) {
  const words = kind === "word" && task !== "language"; // a language model's tokens include spaces
  return words || kind === "number" || kind === "vector" ? " " : "";
}

/** @param {any} json @returns {Output} */
function parseOutput(json) {
  const attributions = json.attributions.map((/** @type {any} */ each) => ({
    ...each,
    gradientXInput: each.gradient_x_input,
  }));
  return { ...json, attributions, parts: json.parts ?? [] };
}

/** @param {any} json @returns {Layer} */
function parseLayer(json) {
  const { states, gates, output } = json;
  return { ...json, states: parseMatrices(states), gates: parseMatrices(gates), output: parseMatrices(output) };
}

/** @param {Record<string, number[][] | Packed>} named @returns {Record<string, Matrix>} */
function parseMatrices(named) {
  return Object.fromEntries(Object.entries(named).map(([name, each]) => [name, parseMatrix(each)]));
}

/** @param {number[][] | Packed} given */
function parseMatrix(given) {
  if (Array.isArray(given)) return new Matrix(Float32Array.from(given.flat()), given[0].length);
  const bytes = Uint8Array.from(atob(given.int8), (letter) => letter.charCodeAt(0));
  return new Matrix(
    Float32Array.from(new Int8Array(bytes.buffer), (each) => each * given.scale),
    given.width,
  );
}

/** A token with its white space made visible. @param {string} token */
export function visible(token) {
  if (token === "") return "·";
  return token.replaceAll("\n", "⏎").replaceAll("\t", "⇥").trim() || "␣";
}

/** @param {Layer} layer */
export function layerName({ layer, direction }) {
  return `layer ${layer}${direction === "backward" ? ", backward" : ""}`;
}

/** The network in one sentence. @param {Network} network */
export function summaryOf({ cell, layers, hiddenSize, ensembleSize, parameters }) {
  const stacked = layers === 1 ? "one layer" : `${layers} layers`;
  const ensemble = ensembleSize > 1 ? ` (the first of an ensemble of ${ensembleSize})` : "";
  const size = parameters.toLocaleString("en");
  return `${cell}, ${stacked} of ${hiddenSize} units${ensemble}, ${size} parameters`;
}

/** The best prediction of an output, or the median of a forecast. @param {Output} output
 * @returns {{text: string, probability: number | null}} */
export function bestOf(output) {
  const median = output.quantiles.find((each) => each.level === 0.5);
  if (median) return { text: rounded(median.value), probability: null };
  return output.predictions[0] ?? { text: "", probability: null };
}

/** A number to three digits. @param {number} number */
export function rounded(number) {
  const size = Math.abs(number);
  if (size !== 0 && (size < 0.001 || size >= 1e5)) return number.toExponential(1);
  return Number(number.toPrecision(3)).toString().replace("-", "−");
}
