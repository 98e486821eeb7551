/**
 * The likeliest targets of a source, by greedy or beam search.
 *
 * Shapes: K the beam, V vocabulary, T target tokens so far, S source tokens.
 */

import { logSoftmax } from "./products.js";
import { BOUNDARY } from "./tokenizer.js";

/** @typedef {import("./encoder_decoder.js").EncoderDecoder} EncoderDecoder */
/** @typedef {import("./encoder_decoder.js").DecoderState} DecoderState */

/**
 * @typedef {object} Search
 * @property {number} beam K, the hypotheses kept at each step; 1 is greedy
 * @property {number} repeats how often a phrase may be repeated in a row; once more is a loop
 * @property {number} limit the most tokens of a target, its end included
 */

/**
 * A complete or partial target: its tokens (T,), the log-probability of each and of all, and the
 * attention of each (T, S). A complete one includes the figures of its end, but not the end token.
 *
 * @typedef {object} Hypothesis
 * @property {number[]} tokens
 * @property {number[]} logPs
 * @property {number} total
 * @property {number[][]} attention
 */

/** @typedef {Hypothesis & {state: DecoderState}} Open */
/** @typedef {{origin: number, token: number, logP: number, total: number}} Extension */

const MAX_PHRASE = 8; // tokens; loops of longer phrases are not detected

/**
 * The best targets of a source, at most K, best first. Yields after each token.
 *
 * @param {EncoderDecoder} network
 * @param {DecoderState} initial
 * @param {Search} settings
 * @returns {Generator<undefined, Hypothesis[]>}
 */
export function* search(network, initial, { beam, repeats, limit }) {
  /** @type {Hypothesis[]} */
  let found = [];
  /** @type {Open[]} */
  let open = [{ tokens: [], logPs: [], total: 0, attention: [], state: initial }];
  for (let length = 1; ; length++) {
    const outputs = open.map(({ tokens, state }) => network.step(tokens.at(-1) ?? BOUNDARY, state));
    const logPsOf = outputs.map(({ logits }, index) => {
      const logPs = logSoftmax(logits);
      for (const token of loops(open[index].tokens, repeats)) logPs[token] = -Infinity;
      return logPs;
    });
    // Every complete target makes room for another, so consider twice as many.
    const extensions = likeliest(open, logPsOf, 2 * beam);
    /** @param {Extension} extension @returns {Open} */
    const extended = ({ origin, token, logP, total }) => ({
      tokens: token === BOUNDARY ? open[origin].tokens : [...open[origin].tokens, token],
      logPs: [...open[origin].logPs, logP],
      attention: [...open[origin].attention, outputs[origin].attention],
      total,
      state: outputs[origin].after,
    });
    found.push(
      ...extensions
        .slice(0, beam)
        .filter(({ token }) => token === BOUNDARY)
        .map(extended),
    );
    open = extensions
      .filter(({ token }) => token !== BOUNDARY)
      .slice(0, beam)
      .map(extended);
    const tooLong = length >= limit;
    if (tooLong && found.length === 0) found = open;
    found = found.sort((a, b) => score(b) - score(a)).slice(0, beam);
    // Go on while an open hypothesis scores better than the worst of K complete ones.
    const bestOpen = Math.max(...open.map(({ total }) => total / length));
    const enough = found.length === beam && bestOpen <= score(found[beam - 1]);
    if (tooLong || enough || open.length === 0) return found;
    yield;
  }
}

/** What targets are ranked by: the mean log-probability of their tokens.
 * @param {Hypothesis} target */
export function score({ total, logPs }) {
  return total / logPs.length;
}

/** The best extensions, best first. A tie goes to the earlier hypothesis, then to the lower token.
 * @param {Open[]} open @param {Float64Array[]} logPsOf (V,) each
 * @param {number} count @returns {Extension[]} */
function likeliest(open, logPsOf, count) {
  /** @type {Extension[]} */
  const best = [];
  logPsOf.forEach((logPs, origin) => {
    const before = open[origin].total;
    logPs.forEach((logP, token) => {
      const total = before + logP;
      let index = best.length;
      if (total === -Infinity || (index === count && total <= best[count - 1].total)) return;
      while (index > 0 && best[index - 1].total < total) index--;
      best.splice(index, 0, { origin, token, logP, total });
      best.length = Math.min(best.length, count);
    });
  });
  return best;
}

/** The tokens that would repeat a phrase once more than allowed.
 * @param {number[]} tokens @param {number} repeats */
function loops(tokens, repeats) {
  const found = [];
  for (let length = 1; length <= MAX_PHRASE; length++) {
    const end = tokens.slice(-(length * (repeats + 1) - 1));
    if (end.length < length * (repeats + 1) - 1) break;
    if (end.every((token, index) => index < length || token === end[index - length])) {
      found.push(tokens[tokens.length - length]);
    }
  }
  return found;
}
