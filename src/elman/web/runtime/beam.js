/**
 * The likeliest targets of a source: greedily, or by beam search.
 *
 * Shapes: K the beam, V vocabulary, T target symbols so far, S source symbols.
 */

import { logSoftmax } from "./products.js";
import { BOUNDARY } from "./unit.js";

/** @typedef {import("./rewriter.js").Rewriter} Rewriter */
/** @typedef {import("./rewriter.js").Written} Written */

/**
 * @typedef {object} Search
 * @property {number} beam K, the targets that are followed at the same time; 1 is greedy
 * @property {number} repeats how often a phrase may stand in a row; one time more is a loop
 * @property {number} limit symbols a target may have, the one that ends it among them
 */

/**
 * A target that was found, or is being written: its symbols (T,), the log of the probability of
 * each and of them all, and what each looked at (T, S). One that has ended has the figures of its
 * end, too, but not its symbol.
 *
 * @typedef {object} Target
 * @property {number[]} symbols
 * @property {number[]} logPs
 * @property {number} total
 * @property {number[][]} looks
 */

/** @typedef {Target & {written: Written}} Open */
/** @typedef {{origin: number, symbol: number, logP: number, total: number}} Way to go on */

const LONGEST_PHRASE = 8; // symbols; only phrases as short as this are watched for repetition

/**
 * The best targets of a source, K at most, the best first. Each turn writes one symbol of each.
 *
 * @param {Rewriter} network
 * @param {Written} begun
 * @param {Search} settings
 * @returns {Generator<undefined, Target[]>}
 */
export function* search(network, begun, { beam, repeats, limit }) {
  /** @type {Target[]} */
  let found = [];
  /** @type {Open[]} */
  let open = [{ symbols: [], logPs: [], total: 0, looks: [], written: begun }];
  for (let length = 1; ; length++) {
    const said = open.map(({ symbols, written }) => network.step(symbols.at(-1) ?? BOUNDARY, written));
    const spreads = said.map(({ logits }, place) => {
      const spread = logSoftmax(logits);
      for (const symbol of loops(open[place].symbols, repeats)) spread[symbol] = -Infinity;
      return spread;
    });
    // Each target that ends makes room for another, so twice as many are looked at.
    const ways = likeliest(open, spreads, 2 * beam);
    /** @param {Way} way @returns {Open} */
    const gone = ({ origin, symbol, logP, total }) => ({
      symbols: symbol === BOUNDARY ? open[origin].symbols : [...open[origin].symbols, symbol],
      logPs: [...open[origin].logPs, logP],
      looks: [...open[origin].looks, said[origin].look],
      total,
      written: said[origin].written,
    });
    found.push(...ways.slice(0, beam).filter(({ symbol }) => symbol === BOUNDARY).map(gone));
    open = ways.filter(({ symbol }) => symbol !== BOUNDARY).slice(0, beam).map(gone);
    const tooLong = length >= limit;
    if (tooLong && found.length === 0) found = open;
    found = found.sort((a, b) => score(b) - score(a)).slice(0, beam);
    // K that have ended are not enough where one that can still go on is better by now.
    const hope = Math.max(...open.map(({ total }) => total / length));
    const enough = found.length === beam && hope <= score(found[beam - 1]);
    if (tooLong || enough || open.length === 0) return found;
    yield;
  }
}

/** What targets are ranked by: the mean of their symbols. @param {Target} target */
export function score({ total, logPs }) {
  return total / logPs.length;
}

/** The best ways to go on, the best first; of two that are as good, that of the earlier target and
 * then of the lower symbol. @param {Open[]} open @param {Float64Array[]} spreads (V,) each
 * @param {number} count @returns {Way[]} */
function likeliest(open, spreads, count) {
  /** @type {Way[]} */
  const best = [];
  spreads.forEach((spread, origin) => {
    const before = open[origin].total;
    spread.forEach((logP, symbol) => {
      const total = before + logP;
      let place = best.length;
      if (total === -Infinity || (place === count && total <= best[count - 1].total)) return;
      while (place > 0 && best[place - 1].total < total) place--;
      best.splice(place, 0, { origin, symbol, logP, total });
      best.length = Math.min(best.length, count);
    });
  });
  return best;
}

/** The symbols that would say a phrase once more than it may stand in a row.
 * @param {number[]} symbols @param {number} repeats */
function loops(symbols, repeats) {
  const found = [];
  for (let length = 1; length <= LONGEST_PHRASE; length++) {
    const end = symbols.slice(-(length * (repeats + 1) - 1));
    if (end.length < length * (repeats + 1) - 1) break;
    if (end.every((symbol, place) => place < length || symbol === end[place - length])) {
      found.push(symbols[symbols.length - length]);
    }
  }
  return found;
}
