/** A trace as the drawings read it; docs/trace.md describes the format.
 *
 * T symbols, H units of a state. A strip is (T, H), row after row; in a page it is packed in bytes.
 */

/** @typedef {{text: string, probability: number}} Answer
 * @typedef {{level: number, value: number}} Quantile
 * @typedef {{reading: number, gradient: number[], left_out: (number | null)[]}} Rest
 * @typedef {{reading: number, after: number, answers: Answer[], taken: Answer | null,
 *   quantiles?: Quantile[], rests: Rest[]}} Output
 * @typedef {{cell: string, layers: number, width: number, hidden: number, components: string[],
 *   directions: string[], tokenizers: string[], labels: string[] | null, parameters: number,
 *   members: number}} Network
 * @typedef {{sensitivity: number[], steps: number | null}} Memory
 * @typedef {{reading: number, on: number, weights: number[][]}} Attention
 * @typedef {{int8: string, scale: number, width: number}} Packed
 * @typedef {{layer: number, direction: string, states: Record<string, Strip>,
 *   gates: Record<string, Strip>, output: Record<string, Strip>, memory: Memory}} Layer
 * @typedef {{name: string, tokens: string[], layers: Layer[]}} Reading
 * @typedef {{task: string, network: Network, readings: Reading[], outputs: Output[],
 *   attention: Attention | null}} Trace
 */

const VERSION = 1;

/** Rows of numbers, one after each symbol. */
export class Strip {
  /** @param {Float32Array} numbers @param {number} width */
  constructor(numbers, width) {
    this.numbers = numbers;
    this.width = width;
    this.largest = 0;
    for (const each of numbers) this.largest = Math.max(this.largest, Math.abs(each));
  }

  /** After a symbol. @param {number} time */
  row(time) {
    return this.numbers.subarray(time * this.width, (time + 1) * this.width);
  }
}

/** A trace from JSON, or from a page, whose strips are packed.
 * @param {any} plain
 * @returns {Trace} */
export function opened(plain) {
  if (plain.format !== "elman-trace" || plain.version !== VERSION)
    throw new Error(`This draws traces of version ${VERSION}, and no others.`);
  return { ...plain, readings: plain.readings.map(reading) };
}

/** @param {any} plain @returns {Reading} */
function reading(plain) {
  const layers = plain.layers.map((/** @type {any} */ each) => ({
    ...each,
    states: strips(each.states),
    gates: strips(each.gates),
    output: strips(each.output),
  }));
  return { ...plain, layers };
}

/** @param {Record<string, number[][] | Packed>} named */
function strips(named) {
  const found = Object.entries(named).map(([name, each]) => [name, strip(each)]);
  return Object.fromEntries(found);
}

/** @param {number[][] | Packed} given */
function strip(given) {
  if (Array.isArray(given)) return new Strip(Float32Array.from(given.flat()), given[0].length);
  const bytes = Uint8Array.from(atob(given.int8), (letter) => letter.charCodeAt(0));
  return new Strip(
    Float32Array.from(new Int8Array(bytes.buffer), (each) => each * given.scale),
    given.width,
  );
}

/** A symbol that can be seen: white space as a sign, a boundary as a dot. @param {string} symbol */
export function visible(symbol) {
  if (symbol === "") return "·";
  return symbol.replaceAll("\n", "⏎").replaceAll("\t", "⇥").trim() || "␣";
}

/** What stands between the symbols of a text. @param {Trace} trace @param {number} place */
export function gap(trace, place) {
  const ofWords = trace.network.tokenizers[place] === "word" && trace.task !== "language";
  const ofNumbers = ["number", "vector"].includes(trace.network.tokenizers[place]);
  return ofWords || ofNumbers ? " " : "";
}

/** What a trace is a trace of, in a sentence. @param {Trace} trace */
export function described(trace) {
  const { cell, layers, hidden, members, parameters } = trace.network;
  const stacked = layers === 1 ? "one layer" : `${layers} layers`;
  const together = members > 1 ? ` (the first of ${members} networks that answer together)` : "";
  const size = parameters.toLocaleString("en");
  return `${cell}, ${stacked} of ${hidden} units${together}, ${size} parameters`;
}

/** What an output says, shortly. @param {Output} output */
export function said(output) {
  const median = output.quantiles?.find((each) => each.level === 0.5);
  if (median) return { text: shortly(median.value), probability: null };
  return output.answers[0] ?? { text: "", probability: null };
}

/** A number as people read it. @param {number} number */
export function shortly(number) {
  const size = Math.abs(number);
  if (size !== 0 && (size < 0.001 || size >= 1e5)) return number.toExponential(1);
  return Number(number.toPrecision(3)).toString().replace("-", "−");
}
