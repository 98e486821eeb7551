/**
 * A language model: reads, writes on, and suggests the next word.
 *
 * Shapes: V vocabulary.
 */

import { SymbolNetwork } from "./network.js";
import { logSoftmax } from "./products.js";
import { begins, decoderAfter, parted } from "./prompts.js";
import { draw } from "./sampling.js";
import { complete, Speller } from "./suggesting.js";
import { BOUNDARY } from "./unit.js";
import { unitFrom } from "./units.js";
import { Words } from "./words.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./network.js").NetworkState} NetworkState */
/** @typedef {import("./suggesting.js").Suggestion} Suggestion */
/** @typedef {[Float32Array, NetworkState]} Reading logits (V,) and the state after */

const WORDS = new Words({ tokens: [] }); // where words begin, whatever the model's own unit

export class LanguageModel {
  /** @type {Speller | null} */
  #speller = null;

  /** @param {Bundle} bundle */
  constructor(bundle) {
    this.unit = unitFrom(bundle.about.vocabulary);
    this.network = new SymbolNetwork(bundle, bundle.about.architecture);
    this.learned = new Map(Object.entries(bundle.about.learned));
  }

  /** A text from its beginning, as symbols: nothing yet is the beginning of a line.
   * @param {string} text */
  symbols(text) {
    return [BOUNDARY, ...this.unit.encode(text || "\n")];
  }

  /** @param {number[]} symbols one or more @param {NetworkState} state @returns {Reading} */
  read(symbols, state = this.network.initialState()) {
    /** @type {Float32Array} */
    let logits = new Float32Array(0);
    for (const symbol of symbols) [logits, state] = this.network.step(symbol, state);
    return [logits, state];
  }

  /**
   * Write on after a prompt, piece by piece; the prompt itself is not given again, and a character
   * whose last bytes are still to come at the end is left out.
   *
   * @param {string} prompt
   * @param {object} how
   * @param {number} how.length symbols to write at most
   * @param {() => number} how.chance the numbers from [0, 1) that decide, one a symbol
   * @param {number} [how.temperature]
   * @param {number} [how.topP]
   * @returns {Generator<string, void>}
   */
  *generate(prompt, { length, chance, temperature = 1, topP = 1 }) {
    let [context, lead] = parted(prompt, this.unit);
    const symbols = this.symbols(context);
    const decoder = decoderAfter(this.unit, symbols);
    let [logits, state] = this.read(symbols);
    if (lead) {
      const led = lead;
      logits = logits.map((logit, i) => (begins(decoder, i, led) ? logit : -Infinity));
    }
    for (let written = 0; written < length; written++) {
      const symbol = draw(logits, { temperature, topP }, chance());
      if (symbol === BOUNDARY) break;
      const text = decoder.feed(symbol);
      yield text.startsWith(lead) ? text.slice(lead.length) : text;
      if (text) lead = "";
      [logits, state] = this.network.step(symbol, state);
    }
  }

  /**
   * The likeliest next words; letters typed of an unfinished last word must begin them.
   *
   * @param {string} text
   * @param {number} count
   * @returns {Suggestion[]}
   */
  suggest(text, count) {
    const [context, typed] = (this.unit instanceof Words ? this.unit : WORDS).splitTyped(text);
    const [logits, state] = this.read(this.symbols(context));
    if (this.unit instanceof Words) {
      const spread = logSoftmax(logits).map(Math.exp);
      return complete(this.unit, spread, typed, this.learned, count);
    }
    this.#speller ??= new Speller(this.network, this.unit);
    return this.#speller.complete(
      logits,
      state,
      text.slice(context.length),
      this.learned,
      count,
    );
  }
}
