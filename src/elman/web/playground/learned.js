/** What a keyboard learned: listed, forgotten word by word or all, kept in a file, opened again. */

import { element } from "../runtime/elements.js";
import { ask, look } from "./asking.js";

/** @typedef {{word: string, times: number, after: Record<string, number>}} Learned */

const SHOWN = 200; // words of the list
const FILE = "keyboard.json";

/** @param {import("./page.js").Place} place
 * @param {{path: (what: string) => string, changed: (typed: any) => void,
 *   opened: (memory: object) => Promise<void>}} keyboard its routes, and who hears of changes */
export function learnedPanel({ model, failed }, { path, changed, opened }) {
  const count = element("span", {});
  const list = element("ul", { className: "words" });
  const file = element("input", { type: "file", accept: ".json,application/json" });
  const keep = button("Keep it in a file", async () => download(await look(model, path("memory"))));
  const forgetAll = button("Forget all", () => forget("forget-all", {}));
  const from = element("label", { className: "slider" }, "Open a file of it", file);
  const why =
    "It stays on this page's keyboard, and is gone with it unless it is kept in a file; " +
    "elman type --memory reads the same file.";
  const panel = element(
    "details",
    {},
    element("summary", {}, "What it learned from you: ", count),
    element("p", { className: "told" }, why),
    element("div", { className: "row" }, keep, forgetAll, from),
    list,
  );
  let drawn = -1; // words when the list was last drawn

  file.addEventListener("change", () =>
    attempt(async () => {
      const chosen = file.files?.[0];
      if (!chosen) return;
      file.value = "";
      await opened(parsed(await chosen.text(), chosen.name));
    }),
  );
  panel.addEventListener("toggle", () => void attempt(draw));

  /** @param {() => Promise<void>} change */
  async function attempt(change) {
    try {
      await change();
    } catch (error) {
      failed(error);
    }
  }

  /** @param {string} label @param {() => Promise<void>} change */
  function button(label, change) {
    const made = element("button", { type: "button" }, label);
    made.addEventListener("click", () => void attempt(change));
    return made;
  }

  /** @param {string} what @param {object} asked */
  async function forget(what, asked) {
    drawn = -1;
    changed(await ask(model, path(what), asked));
  }

  async function draw() {
    if (!panel.open) return;
    /** @type {{words: Learned[]}} */
    const { words } = await look(model, path("learned"));
    const items = words.slice(0, SHOWN).map(item);
    const rest = words.length - items.length;
    if (rest > 0) items.push(element("li", {}, `and ${rest} more, in the file`));
    list.replaceChildren(...items);
  }

  /** @param {Learned} learned */
  function item({ word, times, after }) {
    const often = Object.entries(after).sort(([, one], [, other]) => other - one);
    const before = often.slice(0, 3).map(([token]) => (token === "\n" ? "a line’s beginning" : token));
    const told = `${times}${before.length ? `, after ${before.join(", ")}` : ""}`;
    const gone = button("Forget", () => forget("forget", { word }));
    gone.ariaLabel = `Forget ${word}`;
    return element("li", {}, element("span", {}, word, element("small", {}, told)), gone);
  }

  return {
    node: panel,
    /** @param {number} words how many are known now */
    show(words) {
      count.textContent = words === 1 ? "1 word" : `${words} words`;
      if (words !== drawn) void attempt(draw);
      drawn = words;
    },
  };
}

/** @param {string} text @param {string} name */
function parsed(text, name) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name}: it is no JSON. Choose a file that was kept here.`);
  }
}

/** @param {object} memory */
async function download(memory) {
  const content = new Blob([JSON.stringify(memory)], { type: "application/json" });
  const href = URL.createObjectURL(content);
  element("a", { href, download: FILE }).click();
  URL.revokeObjectURL(href);
}
