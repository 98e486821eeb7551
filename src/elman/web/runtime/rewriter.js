/**
 * Many in, then many out: an encoder reads the source, a decoder writes the target from it.
 *
 * Shapes: S source time, W width, V target vocabulary.
 */

import { Attention } from "./attention.js";
import { Encoder, VectorEncoder } from "./encoder.js";
import { Block, RMSNorm } from "./network.js";
import { Linear } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./network.js").BlockState} BlockState */
/** @typedef {import("./network.js").NetworkState} NetworkState */
/** @typedef {import("./encoder.js").Rewriting} Rewriting */
/** @typedef {import("./attention.js").Memory} Memory */
/** @typedef {{state: NetworkState, memories: Memory[]}} Written where a decoder stands, and all that
 *   it looks at */
/** @typedef {{logits: Float32Array, look: number[], written: Written}} Said logits (V,) of the next
 *   symbol, and how much each source symbol counted for them (S,), the mean over blocks */

const EMBEDDING_SCALE = 2;

/** A block that looks at a memory between its mixer and its MLP. */
class AttendingBlock extends Block {
  /** @param {Bundle} bundle @param {string} name @param {Rewriting} rewriting */
  constructor(bundle, name, { blocks, attention }) {
    super(bundle, name, blocks);
    const normed = blocks.components.includes("norm");
    this.attentionNorm = normed ? new RMSNorm(bundle, `${name}.attention_norm`, blocks.hidden_size) : null;
    this.attention = new Attention(bundle, `${name}.attention`, blocks.hidden_size, attention);
  }

  /** @param {Float32Array} x @param {BlockState} state @param {Memory} memory
   * @returns {[Float32Array, BlockState, Float64Array]} */
  look(x, state, memory) {
    const [mixed, after] = this.mix(x, state);
    const [seen, look] = this.attention.look(this.attentionNorm?.of(mixed) ?? mixed, memory);
    // What was seen is always added: without it a network of bare cells would have no source.
    const y = mixed.map((value, i) => value + seen[i]);
    return [this.think(y), after, look];
  }
}

export class Rewriter {
  /** @param {Bundle} bundle @param {Rewriting} rewriting */
  constructor(bundle, rewriting) {
    const { blocks, source } = rewriting;
    const { vocabulary, hidden_size: width } = blocks;
    this.width = width;
    this.embedding = bundle.take("embedding.weight", vocabulary, width);
    this.output = new Linear(this.embedding, bundle.take("output.bias", vocabulary));
    const ofVectors = rewriting.order === "vector";
    this.vectorEncoder = ofVectors ? new VectorEncoder(bundle, "encoder", rewriting) : null;
    this.encoder = ofVectors ? null : new Encoder(bundle, "encoder", rewriting);
    const own = source > 0 && !ofVectors;
    this.sourceEmbedding = own
      ? bundle.take("source_embedding.weight", source, width)
      : this.embedding;
    this.blocks = Array.from(
      { length: blocks.layers },
      (_, layer) => new AttendingBlock(bundle, `blocks.${layer}`, rewriting),
    );
    const normed = blocks.components.includes("norm");
    this.norm = normed ? new RMSNorm(bundle, "norm", width) : null;
  }

  /** A source read: symbols (S,), or a vector (D,). @param {number[] | Float32Array} source
   * @returns {Written} */
  begin(source) {
    const seen =
      source instanceof Float32Array
        ? /** @type {VectorEncoder} */ (this.vectorEncoder).read(source)
        : /** @type {Encoder} */ (this.encoder).read(
            source.map((symbol) => this.#embedded(this.sourceEmbedding, symbol)),
          );
    return {
      state: this.blocks.map((block) => block.mixer.initialState()),
      memories: this.blocks.map((block) => block.attention.remember(seen)),
    };
  }

  /** @param {number} symbol the last that was written @param {Written} written @returns {Said} */
  step(symbol, { state, memories }) {
    /** @type {Float32Array} */
    let x = this.#embedded(this.embedding, symbol);
    const look = Array(memories[0].keys.length).fill(0);
    const after = this.blocks.map((block, layer) => {
      const [y, following, its] = block.look(x, state[layer], memories[layer]);
      x = y;
      its.forEach((share, place) => (look[place] += share / this.blocks.length));
      return following;
    });
    const logits = this.output.of(this.norm?.of(x) ?? x);
    return { logits, look, written: { state: after, memories } };
  }

  /** @param {Float32Array} embedding @param {number} symbol */
  #embedded(embedding, symbol) {
    const vector = embedding.slice(symbol * this.width, (symbol + 1) * this.width);
    return vector.map((value) => value * EMBEDDING_SCALE);
  }
}
