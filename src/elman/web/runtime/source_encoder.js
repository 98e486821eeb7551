/**
 * The encoder of a sequence-to-sequence network: source tokens, or one vector, to vectors.
 *
 * Shapes: S source time, W width, D width of a vector.
 */

import { Block, GatedMLP, RMSNorm } from "./network.js";
import { Linear } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./network.js").Architecture} Architecture */
/** @typedef {{blocks: Architecture, source: number, attention: string, order: string}}
 * Seq2SeqConfig */

const MAX_DEVIATIONS = 1e4; // deviations from the mean, at which inputs are clipped

export class SourceEncoder {
  /** @param {Bundle} bundle @param {string} name @param {Seq2SeqConfig} config */
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

  /** Embedded source tokens (S, W) -> vectors to attend to: (S, W), or (1, W) without attention.
   * @param {Float32Array[]} x */
  encode(x) {
    this.blocks.forEach((block, layer) => {
      const backward = this.order === "both" ? layer % 2 === 1 : this.order === "reversed";
      x = runBlock(block, x, backward);
    });
    const outputs = this.summed ? [this.#ends(x)] : x;
    return outputs.map((vector) => this.norm?.of(vector) ?? vector);
  }

  /** The last vector of each direction, summed.
   * @param {Float32Array[]} x */
  #ends(x) {
    const [first, last] = [x[0], x[x.length - 1]];
    if (this.order === "both") return last.map((value, i) => value + first[i]);
    return this.order === "reversed" ? first : last;
  }
}

/** A fixed vector as the only thing to attend to. */
export class VectorEncoder {
  /** @param {Bundle} bundle @param {string} name @param {Seq2SeqConfig} config */
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
  encode(vector) {
    // Round each step to float32 as Python does; infinity times a slope of 0 is 0.
    const scaled = vector.map((value, i) => {
      const deviation = Math.fround(Math.fround(value - this.center[i]) * this.slope[i]);
      return Number.isNaN(deviation) ? 0 : Math.max(-MAX_DEVIATIONS, Math.min(MAX_DEVIATIONS, deviation));
    });
    const x = this.into.of(scaled);
    const y = this.mlp.of(this.mlpNorm.of(x));
    return [this.norm.of(x.map((value, i) => value + y[i]))];
  }
}

/** Run a block over vectors, forward or backward in time.
 * @param {Block} block @param {Float32Array[]} x @param {boolean} backward */
function runBlock(block, x, backward) {
  let state = block.mixer.initialState();
  const vectors = (backward ? x.toReversed() : x).map((vector) => {
    const [y, after] = block.step(vector, state);
    state = after;
    return y;
  });
  return backward ? vectors.reverse() : vectors;
}
