/** Long work on a page's one thread, with looks at the keyboard in between. */

const TURN = 12; // milliseconds

/**
 * Work to its end; null where it was broken off.
 *
 * @template Piece, Result
 * @param {Generator<Piece, Result>} work
 * @param {() => boolean} goesOn asked after each turn
 * @param {(piece: Piece) => void} [heard] what the work yields
 * @returns {Promise<Result | null>}
 */
export async function inTurns(work, goesOn, heard = () => {}) {
  let turn = performance.now();
  while (true) {
    const { done, value } = work.next();
    if (done) return value;
    heard(value);
    if (performance.now() - turn > TURN) {
      await new Promise((resolve) => setTimeout(resolve));
      if (!goesOn()) return null;
      turn = performance.now();
    }
  }
}
