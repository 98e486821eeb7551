/**
 * What a decoder looks at: a source's symbols, each in the light of those around it.
 *
 * Shapes: S source time, W width, D width of a vector.
 */

import { Block, GatedMLP, RMSNorm } from "./network.js";
import { Linear } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./network.js").Architecture} Architecture */
/** @typedef {{blocks: Architecture, source: number, attention: string, order: string}} Rewriting */

const FAR = 1e4; // deviations from the mean: what lies further off is read as that far

export class Encoder {
  /** @param {Bundle} bundle @param {string} name @param {Rewriting} rewriting */
  constructor(bundle, name, { blocks, attention, order }) {
    this.order = order;
    this.summed = attention === "none";
    this.blocks = Array.from(
      { length: blocks.layers * (order === "both" ? 2 : 1) },
      (_, layer) => new Block(bundle, `${name}.blocks.${layer}`, blocks),
    );
    const normed = blocks.components.includes("norm");
    this.norm = normed ? new RMSNorm(bundle, `${name}.norm`, blocks.hidden_size) : null;
  }

  /** The vectors of a source's symbols (S, W) -> what is looked at: as many, or one.
   * @param {Float32Array[]} x */
  read(x) {
    this.blocks.forEach((block, layer) => {
      const backward = this.order === "both" ? layer % 2 === 1 : this.order === "reversed";
      x = passed(block, x, backward);
    });
    const seen = this.summed ? [this.#ends(x)] : x;
    return seen.map((vector) => this.norm?.of(vector) ?? vector);
  }

  /** The vector where the reading ended; in both directions, at either end.
   * @param {Float32Array[]} x */
  #ends(x) {
    const [first, last] = [x[0], x[x.length - 1]];
    if (this.order === "both") return last.map((value, i) => value + first[i]);
    return this.order === "reversed" ? first : last;
  }
}

/** A vector as the one thing that a decoder looks at. */
export class VectorEncoder {
  /** @param {Bundle} bundle @param {string} name @param {Rewriting} rewriting */
  constructor(bundle, name, { blocks, source }) {
    const { hidden_size: width } = blocks;
    this.center = bundle.take(`${name}.center`, source);
    this.slope = bundle.take(`${name}.slope`, source);
    this.into = Linear.from(bundle, `${name}.into`, source, width);
    this.mlpNorm = new RMSNorm(bundle, `${name}.mlp.0`, width);
    this.mlp = new GatedMLP(bundle, `${name}.mlp.1`, width);
    this.norm = new RMSNorm(bundle, `${name}.norm`, width);
  }

  /** A vector (D,) -> (1, W). @param {Float32Array} vector */
  read(vector) {
    // In float32 at each step, where what is infinitely far may turn out to be of no weight.
    const scaled = vector.map((value, i) => {
      const far = Math.fround(Math.fround(value - this.center[i]) * this.slope[i]);
      return Number.isNaN(far) ? 0 : Math.max(-FAR, Math.min(FAR, far));
    });
    const x = this.into.of(scaled);
    const y = this.mlp.of(this.mlpNorm.of(x));
    return [this.norm.of(x.map((value, i) => value + y[i]))];
  }
}

/** What a block makes of vectors, read from their beginning or from their end.
 * @param {Block} block @param {Float32Array[]} x @param {boolean} backward */
function passed(block, x, backward) {
  let state = block.mixer.initialState();
  const vectors = (backward ? x.toReversed() : x).map((vector) => {
    const [y, after] = block.step(vector, state);
    state = after;
    return y;
  });
  return backward ? vectors.reverse() : vectors;
}
