/** Searches the best targets of a source, which may be tokens or a vector. */

import { score, search } from "./beam.js";
import { EncoderDecoder } from "./encoder_decoder.js";
import { TextCodec } from "./text_codec.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./beam.js").Hypothesis} Hypothesis */
/** @typedef {import("./encoder_decoder.js").DecoderState} DecoderState */

/**
 * A generated target.
 *
 * @typedef {object} Target
 * @property {string} text
 * @property {number} score the mean of its tokens' log-probabilities, in nats
 * @property {number} probability of the whole target
 * @property {string[]} pieces the text of each token, "" for the end token
 * @property {number[]} probabilities of these
 * @property {number[][]} attention (T, S) the weights of the source tokens
 */

export const BEAM = 5;

export class TargetSearch {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    const { encoder_decoder, vocabularies, limit } = bundle.about;
    this.target = new TextCodec(vocabularies.target);
    this.limit = limit;
    this.network = new EncoderDecoder(bundle, encoder_decoder);
  }

  /** The best targets of a source, best first. Yields after each token.
   * @param {number[] | Float32Array} source tokens (S,), or a vector (D,) @param {number} count
   * @param {number} beam
   * @param {(initial: DecoderState, found: Hypothesis[]) => Generator<undefined, Hypothesis[]>}
   *   [rank] what ranks the hypotheses again, if anything does
   * @returns {Generator<undefined, Target[]>} */
  *run(source, count, beam, rank) {
    const [slope, room] = this.limit;
    const tokens = source instanceof Float32Array ? 1 : source.length;
    const initial = this.network.begin(source);
    const found = yield* search(this.network, initial, {
      beam: Math.max(beam, count),
      repeats: this.target.repeats,
      limit: Math.ceil(slope * tokens + room),
    });
    const ranked = rank ? yield* rank(initial, found) : found;
    return ranked.slice(0, count).map((target) => targetOf(target, this.target));
  }
}

/** A hypothesis as text. @param {Hypothesis} found @param {TextCodec} codec
 * @returns {Target} */
function targetOf(found, codec) {
  const pieces = codec.pieces(found.tokens);
  return {
    text: codec.decode(found.tokens),
    score: score(found),
    probability: Math.exp(found.total),
    pieces: found.logPs.map((_, index) => pieces[index] ?? ""),
    probabilities: found.logPs.map(Math.exp),
    attention: found.attention,
  };
}
