/**
 * Seeded random numbers: those of numpy's `default_rng(seed).random()`, so that a seed generates
 * the same text here as in Python.
 *
 * Sources: M. E. O'Neill, 'PCG: A Family of Simple Fast Space-Efficient Statistically Good
 * Algorithms for Random Number Generation' (2014), section 6.3, with 128 bits (XSL-RR); the
 * state is initialised from a seed as numpy's SeedSequence does (M. E. O'Neill,
 * 'Developing a seed_seq Alternative', 2015).
 */

const WORDS = 4; // of 32 bits, in the entropy pool
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const MASK64 = 2n ** 64n - 1n;
const MASK128 = 2n ** 128n - 1n;

/** A function that returns uniform numbers in [0, 1).
 * @param {number} seed a whole number, 0 or more @returns {() => number} */
export function randomNumbers(seed) {
  const [high, low, highStep, lowStep] = initialState(seed);
  const step = ((((highStep << 64n) | lowStep) << 1n) | 1n) & MASK128;
  /** @param {bigint} before */
  const after = (before) => (before * MULTIPLIER + step) & MASK128;
  let state = after(after(0n) + ((high << 64n) | low));
  return () => {
    state = after(state);
    const folded = (state >> 64n) ^ (state & MASK64);
    const rotation = state >> 122n;
    const rotated = ((folded >> rotation) | (folded << (64n - rotation))) & MASK64;
    return Number(rotated >> 11n) / 2 ** 53;
  };
}

/** A hash function that changes with each call. @param {number} constant
 * @param {number} multiplier */
function hasher(constant, multiplier) {
  /** @param {number} word */
  return (word) => {
    const mixed = word ^ constant;
    constant = Math.imul(constant, multiplier);
    return folded(Math.imul(mixed, constant));
  };
}

/** @param {number} word */
function folded(word) {
  return (word ^ (word >>> 16)) >>> 0;
}

/** A seed as four numbers of 64 bits. @param {number} seed @returns {bigint[]} */
function initialState(seed) {
  const hash = hasher(0x43b0d7e5, 0x931e8875);
  const entropy = [seed % 2 ** 32, Math.floor(seed / 2 ** 32), 0, 0];
  const pool = entropy.map(hash);
  for (let from = 0; from < WORDS; from++) {
    for (let to = 0; to < WORDS; to++) {
      if (from === to) continue;
      const mixed = Math.imul(0xca01f9dd, pool[to]) - Math.imul(0x4973f715, hash(pool[from]));
      pool[to] = folded(mixed | 0);
    }
  }
  const output = hasher(0x8b51f9dd, 0x58f38ded);
  const words = [...pool, ...pool].map(output).map(BigInt);
  return [0, 2, 4, 6].map((index) => words[index] | (words[index + 1] << 32n));
}
