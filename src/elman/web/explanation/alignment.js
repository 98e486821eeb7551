/** Aligns two sequences of tokens. */

/** @typedef {[number | null, number | null]} Pair indices in the first and in the second */

/** Pairs the longest common subsequence (R. Wagner, M. Fischer, 'The String-to-String Correction
 * Problem', 1974); other tokens are paired with null.
 * @param {string[]} first @param {string[]} second @returns {Pair[]} */
export function aligned(first, second) {
  const lengths = first.concat("").map(() => new Uint16Array(second.length + 1));
  for (let i = first.length - 1; i >= 0; i--)
    for (let j = second.length - 1; j >= 0; j--)
      lengths[i][j] =
        first[i] === second[j]
          ? lengths[i + 1][j + 1] + 1
          : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
  /** @type {Pair[]} */
  const pairs = [];
  let [i, j] = [0, 0];
  while (i < first.length || j < second.length) {
    if (i < first.length && j < second.length && first[i] === second[j]) pairs.push([i++, j++]);
    else if (j >= second.length || (i < first.length && lengths[i + 1][j] >= lengths[i][j + 1]))
      pairs.push([i++, null]);
    else pairs.push([null, j++]);
  }
  return pairs;
}
