/**
 * What a decoder looks at: a source's symbols, each in the light of those around it.
 *
 * Shapes: S source time, W width.
 */

import { Block, RMSNorm } from "./network.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./network.js").Architecture} Architecture */
/** @typedef {{blocks: Architecture, source: number, attention: string, order: string}} Rewriting */

export class Encoder {
  /** @param {Bundle} bundle @param {string} name @param {Rewriting} rewriting */
  constructor(bundle, name, { blocks, attention, order }) {
    this.order = order;
    this.summed = attention === "none";
    this.blocks = Array.from(
      { length: blocks.layers * (order === "both" ? 2 : 1) },
      (_, layer) => new Block(bundle, `${name}.blocks.${layer}`, blocks),
    );
    const normed = blocks.parts.includes("norm");
    this.norm = normed ? new RMSNorm(bundle, `${name}.norm`, blocks.width) : null;
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
