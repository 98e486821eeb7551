/** A describer: the best descriptions of a vector. */

import { NearestDescriptions } from "./nearest_vectors.js";
import { TargetSearch, BEAM } from "./target_search.js";
import { finished } from "./time_slicing.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./beam.js").Hypothesis} Hypothesis */
/** @typedef {import("./encoder_decoder.js").DecoderState} DecoderState */
/** @typedef {import("./target_search.js").Target} Target */
/** @typedef {import("../views/description.js").DescriptionClient} DescriptionClient */

/** @implements {DescriptionClient} */
export class Describer {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    this.vectorSize = bundle.about.encoder_decoder.source;
    this.search = new TargetSearch(bundle);
    const { counts } = bundle.about;
    this.nearest = counts ? new NearestDescriptions(bundle, counts, this.vectorSize) : undefined;
  }

  /** @param {number[][]} vectors @param {AbortSignal} signal */
  async *predict(vectors, signal) {
    for (const vector of vectors) yield* await finished(this.targets(vector, 1), signal);
  }

  /** The best descriptions of a vector (D,), best first. Yields after each token.
   * @param {number[]} vector @param {number} count @param {number} beam
   * @returns {Generator<undefined, Target[]>} */
  *targets(vector, count, beam = BEAM) {
    const numbers = Float32Array.from(vector);
    if (numbers.length !== this.vectorSize) {
      throw new RangeError(
        `The model reads vectors of ${this.vectorSize} numbers; this one has ${numbers.length}.`,
      );
    }
    if (!numbers.every(Number.isFinite)) throw new RangeError("A number is too large for float32.");
    const { search, nearest } = this;
    const rank =
      nearest &&
      ((/** @type {DecoderState} */ initial, /** @type {Hypothesis[]} */ found) =>
        nearest.mixed(search.network, initial, numbers, found));
    return yield* search.run(numbers, count, beam, rank);
  }
}
