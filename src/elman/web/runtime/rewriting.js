/** What a translator and a describer do alike: write the best targets of a source. */

import { score, search } from "./beam.js";
import { Rewriter } from "./rewriter.js";
import { Side } from "./side.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./beam.js").Target} Target */

/**
 * A target that was found.
 *
 * @typedef {object} Rewrite
 * @property {string} text
 * @property {number} score the mean of its symbols' log-probabilities, in nats
 * @property {number} probability of the whole target
 * @property {string[]} pieces what each of its symbols writes, "" for the one that ends it
 * @property {number[]} probabilities of these
 * @property {number[][]} attention (T, S) how much each symbol of the source counted for each
 */

export const BEAM = 5;

export class Writer {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { rewriter, vocabularies, limit } = bundle.about;
    this.side = new Side(vocabularies.target);
    this.limit = limit;
    this.network = new Rewriter(bundle, rewriter);
  }

  /** The best targets of a source, the best first. A turn for each symbol.
   * @param {number[] | Float32Array} source symbols (S,), or a vector (D,) @param {number} count
   * @param {number} beam @returns {Generator<undefined, Rewrite[]>} */
  *write(source, count, beam) {
    const [slope, room] = this.limit;
    const symbols = source instanceof Float32Array ? 1 : source.length;
    const found = yield* search(this.network, this.network.begin(source), {
      beam: Math.max(beam, count),
      repeats: this.side.repeats,
      limit: Math.ceil(slope * symbols + room),
    });
    return found.slice(0, count).map((target) => rewriteOf(target, this.side));
  }
}

/** A target as text, from its symbols. @param {Target} found @param {Side} side
 * @returns {Rewrite} */
function rewriteOf(found, side) {
  const pieces = side.pieces(found.symbols);
  return {
    text: side.decode(found.symbols),
    score: score(found),
    probability: Math.exp(found.total),
    pieces: found.logPs.map((_, place) => pieces[place] ?? ""),
    probabilities: found.logPs.map(Math.exp),
    attention: found.looks,
  };
}
