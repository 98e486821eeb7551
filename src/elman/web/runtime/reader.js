/**
 * A reader: symbols or words in, a vector for each out, read in one direction or in both.
 *
 * Shapes: T time, W width of a direction.
 */

import { BUCKETS, Lexicon, ngrams, wordsOf } from "./lexicon.js";
import { Stack } from "./network.js";
import { BOUNDARY } from "./unit.js";
import { unitFrom } from "./units.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./network.js").Architecture} Architecture */
/** @typedef {import("./network.js").NetworkState} NetworkState */
/** @typedef {{blocks: Architecture, directions: number}} Reading */
/** @typedef {import("./unit.js").Unit} Unit */
/** @typedef {number | string} Symbol a symbol, or a word where the unit is a lexicon */

/** Symbols of a text that are read; of a longer one the first and the last half of them.
 * @type {Record<string, number>} */
const LONGEST = { character: 2000, subword: 600, word: 400 };

/** The vocabulary of a reader, by which a text becomes symbols. */
export class ReaderUnit {
  /** @param {any} json */
  constructor(json) {
    this.name = json?.name;
    this.lexicon = this.name === "word" ? new Lexicon(json) : null;
    this.unit = this.lexicon ? null : unitFrom(json);
    this.size = (this.lexicon ?? /** @type {Unit} */ (this.unit)).size;
  }

  /** A text as it is read. @param {string} text @returns {Symbol[]} */
  symbols(text) {
    /** @type {Symbol[]} */
    let found;
    if (this.unit) {
      found = [BOUNDARY, ...this.unit.encode(text), BOUNDARY];
    } else {
      found = wordsOf(text);
      if (found.length === 0) found = [""];
    }
    return this.cut(found);
  }

  /** @template Each @param {Each[]} found @returns {Each[]} */
  cut(found) {
    const longest = LONGEST[this.name];
    if (found.length <= longest) return found;
    return [...found.slice(0, longest / 2), ...found.slice(-longest / 2)];
  }
}

/** Embedding and a stack for each direction. */
export class Reader {
  /** @type {Map<string, Float32Array>} */
  #words = new Map();

  /** @param {Bundle} bundle @param {string} name @param {Reading} reading
   * @param {ReaderUnit} unit */
  constructor(bundle, name, { blocks, directions }, unit) {
    this.width = blocks.hidden_size;
    this.lexicon = unit.lexicon;
    const own = this.lexicon ? "embedding.own" : "embedding";
    this.own = bundle.take(`${name}.${own}.weight`, unit.size, this.width);
    this.ngrams = this.lexicon
      ? bundle.take(`${name}.embedding.ngrams.weight`, BUCKETS, this.width)
      : this.own;
    this.stacks = Array.from(
      { length: directions },
      (_, direction) => new Stack(bundle, `${name}.stacks.${direction}`, blocks),
    );
  }

  /** @param {Symbol} symbol @returns {Float32Array} (W,) */
  embed(symbol) {
    if (typeof symbol === "number") {
      return this.own.slice(symbol * this.width, (symbol + 1) * this.width);
    }
    let vector = this.#words.get(symbol);
    if (vector === undefined) this.#words.set(symbol, (vector = this.#word(symbol)));
    return vector;
  }

  /** A word's own vector and the weighted sum of those of its n-grams. Its N n-grams count for
   * 1 / sqrt(N) each, its shape, which is the last, for 1. @param {string} word */
  #word(word) {
    const number = /** @type {Lexicon} */ (this.lexicon).number(word);
    const vector = this.own.slice(number * this.width, (number + 1) * this.width);
    const places = ngrams(word);
    const weight = (places.length - 1) ** -0.5;
    places.forEach((place, i) => {
      const counts = i < places.length - 1 ? weight : 1;
      for (let k = 0; k < this.width; k++) {
        vector[k] += counts * this.ngrams[place * this.width + k];
      }
    });
    return vector;
  }

  /** The vectors (T, W) of each direction, where symbol t is read. @param {Symbol[]} symbols
   * @returns {Float32Array[][]} */
  read(symbols) {
    return this.stacks.map((stack, direction) => {
      const order = direction ? symbols.toReversed() : symbols;
      let state = stack.initialState();
      const vectors = order.map((symbol) => {
        const [y, after] = stack.step(this.embed(symbol), state);
        state = after;
        return y;
      });
      return direction ? vectors.reverse() : vectors;
    });
  }
}
