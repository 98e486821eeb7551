/** A translator: the best targets of a source. */

import { score, search } from "./beam.js";
import { Rewriter } from "./rewriter.js";
import { Side } from "./side.js";
import { stripped } from "./tokens.js";

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

export class Translator {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { rewriter, vocabularies, limit } = bundle.about;
    this.target = new Side(vocabularies.target);
    this.source = vocabularies.source ? new Side(vocabularies.source) : this.target;
    this.attends = rewriter.attention !== "none";
    this.limit = limit;
    this.network = new Rewriter(bundle, rewriter);
  }

  /** The best targets of a text, the best first; of a blank one, none. A turn for each symbol.
   * @param {string} text @param {number} count @param {number} beam
   * @returns {Generator<undefined, Rewrite[]>} */
  *rewrites(text, count, beam = BEAM) {
    const bare = stripped(text);
    if (!bare) return [];
    const symbols = this.source.encode(bare);
    const [slope, room] = this.limit;
    const found = yield* search(this.network, this.network.begin(symbols), {
      beam: Math.max(beam, count),
      repeats: this.target.repeats,
      limit: Math.ceil(slope * symbols.length + room),
    });
    return found.slice(0, count).map((target) => rewriteOf(target, this.target));
  }

  /** What stands for each symbol that is read. @param {string} text */
  read(text) {
    return this.source.pieces(this.source.encode(stripped(text)));
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
