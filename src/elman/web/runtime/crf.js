/**
 * A linear-chain conditional random field: scores whole sequences of tags.
 *
 *     score(tags) = start[tag_1] + sum over t of logits[t, tag_t]
 *                   + sum over t of pairs[tag_t-1, tag_t] + end[tag_T]
 *
 * Shapes: T time, K tags.
 */

import { logSumExp } from "./products.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./tags.js").TagVocabulary} TagVocabulary */

export class CRF {
  /** @param {Bundle} bundle @param {string[]} names whose scores add up
   * @param {TagVocabulary} vocabulary */
  constructor(bundle, names, vocabulary) {
    const { tags } = vocabulary;
    const size = tags.length;
    /** @param {Float32Array} scores @param {(index: number) => boolean} allowed */
    const legal = (scores, allowed) =>
      scores.map((score, index) => (allowed(index) ? score : -Infinity));
    /** @param {string} part @param {number[]} shape */
    const summed = (part, ...shape) => {
      const [first, ...others] = names.map((name) => bundle.take(`${name}.${part}`, ...shape));
      return first.map((score, index) => others.reduce((sum, other) => sum + other[index], score));
    };
    const pairs = summed("pairs", size, size);
    this.start = legal(summed("start", size), (to) =>
      vocabulary.mayFollow(undefined, tags[to]),
    );
    this.end = legal(summed("end", size), (from) => vocabulary.mayFollow(tags[from]));
    /** By tag: the scores of each tag before it. */
    this.from = tags.map((after, to) =>
      tags.map((before, from) =>
        vocabulary.mayFollow(before, after) ? pairs[from * size + to] : -Infinity,
      ),
    );
  }

  /** The best sequence (A. Viterbi, 1967) and its log-probability. A tie goes to the earlier tags.
   * @param {Float32Array[]} logits (T, K), T at least 1 */
  best(logits) {
    const origins = [];
    let total = Array.from(this.start, (score, tag) => score + logits[0][tag]);
    for (const here of logits.slice(1)) {
      const before = total;
      const best = this.from.map((scores) =>
        largest(scores.map((score, from) => score + before[from])),
      );
      origins.push(best.map(({ index }) => index));
      total = best.map(({ value }, tag) => value + here[tag]);
    }
    const last = largest(total.map((score, tag) => score + this.end[tag]));
    const tags = [last.index];
    for (const origin of origins.reverse()) tags.push(origin[tags[tags.length - 1]]);
    return { tags: tags.reverse(), logP: last.value - this.#logPartition(logits) };
  }

  /** The log of the sum over all sequences of exp(score). @param {Float32Array[]} logits */
  #logPartition(logits) {
    let total = Array.from(this.start, (score, tag) => score + logits[0][tag]);
    for (const here of logits.slice(1)) {
      const before = total;
      total = this.from.map(
        (scores, tag) => logSumExp(scores.map((score, from) => score + before[from])) + here[tag],
      );
    }
    return logSumExp(total.map((score, tag) => score + this.end[tag]));
  }
}

/** The first of the largest. @param {number[]} values */
function largest(values) {
  let index = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[index]) index = i;
  return { index, value: values[index] };
}
