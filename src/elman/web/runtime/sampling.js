/**
 * How the next symbol is drawn from what the network expects: one number decides, so the same
 * numbers write the same text as Python does.
 *
 * Shapes: V vocabulary.
 */

/**
 * @typedef {object} Sampling
 * @property {number} temperature divides the logits; 0 always takes the likeliest
 * @property {number} topP keep the likeliest that together reach this share
 */

/**
 * The symbol that a number drawn evenly from [0, 1) falls upon.
 *
 * @param {Float32Array} logits (V,)
 * @param {Sampling} sampling
 * @param {number} chance
 */
export function draw(logits, sampling, chance) {
  const reached = weights(logits, sampling);
  for (let i = 1; i < reached.length; i++) reached[i] += reached[i - 1];
  const wanted = chance * reached[reached.length - 1];
  let [low, high] = [0, reached.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reached[middle] <= wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What is drawn from, up to a factor.
 *
 * @param {Float32Array} logits (V,)
 * @param {Sampling} sampling
 * @returns {Float64Array} (V,)
 */
function weights(logits, { temperature, topP }) {
  let best = 0;
  logits.forEach((logit, symbol) => {
    if (logit > logits[best]) best = symbol;
  });
  if (temperature === 0) {
    const only = new Float64Array(logits.length);
    only[best] = 1;
    return only;
  }
  const found = Float64Array.from(logits, (x) => Math.exp((x - logits[best]) / temperature));
  return topP < 1 ? likeliest(found, topP) : found;
}

/** @param {Float64Array} found @param {number} share */
function likeliest(found, share) {
  const order = Array.from(found.keys()).sort((a, b) => found[b] - found[a] || a - b);
  const enough = share * found.reduce((sum, weight) => sum + weight, 0);
  const kept = new Float64Array(found.length);
  let before = 0;
  for (const symbol of order) {
    if (before >= enough) break;
    kept[symbol] = found[symbol];
    before += found[symbol];
  }
  return kept;
}
