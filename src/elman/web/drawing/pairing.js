/** Two rows of symbols side by side: what both hold, in the same order, stands together. */

/** @typedef {[number | null, number | null]} Pair places in the first and in the second */

/** The longest common subsequence (R. Wagner, M. Fischer, 'The String-to-String Correction Problem',
 * 1974), with the symbols of either one between.
 * @param {string[]} first @param {string[]} second @returns {Pair[]} */
export function paired(first, second) {
  const common = first.concat("").map(() => new Uint16Array(second.length + 1));
  for (let i = first.length - 1; i >= 0; i--)
    for (let j = second.length - 1; j >= 0; j--)
      common[i][j] =
        first[i] === second[j]
          ? common[i + 1][j + 1] + 1
          : Math.max(common[i + 1][j], common[i][j + 1]);
  /** @type {Pair[]} */
  const found = [];
  let [i, j] = [0, 0];
  while (i < first.length || j < second.length) {
    if (i < first.length && j < second.length && first[i] === second[j]) found.push([i++, j++]);
    else if (j >= second.length || (i < first.length && common[i + 1][j] >= common[i][j + 1]))
      found.push([i++, null]);
    else found.push([null, j++]);
  }
  return found;
}
