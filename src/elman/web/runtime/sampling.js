/**
 * Draws the next token from the network's logits. One random number decides, so that the same
 * random numbers generate the same text as in Python.
 *
 * Shapes: V vocabulary.
 */

/**
 * @typedef {object} Sampling
 * @property {number} temperature divides the logits; 0 takes the likeliest token
 * @property {number} topP keep the likeliest tokens up to this total probability
 */

/**
 * Sample a token by inverting the cumulative distribution.
 *
 * @param {Float32Array} logits (V,)
 * @param {Sampling} sampling
 * @param {number} random uniform in [0, 1)
 */
export function sample(logits, sampling, random) {
  const cumulative = weights(logits, sampling);
  for (let i = 1; i < cumulative.length; i++) cumulative[i] += cumulative[i - 1];
  const target = random * cumulative[cumulative.length - 1];
  let [low, high] = [0, cumulative.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle] <= target) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Unnormalised probabilities of the tokens that may be drawn.
 *
 * @param {Float32Array} logits (V,)
 * @param {Sampling} sampling
 * @returns {Float64Array} (V,)
 */
function weights(logits, { temperature, topP }) {
  let best = 0;
  logits.forEach((logit, token) => {
    if (logit > logits[best]) best = token;
  });
  if (temperature === 0) {
    const only = new Float64Array(logits.length);
    only[best] = 1;
    return only;
  }
  const found = Float64Array.from(logits, (x) => Math.exp((x - logits[best]) / temperature));
  return topP < 1 ? nucleus(found, topP) : found;
}

/** @param {Float64Array} found @param {number} topP */
function nucleus(found, topP) {
  const order = Array.from(found.keys()).sort((a, b) => found[b] - found[a] || a - b);
  const enough = topP * found.reduce((sum, weight) => sum + weight, 0);
  const chosen = new Float64Array(found.length);
  let before = 0;
  for (const token of order) {
    if (before >= enough) break;
    chosen[token] = found[token];
    before += found[token];
  }
  return chosen;
}
