/**
 * The nearest training vectors beside a describer's network, and their weight; Python's
 * src/elman/counts/nearest_vectors.py and src/elman/tasks/description/mixing.py have the formulas.
 *
 * Shapes: M stored vectors of D numbers, K neighbours, T tokens of a description.
 */

import { score } from "./beam.js";
import { logSoftmax } from "./products.js";
import { refuse } from "./safetensors.js";
import { BOUNDARY } from "./tokenizer.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./beam.js").Hypothesis} Hypothesis */
/** @typedef {import("./encoder_decoder.js").EncoderDecoder} EncoderDecoder */
/** @typedef {import("./encoder_decoder.js").DecoderState} DecoderState */
/** @typedef {{tokens: number[], share: number}} Neighbour a description, with its end token, and
 *   how much it counts */

const FARTHEST = 1e6; // steps of a stored number
const SMALL = 0.01;

export class NearestDescriptions {
  /** @param {Bundle} bundle @param {any} about of the model file @param {number} width D */
  constructor(bundle, about, width) {
    const { vectors, descriptions, tokens, neighbours, bandwidth, unit, trust, weight } = about;
    this.rows = bundle.takeIntegers("counts.rows", vectors, width);
    this.labels = bundle.takeIntegers("counts.labels", vectors);
    this.center = bundle.take("counts.center", width);
    this.step = bundle.take("counts.step", width);
    this.squared = bundle.take("counts.weight", width);
    const lengths = bundle.takeIntegers("counts.lengths", descriptions);
    const joined = bundle.takeIntegers("counts.tokens", tokens);
    let start = 0;
    this.descriptions = Array.from(lengths, (length) => [
      ...joined.subarray(start, (start += length)),
    ]);
    const ended = this.descriptions.every((each) => each.indexOf(BOUNDARY) === each.length - 1);
    const known = this.labels.every((label) => label >= 0 && label < descriptions);
    if (start !== tokens || !ended || !known) refuse("its counts are malformed");
    this.neighbours = neighbours;
    this.bandwidth = bandwidth;
    this.unit = unit;
    this.trust = trust;
    this.weight = weight;
  }

  /** The descriptions of the nearest vectors, and how much these count beside the network.
   * @param {Float32Array} vector @returns {{nearest: Neighbour[], weight: number}} */
  of(vector) {
    const width = this.center.length;
    const query = Array.from(vector, (number, i) =>
      Math.max(-FARTHEST, Math.min(FARTHEST, (number - this.center[i]) / this.step[i])),
    );
    const squared = Array.from(this.labels, (_, row) =>
      sum(query.map((z, i) => (z - this.rows[row * width + i]) ** 2 * this.squared[i])),
    );
    const near = squared
      .map((_, row) => row)
      .sort((a, b) => squared[a] - squared[b] || a - b)
      .slice(0, this.neighbours);
    const least = squared[near[0]];
    const weights = near.map((row) => Math.exp((least - squared[row]) / this.bandwidth));
    const total = sum(weights);
    /** @type {Map<number, number>} */
    const shares = new Map();
    near.forEach((row, rank) => {
      const label = this.labels[row];
      shares.set(label, (shares.get(label) ?? 0) + weights[rank] / total);
    });
    const nearest = [...shares].map(([label, share]) => ({
      tokens: this.descriptions[label],
      share,
    }));
    const [intercept, slope] = this.trust;
    const logOdds = intercept - slope * Math.log(least / this.unit + SMALL);
    return { nearest, weight: this.weight / (1 + Math.exp(-logOdds)) };
  }

  /** The descriptions by both parts, best first. Yields after each that the search did not find.
   * @param {EncoderDecoder} network @param {DecoderState} initial of the vector
   * @param {Float32Array} vector @param {Hypothesis[]} found of a beam search
   * @returns {Generator<undefined, Hypothesis[]>} */
  *mixed(network, initial, vector, found) {
    const { nearest, weight } = this.of(vector);
    const candidates = [...found];
    const known = new Set(found.map((each) => String(complete(each))));
    for (const { tokens } of nearest) {
      if (known.has(String(tokens))) continue;
      candidates.push(scored(network, initial, tokens));
      yield;
    }
    return candidates
      .map((each) => mixed(each, nearest, weight))
      .sort((a, b) => score(b) - score(a));
  }
}

/** The tokens of a hypothesis, with the end token unless it was cut. @param {Hypothesis} found */
function complete({ tokens, logPs }) {
  return logPs.length > tokens.length ? [...tokens, BOUNDARY] : tokens;
}

/** A description by the network. @param {EncoderDecoder} network @param {DecoderState} initial
 * @param {number[]} tokens with the end token @returns {Hypothesis} */
function scored(network, initial, tokens) {
  let state = initial;
  /** @type {number[]} */
  const logPs = [];
  const attention = tokens.map((token, index) => {
    const output = network.step(tokens[index - 1] ?? BOUNDARY, state);
    logPs.push(logSoftmax(output.logits)[token]);
    state = output.after;
    return output.attention;
  });
  return { tokens: tokens.slice(0, -1), logPs, total: sum(logPs), attention };
}

/** A description by both parts. @param {Hypothesis} found by the network
 * @param {Neighbour[]} nearest @param {number} weight of these, 0 to 1
 * @returns {Hypothesis} */
function mixed(found, nearest, weight) {
  const tokens = complete(found);
  let [beginning, before] = [0, 0];
  const logPs = tokens.map((_, index) => {
    beginning += found.logPs[index];
    const alike = nearest.filter((each) =>
      tokens.slice(0, index + 1).every((own, i) => own === each.tokens[i]),
    );
    const theirs = Math.log(weight * sum(alike.map(({ share }) => share)));
    const both = logAddExp(beginning + Math.log1p(-weight), theirs);
    const logP = Math.min(0, both - before);
    before = both;
    return logP;
  });
  return { ...found, logPs, total: sum(logPs) };
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}

/** @param {number} a @param {number} b */
function logAddExp(a, b) {
  const largest = Math.max(a, b);
  return largest + Math.log1p(Math.exp(Math.min(a, b) - largest));
}
