/** Long work on the page's only thread, in slices between which the page handles its events. */

const SLICE_MILLISECONDS = 12;

/**
 * Run a generator in slices, and yield what it yields.
 *
 * @template Piece, Result
 * @param {Generator<Piece, Result>} work
 * @param {AbortSignal} signal checked after each slice; the work then ends with its reason as error
 * @returns {AsyncGenerator<Piece, Result>}
 */
export async function* sliced(work, signal) {
  let begun = performance.now();
  while (true) {
    const { done, value } = work.next();
    if (done) return value;
    yield value;
    if (performance.now() - begun > SLICE_MILLISECONDS) {
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
      begun = performance.now();
    }
  }
}

/** Run a generator in slices to its end.
 * @template Result
 * @param {Generator<unknown, Result>} work @param {AbortSignal} signal @returns {Promise<Result>} */
export async function finished(work, signal) {
  const slices = sliced(work, signal);
  while (true) {
    const { done, value } = await slices.next();
    if (done) return value;
  }
}
