/**
 * N-grams of a model file, stepped token by token; Python's src/elman/counts/ngrams.py has the
 * formula and the format.
 *
 * Shapes: V vocabulary, N order, M n-grams of one order.
 */

import { refuse } from "./safetensors.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./safetensors.js").Integers} Integers */
/** @typedef {Int32Array} Contexts (N - 1,) the ids of the contexts that end at the last token, one
 *   for each order from 2 on; -1 where there is none */

const LEVELS = 255;
const SMALLEST = 1e-7;

/** (256,) the share of each level. */
const SHARES = Float64Array.from({ length: LEVELS + 1 }, (_, level) =>
  level ? SMALLEST ** (1 - level / LEVELS) : 0,
);
SHARES[LEVELS] = 1 - 1e-6;

/** The n-grams of one order, sorted by context, then by token. */
class Order {
  /** @param {Bundle} bundle @param {number} number of the order @param {number} size M
   * @param {number} contexts how many @param {number} vocabulary */
  constructor(bundle, number, size, contexts, vocabulary) {
    this.tokens = bundle.takeIntegers(`counts.tokens_${number}`, size);
    this.levels = bundle.takeIntegers(`counts.levels_${number}`, size);
    const followers = bundle.takeIntegers(`counts.followers_${number}`, contexts);
    this.starts = new Int32Array(contexts + 1); // of the n-grams of each context
    this.lowerMass = new Float32Array(contexts); // what each leaves to the lower orders
    let end = 0;
    let sound = true;
    for (let context = 0; context < contexts; context++) {
      const begin = end;
      end += followers[context];
      let mass = 1;
      let last = -1;
      for (let gram = begin; gram < end && sound; gram++) {
        const token = this.tokens[gram];
        sound = token > last && token < vocabulary && gram < size;
        last = token;
        mass -= SHARES[this.levels[gram]];
      }
      this.starts[context + 1] = end;
      this.lowerMass[context] = Math.max(0, mass);
      sound &&= end >= begin;
    }
    if (!sound || end !== size) refuse(`its n-grams of order ${number} are malformed`);
  }

  /** The n-gram of a context and a token, or -1. @param {number} context @param {number} token */
  find(context, token) {
    if (context < 0) return -1;
    let low = this.starts[context];
    const end = this.starts[context + 1];
    let high = end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tokens[middle] < token) low = middle + 1;
      else high = middle;
    }
    return low < end && this.tokens[low] === token ? low : -1;
  }

  /** Whether a context has n-grams. @param {number} context */
  knows(context) {
    return context >= 0 && this.starts[context] < this.starts[context + 1];
  }
}

export class NGrams {
  /** @param {Bundle} bundle @param {number[]} sizes M of each order from 2 on
   * @param {number} vocabulary */
  constructor(bundle, sizes, vocabulary) {
    this.unigrams = bundle.take("counts.unigrams", vocabulary);
    if (!this.unigrams.every((each) => each > 0 && each <= 1)) {
      refuse("its unigrams are not probabilities");
    }
    this.orders = sizes.map(
      (size, i) => new Order(bundle, i + 2, size, i ? sizes[i - 1] : vocabulary, vocabulary),
    );
  }

  /** @returns {Contexts} before the first token */
  initialState() {
    return new Int32Array(this.orders.length).fill(-1);
  }

  /** The contexts after one more token. @param {number} token @param {Contexts} contexts
   * @returns {Contexts} */
  advance(token, contexts) {
    return contexts.map((_, i) => (i ? this.orders[i - 1].find(contexts[i - 1], token) : token));
  }

  /** @param {Contexts} contexts @returns {Float64Array} (V,) probabilities of the next token */
  distribution(contexts) {
    const known = this.orders.flatMap((order, i) =>
      order.knows(contexts[i]) ? [{ order, context: contexts[i] }] : [],
    );
    const all = known.reduce((mass, { order, context }) => mass * order.lowerMass[context], 1);
    const found = new Float64Array(this.unigrams.length);
    for (let i = 0; i < found.length; i++) found[i] = this.unigrams[i] * all;
    let weight = 1;
    for (const { order, context } of known.reverse()) {
      const { tokens, levels, starts, lowerMass } = order;
      for (let gram = starts[context]; gram < starts[context + 1]; gram++) {
        found[tokens[gram]] += SHARES[levels[gram]] * weight;
      }
      weight *= lowerMass[context];
    }
    return found;
  }

  /** How many orders above 1 have seen the context, and the mass that the highest of them leaves.
   * @param {Contexts} contexts @returns {{matched: number, mass: number}} */
  evidence(contexts) {
    for (let i = this.orders.length - 1; i >= 0; i--) {
      const order = this.orders[i];
      if (order.knows(contexts[i])) return { matched: i + 1, mass: order.lowerMass[contexts[i]] };
    }
    return { matched: 0, mass: 1 };
  }
}
