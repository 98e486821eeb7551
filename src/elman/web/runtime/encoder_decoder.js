/**
 * Sequence to sequence: an encoder reads the source, a decoder generates the target from it.
 *
 * Shapes: S source time, W width, V target vocabulary.
 */

import { Attention } from "./attention.js";
import { SourceEncoder, VectorEncoder } from "./source_encoder.js";
import { Block, RMSNorm } from "./network.js";
import { Linear } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./network.js").BlockState} BlockState */
/** @typedef {import("./network.js").NetworkState} NetworkState */
/** @typedef {import("./source_encoder.js").Seq2SeqConfig} Seq2SeqConfig */
/** @typedef {import("./attention.js").KeyValues} KeyValues */
/** @typedef {{state: NetworkState, source: KeyValues[]}} DecoderState the recurrent state, and the
 *   source as each block attends to it */
/** @typedef {{logits: Float32Array, attention: number[], after: DecoderState}} DecoderOutput logits
 *   (V,) of the next token, and the weights of the source tokens (S,), the mean over blocks */

const EMBEDDING_SCALE = 2;

/** A block with attention between its mixer and its MLP. */
class CrossAttentionBlock extends Block {
  /** @param {Bundle} bundle @param {string} name @param {Seq2SeqConfig} config */
  constructor(bundle, name, { blocks, attention }) {
    super(bundle, name, blocks);
    const normed = blocks.components.includes("norm");
    this.attentionNorm = normed
      ? new RMSNorm(bundle, `${name}.attention_norm`, blocks.hidden_size)
      : null;
    this.attention = new Attention(bundle, `${name}.attention`, blocks.hidden_size, attention);
  }

  /** @param {Float32Array} x @param {BlockState} state @param {KeyValues} source
   * @returns {[Float32Array, BlockState, Float64Array]} */
  attend(x, state, source) {
    const [mixed, after] = this.mix(x, state);
    const [attended, weights] = this.attention.attend(
      this.attentionNorm?.of(mixed) ?? mixed,
      source,
    );
    // Always residual: otherwise a network of bare cells would not depend on the source.
    const y = mixed.map((value, i) => value + attended[i]);
    return [this.feedForward(y), after, weights];
  }
}

export class EncoderDecoder {
  /** @param {Bundle} bundle @param {Seq2SeqConfig} config */
  constructor(bundle, config) {
    const { blocks, source } = config;
    const { vocabulary, hidden_size: width } = blocks;
    this.width = width;
    this.embedding = bundle.take("embedding.weight", vocabulary, width);
    this.output = new Linear(this.embedding, bundle.take("output.bias", vocabulary));
    const ofVectors = config.order === "vector";
    this.vectorEncoder = ofVectors ? new VectorEncoder(bundle, "encoder", config) : null;
    this.encoder = ofVectors ? null : new SourceEncoder(bundle, "encoder", config);
    const own = source > 0 && !ofVectors;
    this.sourceEmbedding = own
      ? bundle.take("source_embedding.weight", source, width)
      : this.embedding;
    this.blocks = Array.from(
      { length: blocks.layers },
      (_, layer) => new CrossAttentionBlock(bundle, `blocks.${layer}`, config),
    );
    const normed = blocks.components.includes("norm");
    this.norm = normed ? new RMSNorm(bundle, "norm", width) : null;
  }

  /** Encode a source: token ids (S,), or a vector (D,). @param {number[] | Float32Array} source
   * @returns {DecoderState} */
  begin(source) {
    const encoded =
      source instanceof Float32Array
        ? /** @type {VectorEncoder} */ (this.vectorEncoder).encode(source)
        : /** @type {SourceEncoder} */ (this.encoder).encode(
            source.map((token) => this.#embedded(this.sourceEmbedding, token)),
          );
    return {
      state: this.blocks.map((block) => block.mixer.initialState()),
      source: this.blocks.map((block) => block.attention.projectKv(encoded)),
    };
  }

  /** @param {number} token the last generated one @param {DecoderState} state
   * @returns {DecoderOutput} */
  step(token, { state, source }) {
    /** @type {Float32Array} */
    let x = this.#embedded(this.embedding, token);
    const attention = Array(source[0].keys.length).fill(0);
    const after = this.blocks.map((block, layer) => {
      const [y, following, weights] = block.attend(x, state[layer], source[layer]);
      x = y;
      weights.forEach((weight, index) => (attention[index] += weight / this.blocks.length));
      return following;
    });
    const logits = this.output.of(this.norm?.of(x) ?? x);
    return { logits, attention, after: { state: after, source } };
  }

  /** @param {Float32Array} embedding @param {number} token */
  #embedded(embedding, token) {
    const vector = embedding.slice(token * this.width, (token + 1) * this.width);
    return vector.map((value) => value * EMBEDDING_SCALE);
  }
}
