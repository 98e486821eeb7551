/** What a view is given by the page that shows it. */

/** @typedef {import("./keyboard.js").UserWords} UserWords */

/**
 * @template Client
 * @typedef {object} Page
 * @property {Client} client answers for the model: a server, or the model in the browser
 * @property {(words: string) => void} setStatus
 * @property {(error: unknown) => void} showError
 * @property {Panels} panels
 */

/**
 * Parts of a view that only some pages have: each makes its elements, or is missing.
 *
 * @typedef {object} Panels
 * @property {(text: () => string) => Node[]} [explainText] explains a typed text
 * @property {(input: () => object, ...beside: Node[]) => Node[]} [explainNumbers] explains numbers;
 *   `beside` stands next to its button
 * @property {(words: UserWords) => {node: Node, show: (count: number) => void}} [userWords] lists
 *   the words that the user has written
 */

/**
 * Answer the latest question only: one at a time, and of those that come meanwhile the last. A newer
 * question aborts the signal of the current one, for answers that can be stopped.
 *
 * @template Question
 * @param {Page<any>} page
 * @param {(question: Question, signal: AbortSignal) => Promise<void>} answer
 * @returns {(question: Question) => Promise<void>}
 */
export function latest(page, answer) {
  /** @type {Question[]} */
  let waiting = [];
  /** @type {AbortController | null} */
  let current = null;
  return async (question) => {
    waiting = [question];
    current?.abort();
    if (current) return;
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      current = new AbortController();
      try {
        await answer(next, current.signal);
        page.setStatus("");
      } catch (error) {
        if (!current.signal.aborted) page.showError(error);
      }
    }
    current = null;
  };
}
