/**
 * A cell: one pure step, `[output, state] = cell.step(input, state)`, by the program that the export
 * made of its formula. A program is a list of values, each made of earlier ones by one of a closed
 * set of operations; Python's src/elman/cells/program.py describes it.
 *
 * Shapes: K inputs of a product, N outputs, W width of a vector.
 */

import { addProduct, logSoftmax, sigmoid } from "./products.js";
import { refuse } from "./safetensors.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {Float32Array | Float64Array} Vector */
/** @typedef {Vector[]} CellState */
/** @typedef {{op: string, of: number[], shape: number[], kind: string, rows: boolean,
 *   name: string, start: number, stop: number, axis: number, data: string}} Value */
/** @typedef {{cell: string, values: Value[], state: {width: number, kind: string}[],
 *   output: number, after: number[], initial: number[]}} CellProgram */
/** Makes a value's numbers of those of its operands.
 * @typedef {(out: Vector, a: Vector, b: Vector, c: Vector) => void} Operation */

/** The element-wise operations; each has a loop of its own, which the browser compiles for it.
 * Truth is 1 or 0. @type {Record<string, Operation>} */
const ELEMENTWISE = {
  add: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] + b[i];
  },
  sub: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] - b[i];
  },
  mul: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] * b[i];
  },
  div: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] / b[i];
  },
  remainder: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] - Math.floor(a[i] / b[i]) * b[i];
  },
  maximum: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.max(a[i], b[i]);
  },
  minimum: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.min(a[i], b[i]);
  },
  where: (out, a, b, c) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] ? b[i] : c[i];
  },
  neg: (out, a) => {
    for (let i = 0; i < out.length; i++) out[i] = -a[i];
  },
  abs: (out, a) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.abs(a[i]);
  },
  sigmoid: (out, a) => {
    for (let i = 0; i < out.length; i++) out[i] = sigmoid(a[i]);
  },
  tanh: (out, a) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.tanh(a[i]);
  },
  relu: (out, a) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.max(0, a[i]);
  },
  exp: (out, a) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.exp(a[i]);
  },
  log: (out, a) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.log(a[i]);
  },
  sqrt: (out, a) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(a[i]);
  },
  less: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] < b[i] ? 1 : 0;
  },
  less_equal: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] <= b[i] ? 1 : 0;
  },
  equal: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] === b[i] ? 1 : 0;
  },
  and: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] && b[i] ? 1 : 0;
  },
  or: (out, a, b) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] || b[i] ? 1 : 0;
  },
  not: (out, a) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i] ? 0 : 1;
  },
  to_float: (out, a) => out.set(a),
  to_integer: (out, a) => out.set(a),
};

/** The operations on whole vectors. @type {Record<string, Operation>} */
const ON_VECTORS = {
  linear: (out, x, weight, bias) => {
    if (bias) out.set(bias);
    else out.fill(0);
    addProduct(/** @type {any} */ (out), /** @type {any} */ (weight), /** @type {any} */ (x));
  },
  log_softmax: (out, a) => out.set(logSoftmax(/** @type {Float32Array} */ (a))),
  sum: (out, a) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i];
    out[0] = sum;
  },
};

/** Integers are exact as float64. @param {string} kind @param {number} size @returns {Vector} */
const zeros = (kind, size) =>
  kind === "integer" ? new Float64Array(size) : new Float32Array(size);

/** @param {number[]} shape */
const sizeOf = (shape) => shape.reduce((size, each) => size * each, 1);

/** A cell whose weights a bundle has under a name. */
export class Cell {
  /** Every value, by its index in the program. @type {Vector[]} */
  #vectors = [];
  /** The operations of a step, in order. @type {(() => void)[]} */
  #steps = [];
  /** Indices of the values that a step returns, which need new memory each time.
   * @type {Set<number>} */
  #returned;

  /** @param {Bundle} bundle @param {string} name */
  constructor(bundle, name) {
    const program = bundle.cell;
    this.program = program;
    this.#vectors.length = program.values.length;
    this.#returned = new Set([program.output, ...program.after]);
    program.values.forEach((value, index) => {
      if (!value.rows) this.#vectors[index] = this.#weight(value, bundle, name);
      else if (value.op !== "input" && value.op !== "state") this.#prepare(value, index);
    });
    const indices = [...program.values.keys()];
    this.states = indices.filter((index) => program.values[index].op === "state");
    this.input = indices.find((index) => program.values[index].op === "input") ?? -1;
    this.inputSize = program.values[this.input].shape[0];
    this.outputSize = program.values[program.output].shape[0];
  }

  /** @returns {CellState} */
  initialState() {
    return this.program.initial.map((index) => this.#vectors[index].slice());
  }

  /** @param {Float32Array} x @param {CellState} state @returns {[Float32Array, CellState]} */
  step(x, state) {
    const vectors = this.#vectors;
    vectors[this.input] = x;
    for (let i = 0; i < state.length; i++) vectors[this.states[i]] = state[i];
    for (const step of this.#steps) step();
    const after = this.program.after.map((index) => vectors[index]);
    return [/** @type {Float32Array} */ (vectors[this.program.output]), after];
  }

  /** A value that depends on weights only, computed once. @param {Value} value @param {Bundle} bundle
   * @param {string} name @returns {Vector} */
  #weight(value, bundle, name) {
    const { op, shape, kind } = value;
    if (op === "weight") return bundle.take(`${name}.${value.name}`, ...shape);
    if (op === "constant") return decoded(value);
    const out = zeros(kind, sizeOf(shape));
    const [first] = value.of.map((index) => this.#vectors[index]);
    if (op === "reshape") out.set(first);
    else if (op === "transpose") {
      const [rows, columns] = shape;
      for (let i = 0; i < out.length; i++) {
        out[i] = first[(i % columns) * rows + Math.floor(i / columns)];
      }
    } else if (op === "slice") {
      const inner = sizeOf(shape.slice(value.axis + 1));
      const [width, whole] = [shape[value.axis] * inner, this.#shapeOf(value.of[0])[value.axis] * inner];
      for (let i = 0; i < out.length; i++) {
        out[i] = first[Math.floor(i / width) * whole + value.start * inner + (i % width)];
      }
    } else {
      const [a, b, c] = value.of.map((index) => this.#broadcast(index, shape));
      operationOf(ELEMENTWISE, op)(out, a, b, c);
    }
    return out;
  }

  /** Add the operation that computes a value. @param {Value} value @param {number} index */
  #prepare(value, index) {
    const { op, kind, of, start, stop } = value;
    const [width] = value.shape;
    const vectors = this.#vectors;
    const isReturned = this.#returned.has(index);
    if (op === "slice") {
      this.#steps.push(() => {
        const part = vectors[of[0]].subarray(start, stop);
        vectors[index] = isReturned ? part.slice() : part;
      });
      return;
    }
    vectors[index] = zeros(kind, width);
    if (isReturned) this.#steps.push(() => (vectors[index] = zeros(kind, width)));
    if (op === "cat") {
      this.#steps.push(() => {
        let end = 0;
        for (const part of of) {
          vectors[index].set(vectors[part], end);
          end += vectors[part].length;
        }
      });
      return;
    }
    const elementwise = Object.hasOwn(ELEMENTWISE, op);
    const operation = operationOf(elementwise ? ELEMENTWISE : ON_VECTORS, op);
    const [a, b, c] = elementwise ? of.map((each) => this.#wide(each, width)) : of;
    this.#steps.push(() => operation(vectors[index], vectors[a], vectors[b], vectors[c]));
  }

  /** The index of an operand, broadcast to the size of the result if it is a scalar.
   * @param {number} index @param {number} width */
  #wide(index, width) {
    const value = this.program.values[index];
    if (value.rows && value.shape[0] === width) return index;
    const vectors = this.#vectors;
    const vector = value.rows ? zeros(value.kind, width) : this.#broadcast(index, [width]);
    if (value.rows) this.#steps.push(() => vector.fill(vectors[index][0]));
    return vectors.push(vector) - 1;
  }

  /** A value that depends on weights only, broadcast. @param {number} index @param {number[]} shape
   * @returns {Vector} */
  #broadcast(index, shape) {
    const from = this.#vectors[index];
    const own = this.#shapeOf(index);
    const out = zeros(this.program.values[index].kind, sizeOf(shape));
    for (let i = 0; i < out.length; i++) {
      let [rest, offset, size] = [i, 0, 1];
      for (let axis = 1; axis <= shape.length; axis++) {
        const at = rest % shape[shape.length - axis];
        rest = Math.floor(rest / shape[shape.length - axis]);
        const length = own[own.length - axis] ?? 1;
        if (length > 1) offset += at * size;
        size *= length;
      }
      out[i] = from[offset];
    }
    return out;
  }

  /** @param {number} index */
  #shapeOf(index) {
    return this.program.values[index].shape;
  }
}

/** @param {Record<string, Operation>} table @param {string} op */
function operationOf(table, op) {
  if (!Object.hasOwn(table, op)) refuse(`its cell uses ${op}, which is not known here`);
  return table[op];
}

/** The elements of a constant. @param {Value} value @returns {Vector} */
function decoded({ kind, data }) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  if (kind === "boolean") return Float32Array.from(bytes);
  return kind === "integer" ? new Float64Array(bytes.buffer) : new Float32Array(bytes.buffer);
}
