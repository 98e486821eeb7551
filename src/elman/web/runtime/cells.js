/**
 * The cells: each one pure step, `[output, state] = cell.step(input, state)`.
 *
 * Shapes: D input width, H hidden width. The equations stand in Python's src/elman/cells, a file
 * for each.
 */

import { addProduct, Linear, logSoftmax, sigmoid } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {Float32Array[]} CellState */
/** @typedef {{initialState(): CellState,
 *   step(x: Float32Array, state: CellState): [Float32Array, CellState]}} Cell */
/** @typedef {new (bundle: Bundle, name: string, inputs: number, hidden: number) => Cell} CellClass */

const MODULES = 4; // of a clockwork

/** @implements {Cell} */
class Plain {
  /** @param {Bundle} bundle @param {string} name @param {number} inputs @param {number} hidden */
  constructor(bundle, name, inputs, hidden) {
    this.hidden = hidden;
    this.i2h = Linear.from(bundle, `${name}.i2h`, inputs + hidden, hidden);
    this.i2o = Linear.from(bundle, `${name}.i2o`, inputs + hidden, hidden);
  }

  initialState() {
    return [new Float32Array(this.hidden)];
  }

  /** @param {Float32Array} x @param {CellState} state @returns {[Float32Array, CellState]} */
  step(x, [h]) {
    const joined = new Float32Array(x.length + h.length);
    joined.set(x);
    joined.set(h, x.length);
    return [Float32Array.from(logSoftmax(this.i2o.of(joined))), [this.i2h.of(joined)]];
  }
}

/** A cell with a layer for its input and one for its hidden vector. @implements {Cell} */
class Elman {
  /** Slices of H in what either layer gives. */
  static gates = 1;

  /** @param {Bundle} bundle @param {string} name @param {number} inputs @param {number} hidden */
  constructor(bundle, name, inputs, hidden) {
    const outputs = /** @type {typeof Elman} */ (this.constructor).gates * hidden;
    this.hidden = hidden;
    this.i2h = Linear.from(bundle, `${name}.i2h`, inputs, outputs);
    this.h2h = Linear.from(bundle, `${name}.h2h`, hidden, outputs);
  }

  /** @returns {CellState} */
  initialState() {
    return [new Float32Array(this.hidden)];
  }

  /** @param {number} total */
  squash(total) {
    return Math.tanh(total);
  }

  /** @param {Float32Array} x @param {CellState} state @returns {[Float32Array, CellState]} */
  step(x, [before]) {
    const h = this.h2h.addedTo(this.i2h.of(x), before);
    for (let i = 0; i < h.length; i++) h[i] = this.squash(h[i]);
    return [h, [h]];
  }
}

class ElmanReLU extends Elman {
  /** @param {number} total */
  squash(total) {
    return Math.max(0, total);
  }
}

class LSTM extends Elman {
  static gates = 4;

  /** @returns {CellState} */
  initialState() {
    return [new Float32Array(this.hidden), new Float32Array(this.hidden)];
  }

  /** @param {Float32Array} x @param {CellState} state @returns {[Float32Array, CellState]} */
  step(x, [before, kept]) {
    const size = this.hidden;
    const gates = this.h2h.addedTo(this.i2h.of(x), before);
    const h = new Float32Array(size);
    const c = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const candidate = Math.tanh(gates[2 * size + i]);
      c[i] = sigmoid(gates[size + i]) * kept[i] + sigmoid(gates[i]) * candidate;
      h[i] = sigmoid(gates[3 * size + i]) * Math.tanh(c[i]);
    }
    return [h, [h, c]];
  }
}

class GRU extends Elman {
  static gates = 3;

  /** @param {Float32Array} x @param {CellState} state @returns {[Float32Array, CellState]} */
  step(x, [before]) {
    const size = this.hidden;
    const input = this.i2h.of(x);
    const hidden = this.h2h.of(before);
    const h = new Float32Array(size);
    for (let i = 0; i < size; i++) {
      const r = sigmoid(input[i] + hidden[i]);
      const z = sigmoid(input[size + i] + hidden[size + i]);
      const n = Math.tanh(input[2 * size + i] + r * hidden[2 * size + i]);
      h[i] = (1 - z) * n + z * before[i];
    }
    return [h, [h]];
  }
}

/** @implements {Cell} */
class Clockwork {
  /** @param {Bundle} bundle @param {string} name @param {number} inputs @param {number} hidden */
  constructor(bundle, name, inputs, hidden) {
    this.hidden = hidden;
    this.i2h = Linear.from(bundle, `${name}.i2h`, inputs, hidden);
    this.h2h = bundle.take(`${name}.h2h.weight`, hidden, hidden);
    // A module listens to itself and to slower ones.
    this.h2h.forEach((_, place) => {
      const [row, column] = [Math.floor(place / hidden), place % hidden];
      if (this.module(row) > this.module(column)) this.h2h[place] = 0;
    });
  }

  /** @param {number} unit */
  module(unit) {
    return Math.floor((unit * MODULES) / this.hidden);
  }

  /** h, and the time since the state was new, up to the slowest module's period. */
  initialState() {
    return [new Float32Array(this.hidden), new Float32Array(1)];
  }

  /** @param {Float32Array} x @param {CellState} state @returns {[Float32Array, CellState]} */
  step(x, [before, [time]]) {
    const h = addProduct(this.i2h.of(x), this.h2h, before);
    for (let i = 0; i < h.length; i++) {
      h[i] = time % 2 ** this.module(i) === 0 ? Math.tanh(h[i]) : before[i];
    }
    return [h, [h, Float32Array.of((time + 1) % 2 ** MODULES)]];
  }
}

/** @implements {Cell} */
class MinGRU {
  /** @param {Bundle} bundle @param {string} name @param {number} inputs @param {number} hidden */
  constructor(bundle, name, inputs, hidden) {
    this.hidden = hidden;
    this.i2h = Linear.from(bundle, `${name}.i2h`, inputs, 2 * hidden);
  }

  initialState() {
    return [new Float32Array(this.hidden)];
  }

  /** @param {Float32Array} x @param {CellState} state @returns {[Float32Array, CellState]} */
  step(x, [before]) {
    const input = this.i2h.of(x);
    const h = new Float32Array(this.hidden);
    for (let i = 0; i < h.length; i++) {
      const z = sigmoid(input[i]);
      h[i] = (1 - z) * before[i] + z * input[this.hidden + i];
    }
    return [h, [h]];
  }
}

/** The one closed table of names: what model files may say. @type {Record<string, CellClass>} */
export const CELLS = {
  plain: Plain,
  elman: Elman,
  "elman-relu": ElmanReLU,
  lstm: LSTM,
  gru: GRU,
  clockwork: Clockwork,
  mingru: MinGRU,
};
