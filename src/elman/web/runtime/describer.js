/** A describer: the best descriptions of a vector. */

import { BEAM, Writer } from "./rewriting.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./rewriting.js").Rewrite} Rewrite */

export class Describer {
  /** @param {Bundle} bundle */
  constructor(bundle) {
    this.width = bundle.about.rewriter.source;
    this.writer = new Writer(bundle);
  }

  /** The best descriptions of a vector (D,), the best first. A turn for each symbol.
   * @param {number[]} vector @param {number} count @param {number} beam
   * @returns {Generator<undefined, Rewrite[]>} */
  *rewrites(vector, count, beam = BEAM) {
    const numbers = Float32Array.from(vector);
    if (numbers.length !== this.width) {
      throw new RangeError(`It reads vectors of ${this.width} numbers; this has ${numbers.length}.`);
    }
    if (!numbers.every(Number.isFinite)) throw new RangeError("A number is too large to be read.");
    return yield* this.writer.write(numbers, count, beam);
  }
}
