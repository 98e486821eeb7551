/**
 * From cells to a network: blocks of norm, mixer, residual and gated MLP, stacked.
 *
 * Shapes: W width, H the cell's width, K the convolution's width, V vocabulary. Everything is one
 * step: a vector in, a vector out, the state goes in and comes out.
 */

import { Cell } from "./cells.js";
import { Linear, siluGate } from "./products.js";
import { refuse } from "./safetensors.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./cells.js").CellState} CellState */
/** @typedef {{vocabulary: number, cell: string, hidden_size: number, layers: number, components: string[],
 *   tied: boolean}} Architecture */
/** @typedef {{recent: Float32Array, cell: CellState}} BlockState */
/** @typedef {BlockState[]} NetworkState */

const CONVOLUTION_WIDTH = 4;
const EPSILON = 1e-6;

/** x / sqrt(mean(x^2) + epsilon) * weight. */
export class RMSNorm {
  /** @param {Bundle} bundle @param {string} name @param {number} width */
  constructor(bundle, name, width) {
    this.weight = bundle.take(`${name}.weight`, width);
  }

  /** @param {Float32Array} x (W,) @returns {Float32Array} (W,) */
  of(x) {
    let total = 0;
    for (let i = 0; i < x.length; i++) total += x[i] * x[i];
    const scale = 1 / Math.sqrt(total / x.length + EPSILON);
    return x.map((value, i) => value * scale * this.weight[i]);
  }
}

/** A causal depthwise convolution over the last K inputs; weight[k] is that of k steps ago. */
class ShortConvolution {
  /** @param {Bundle} bundle @param {string} name @param {number} width */
  constructor(bundle, name, width) {
    this.weight = bundle.take(`${name}.weight`, CONVOLUTION_WIDTH, width);
    this.bias = bundle.take(`${name}.bias`, width);
  }

  /**
   * @param {Float32Array} x (W,)
   * @param {Float32Array} recent (K - 1, W), the last of them the last row
   * @returns {[Float32Array, Float32Array]} the mixture (W,), the inputs to hand on
   */
  step(x, recent) {
    const width = x.length;
    const inputs = new Float32Array(CONVOLUTION_WIDTH * width);
    inputs.set(recent);
    inputs.set(x, recent.length);
    const y = Float32Array.from(this.bias);
    for (let k = 0; k < CONVOLUTION_WIDTH; k++) {
      const input = recent.length - k * width;
      for (let i = 0; i < width; i++) y[i] += this.weight[k * width + i] * inputs[input + i];
    }
    return [y, inputs.slice(width)];
  }
}

/** y = W_out (silu(W_gate x) * W_in x). */
export class GatedMLP {
  /** @param {Bundle} bundle @param {string} name @param {number} width */
  constructor(bundle, name, width) {
    this.gate = Linear.from(bundle, `${name}.gate`, width, 2 * width);
    this.into = Linear.from(bundle, `${name}.into`, width, 2 * width);
    this.out = Linear.from(bundle, `${name}.out`, 2 * width, width);
  }

  /** @param {Float32Array} x (W,) @returns {Float32Array} (W,) */
  of(x) {
    return this.out.of(siluGate(this.gate.of(x), this.into.of(x)));
  }
}

/** The recurrent half of a block: short convolution, cell, gate, projection. */
class Mixer {
  /** @param {Bundle} bundle @param {string} name @param {Architecture} architecture */
  constructor(bundle, name, { hidden_size: width, components }) {
    this.past = components.includes("convolution") ? (CONVOLUTION_WIDTH - 1) * width : 0;
    this.convolution = this.past
      ? new ShortConvolution(bundle, `${name}.convolution`, width)
      : null;
    this.cell = new Cell(bundle, `${name}.cell`);
    const inner = this.cell.outputSize;
    if (this.cell.inputSize !== width) refuse("its cell has another input size");
    const gated = components.includes("gate");
    this.gate = gated ? Linear.from(bundle, `${name}.gate`, width, inner) : null;
    const projected = gated || inner !== width;
    this.out = projected ? Linear.from(bundle, `${name}.out`, inner, width) : null;
  }

  /** @returns {BlockState} */
  initialState() {
    return { recent: new Float32Array(this.past), cell: this.cell.initialState() };
  }

  /** @param {Float32Array} x @param {BlockState} state @returns {[Float32Array, BlockState]} */
  step(x, state) {
    let [mixed, recent] = [x, state.recent];
    if (this.convolution) [mixed, recent] = this.convolution.step(x, recent);
    let [y, cell] = this.cell.step(mixed, state.cell);
    // The cell's output may be its state too, which is handed on as it is.
    if (this.gate) y = siluGate(this.gate.of(x), y.slice());
    if (this.out) y = this.out.of(y);
    return [y, { recent, cell }];
  }
}

/** One layer of a stack; every part is optional. */
export class Block {
  /** @param {Bundle} bundle @param {string} name @param {Architecture} architecture */
  constructor(bundle, name, architecture) {
    const { hidden_size: width, components } = architecture;
    const normed = components.includes("norm");
    this.residual = components.includes("residual");
    this.mixerNorm = normed ? new RMSNorm(bundle, `${name}.mixer_norm`, width) : null;
    this.mixer = new Mixer(bundle, `${name}.mixer`, architecture);
    const there = components.includes("mlp");
    this.mlpNorm = there && normed ? new RMSNorm(bundle, `${name}.mlp.0`, width) : null;
    this.mlp = there ? new GatedMLP(bundle, `${name}.mlp.1`, width) : null;
  }

  /** @param {Float32Array} x @param {BlockState} state @returns {[Float32Array, BlockState]} */
  step(x, state) {
    const [y, after] = this.mix(x, state);
    return [this.feedForward(y), after];
  }

  /** The recurrent half. @param {Float32Array} x
   * @param {BlockState} state @returns {[Float32Array, BlockState]} */
  mix(x, state) {
    const [y, after] = this.mixer.step(this.mixerNorm?.of(x) ?? x, state);
    return [this.#joined(x, y), after];
  }

  /** The feed-forward half. @param {Float32Array} x */
  feedForward(x) {
    return this.mlp ? this.#joined(x, this.mlp.of(this.mlpNorm?.of(x) ?? x)) : x;
  }

  /** @param {Float32Array} x @param {Float32Array} y */
  #joined(x, y) {
    return this.residual ? x.map((value, i) => value + y[i]) : y;
  }
}

/** Stacked blocks, from vectors to vectors. */
export class Stack {
  /** @param {Bundle} bundle @param {string} name @param {Architecture} architecture */
  constructor(bundle, name, architecture) {
    const { hidden_size: width, layers, components, cell } = architecture;
    if (cell !== bundle.cell.cell) refuse("its cell is not the one of this page");
    this.blocks = Array.from(
      { length: layers },
      (_, layer) => new Block(bundle, `${name}.blocks.${layer}`, architecture),
    );
    this.norm = components.includes("norm") ? new RMSNorm(bundle, `${name}.norm`, width) : null;
  }

  /** @returns {NetworkState} */
  initialState() {
    return this.blocks.map((block) => block.mixer.initialState());
  }

  /** @param {Float32Array} x @param {NetworkState} state
   * @returns {[Float32Array, NetworkState]} */
  step(x, state) {
    const after = this.blocks.map((block, layer) => {
      const [y, following] = block.step(x, state[layer]);
      x = y;
      return following;
    });
    return [this.norm?.of(x) ?? x, after];
  }
}

/** A token id in, the logits of the next token out. */
export class LanguageModelNetwork {
  /** @param {Bundle} bundle @param {Architecture} architecture */
  constructor(bundle, architecture) {
    const { vocabulary, hidden_size: width, tied } = architecture;
    this.width = width;
    this.embedding = bundle.take("embedding.weight", vocabulary, width);
    this.stack = new Stack(bundle, "stack", architecture);
    const weight = tied ? this.embedding : bundle.take("output.weight", vocabulary, width);
    this.output = new Linear(weight, bundle.take("output.bias", vocabulary));
    this.scale = tied ? Math.sqrt(width) : 1;
  }

  initialState() {
    return this.stack.initialState();
  }

  /** @param {number} token @param {NetworkState} state
   * @returns {[Float32Array, NetworkState]} logits (V,) of the token after it */
  step(token, state) {
    const index = token * this.width;
    const x = this.embedding.slice(index, index + this.width);
    const [y, after] = this.stack.step(
      x.map((value) => value * this.scale),
      state,
    );
    return [this.output.of(y), after];
  }
}
