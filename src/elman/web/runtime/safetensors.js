/**
 * Reads a model file: numbers and plain data, nothing of which is executed.
 *
 * The header is checked before a tensor is read: its size, and that the tensors' offsets cover the
 * rest of the file exactly. Int8 weights are dequantised. Matrices are (N, K), row by row.
 * Format: https://github.com/huggingface/safetensors (8 bytes of header length, JSON, data).
 */

/** @typedef {import("./cells.js").CellProgram} CellProgram */
/** @typedef {{dtype: string, shape: number[], data_offsets: [number, number]}} Entry */
/** @typedef {Int8Array | Uint8Array | Int16Array | Int32Array} Integers */

const SCHEMA = 2;
const HEADER_LIMIT = 16 * 2 ** 20; // bytes
const SIZES = /** @type {Record<string, number>} */ ({
  F64: 8,
  F32: 4,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
});
const INTEGERS = /** @type {Record<string, new (data: ArrayBuffer) => Integers>} */ ({
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U8: Uint8Array,
});

/** A model file is refused; the message says why in one sentence. */
export class ModelFileError extends Error {}

/** @param {string} cause @returns {never} */
export function refuse(cause) {
  throw new ModelFileError(`The model file cannot be used: ${cause}.`);
}

/** The tensors of a file; each is taken once, by name and shape. */
export class Bundle {
  /**
   * @param {ArrayBuffer} buffer the whole file
   * @param {CellProgram} cell the program of the model's cell, which is not part of the file
   */
  constructor(buffer, cell) {
    this.cell = cell;
    const length = buffer.byteLength < 8 ? Infinity : headerLength(buffer);
    if (length > buffer.byteLength - 8 || length > HEADER_LIMIT)
      refuse("its header is missing or too long");
    const header = parsed(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    const { __metadata__: metadata, ...entries } = header;
    if (typeof metadata?.elman !== "string") refuse("it was not written by Elman");
    /** @type {Record<string, any>} */
    this.about = parsed(metadata.elman);
    if (this.about.schema !== SCHEMA) refuse(`its schema is ${this.about.schema}`);
    this.buffer = buffer;
    this.start = 8 + length;
    /** @type {Map<string, Entry>} */
    this.entries = new Map(Object.entries(entries));
    this.#check(buffer.byteLength - this.start);
  }

  /**
   * A tensor as float32, dequantised where it is stored as int8.
   *
   * @param {string} name
   * @param {...number} shape the expected one
   * @returns {Float32Array}
   */
  take(name, ...shape) {
    const { dtype, data } = this.#taken(name, shape);
    if (dtype === "F32") return new Float32Array(data);
    if (dtype !== "I8") refuse(`its tensor ${name} is not of 32 bits`);
    return dequantised(new Int8Array(data), this.take(`${name}.scale`, shape[0]));
  }

  /** A float64 tensor, which is never quantised. @param {string} name @param {...number} shape
   * @returns {Float64Array} */
  takeDoubles(name, ...shape) {
    const { dtype, data } = this.#taken(name, shape);
    if (dtype !== "F64") refuse(`its tensor ${name} is not of 64 bits`);
    return new Float64Array(data);
  }

  /** A tensor of integers, which are not weights. @param {string} name @param {...number} shape
   * @returns {Integers} */
  takeIntegers(name, ...shape) {
    const { dtype, data } = this.#taken(name, shape);
    if (!Object.hasOwn(INTEGERS, dtype)) refuse(`its tensor ${name} is not of integers`);
    return new INTEGERS[dtype](data);
  }

  /** @param {string} name @param {number[]} shape */
  #taken(name, shape) {
    const entry = this.entries.get(name);
    if (entry === undefined || String(entry.shape) !== String(shape)) {
      refuse(`it holds no tensor ${name} of the shape ${shape}`);
    }
    this.entries.delete(name);
    return { dtype: entry.dtype, data: this.buffer.slice(...this.#range(entry)) };
  }

  /** Whether the file holds a tensor of this name that was not taken yet. @param {string} name */
  has(name) {
    return this.entries.has(name);
  }

  /** Refuse the file where it holds a tensor that was not taken. */
  finish() {
    for (const name of this.entries.keys()) refuse(`it holds a tensor ${name} that it should not`);
  }

  /** @param {Entry} entry @returns {[number, number]} */
  #range({ data_offsets: [begin, end] }) {
    return [this.start + begin, this.start + end];
  }

  /** @param {number} room bytes after the header */
  #check(room) {
    const ranges = [];
    for (const [name, entry] of this.entries) {
      const { dtype, shape, data_offsets: offsets } = entry ?? {};
      const item = SIZES[dtype];
      const whole = [shape, offsets].every(
        (list) => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0),
      );
      if (item === undefined || !whole || shape.length > 8 || offsets.length !== 2) {
        refuse(`the entry of its tensor ${name} is malformed`);
      }
      const size = shape.reduce((product, n) => product * n, item);
      if (offsets[1] - offsets[0] !== size) refuse(`its tensor ${name} is not of its size`);
      ranges.push(offsets);
    }
    let reached = 0;
    for (const [begin, end] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
      if (begin !== reached) refuse("its tensors overlap, or leave gaps");
      reached = end;
    }
    if (reached !== room) refuse("it is longer or shorter than its header says");
  }
}

/** @param {ArrayBuffer} buffer */
function headerLength(buffer) {
  const view = new DataView(buffer);
  return view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
}

/** @param {string} text @returns {Record<string, any>} */
function parsed(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    refuse("its header is not JSON");
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    refuse("its header is not a JSON object");
  }
  return value;
}

/**
 * Int8 rows times their scales.
 *
 * @param {Int8Array} steps (N, K)
 * @param {Float32Array} scale (N,)
 */
function dequantised(steps, scale) {
  const columns = steps.length / scale.length;
  return Float32Array.from(steps, (step, index) => step * scale[Math.floor(index / columns)]);
}
