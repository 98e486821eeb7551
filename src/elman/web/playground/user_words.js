/** The words that a user has written on a keyboard: listed, removed, saved to a file, opened again. */

import { button } from "../components/controls.js";
import { element } from "../components/elements.js";

/** @typedef {import("../views/keyboard.js").UserWord} UserWord
 * @typedef {import("../views/keyboard.js").UserWords} UserWords */

const MAX_WORDS = 200; // words of the list
const FILE = "keyboard.json";

/** @param {UserWords} words @param {(error: unknown) => void} showError */
export function userWordsPanel(words, showError) {
  const number = element("span", {});
  const list = element("ul", { className: "words" });
  const file = element("input", { type: "file", accept: ".json,application/json" });
  const save = button("Save to a file", () =>
    attempt(async () => download(await words.store().save())),
  );
  const forgetAll = button("Forget all", () => forget(() => words.store().forgetAll()));
  const open = element("label", { className: "field" }, "Open a saved file", file);
  const help =
    "They are kept as long as this page is open, unless you save them to a file; " +
    "elman type --memory reads the same file.";
  const node = element(
    "details",
    {},
    element("summary", {}, "Words learned from you: ", number),
    element("p", { className: "note" }, help),
    element("div", { className: "row" }, save, forgetAll, open),
    list,
  );
  let drawn = -1; // words when the list was last drawn

  file.addEventListener("change", () =>
    attempt(async () => {
      const chosen = file.files?.[0];
      if (!chosen) return;
      file.value = "";
      await words.open(parsed(await chosen.text(), chosen.name));
    }),
  );
  node.addEventListener("toggle", () => void attempt(draw));

  /** @param {() => Promise<void>} act */
  async function attempt(act) {
    try {
      await act();
    } catch (error) {
      showError(error);
    }
  }

  /** @param {() => Promise<import("../views/keyboard.js").KeyboardState>} act */
  function forget(act) {
    return attempt(async () => {
      drawn = -1;
      words.changed(await act());
    });
  }

  async function draw() {
    if (!node.open) return;
    const all = await words.store().list();
    const items = all.slice(0, MAX_WORDS).map(item);
    const more = all.length - items.length;
    if (more > 0) items.push(element("li", {}, `and ${more} more, in the file`));
    list.replaceChildren(...items);
  }

  /** @param {UserWord} word */
  function item({ word, count, after }) {
    const counts = Object.entries(after).sort(([, one], [, other]) => other - one);
    const before = counts
      .slice(0, 3)
      .map(([token]) => (token === "\n" ? "the start of a line" : token));
    const note = `${count}${before.length ? `, after ${before.join(", ")}` : ""}`;
    const remove = button("Forget", () => forget(() => words.store().forget(word)));
    remove.ariaLabel = `Forget ${word}`;
    return element("li", {}, element("span", {}, word, element("small", {}, note)), remove);
  }

  return {
    node,
    /** @param {number} count of the words now */
    show(count) {
      number.textContent = count === 1 ? "1 word" : `${count} words`;
      if (count !== drawn) void attempt(draw);
      drawn = count;
    },
  };
}

/** @param {string} text @param {string} name */
function parsed(text, name) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name}: it is not JSON. Choose a file that was saved here.`);
  }
}

/** @param {object} memory */
function download(memory) {
  const content = new Blob([JSON.stringify(memory)], { type: "application/json" });
  const href = URL.createObjectURL(content);
  element("a", { href, download: FILE }).click();
  URL.revokeObjectURL(href);
}
