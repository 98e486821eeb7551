/** The status line of a page: what it is doing, or an error. */

/** @param {string} id of the element */
export function statusLine(id) {
  const node = /** @type {HTMLElement} */ (document.getElementById(id));
  return {
    /** @param {string} words */
    setStatus(words) {
      node.textContent = words;
      node.classList.remove("error");
    },
    /** @param {unknown} error */
    showError(error) {
      node.textContent = error instanceof Error ? error.message : String(error);
      node.classList.add("error");
    },
  };
}
