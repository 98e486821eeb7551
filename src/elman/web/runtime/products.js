/**
 * Matrix-vector products of one step, in float32.
 *
 * Shapes: N outputs, K inputs. Four rows are multiplied together: each number of the vector
 * is loaded once for four products, and the sums are independent; two columns per iteration halve
 * the additions to each sum.
 */

/** @typedef {import("./safetensors.js").Bundle} Bundle */

/** y = b + W x. */
export class Linear {
  /**
   * @param {Float32Array} weight (N, K) row by row
   * @param {Float32Array} bias (N,)
   */
  constructor(weight, bias) {
    this.weight = weight;
    this.bias = bias;
  }

  /** Load a layer by its name. @param {Bundle} bundle @param {string} name
   * @param {number} inputs @param {number} outputs */
  static from(bundle, name, inputs, outputs) {
    const weight = bundle.take(`${name}.weight`, outputs, inputs);
    return new Linear(weight, bundle.take(`${name}.bias`, outputs));
  }

  /** @param {Float32Array} x (K,) @returns {Float32Array} (N,) */
  of(x) {
    return this.addedTo(new Float32Array(this.bias.length), x);
  }

  /** y += b + W x. @param {Float32Array} y (N,) @param {Float32Array} x (K,) */
  addedTo(y, x) {
    for (let row = 0; row < y.length; row++) y[row] += this.bias[row];
    return addProduct(y, this.weight, x);
  }
}

/**
 * y += W x.
 *
 * @param {Float32Array} y (N,)
 * @param {Float32Array} weight (N, K)
 * @param {Float32Array} x (K,)
 */
export function addProduct(y, weight, x) {
  const rows = y.length;
  const columns = x.length;
  const inFours = rows - (rows % 4);
  const inPairs = columns - (columns % 2);
  for (let row = 0; row < inFours; row += 4) {
    let place0 = row * columns;
    let place1 = place0 + columns;
    let place2 = place1 + columns;
    let place3 = place2 + columns;
    let sum0 = 0;
    let sum1 = 0;
    let sum2 = 0;
    let sum3 = 0;
    for (let column = 0; column < inPairs; column += 2) {
      const value = x[column];
      const next = x[column + 1];
      sum0 += weight[place0] * value + weight[place0 + 1] * next;
      sum1 += weight[place1] * value + weight[place1 + 1] * next;
      sum2 += weight[place2] * value + weight[place2 + 1] * next;
      sum3 += weight[place3] * value + weight[place3 + 1] * next;
      place0 += 2;
      place1 += 2;
      place2 += 2;
      place3 += 2;
    }
    if (inPairs < columns) {
      const value = x[inPairs];
      sum0 += weight[place0] * value;
      sum1 += weight[place1] * value;
      sum2 += weight[place2] * value;
      sum3 += weight[place3] * value;
    }
    y[row] += sum0;
    y[row + 1] += sum1;
    y[row + 2] += sum2;
    y[row + 3] += sum3;
  }
  for (let row = inFours; row < rows; row++) {
    const start = row * columns;
    let sum = 0;
    for (let column = 0; column < columns; column++) sum += weight[start + column] * x[column];
    y[row] += sum;
  }
  return y;
}

/** @param {number} x */
export function sigmoid(x) {
  return 1 / (1 + Math.exp(-x));
}

/** value *= silu(gate). @param {Float32Array} gate
 * @param {Float32Array} value */
export function siluGate(gate, value) {
  for (let i = 0; i < value.length; i++) value[i] *= gate[i] * sigmoid(gate[i]);
  return value;
}

/** @param {ArrayLike<number>} logits @returns {Float64Array} in nats */
export function logSoftmax(logits) {
  const total = logSumExp(logits);
  return Float64Array.from(logits, (logit) => logit - total);
}

/** log(sum(exp(values))); -Infinity of no values. @param {ArrayLike<number>} values */
export function logSumExp(values) {
  let most = -Infinity;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]);
  if (most === -Infinity) return most;
  let total = 0;
  for (let i = 0; i < values.length; i++) total += Math.exp(values[i] - most);
  return most + Math.log(total);
}
