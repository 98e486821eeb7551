/** A language model on the page: a text that it writes on, and three suggestions. */

import { chances } from "./chance.js";
import { completed } from "./completing.js";
import { element } from "./elements.js";
import { inTurns } from "./turns.js";

/** @typedef {import("./language.js").LanguageModel} LanguageModel */

const SUGGESTIONS = 3;
const LATEST = 2000; // characters that suggestions rest on

/** @param {LanguageModel} model */
export function languageView(model) {
  const text = element("textarea", { id: "text", spellcheck: false });
  const offered = element("div", { className: "row", role: "group", ariaLabel: "Suggestions" });
  const write = element("button", { className: "main", id: "write", textContent: "Write on" });
  const temperature = slider("temperature", "2", "0.05", "0.8");
  const topP = slider("top-p", "1", "0.01", "0.95");
  topP.min = "0.05";
  const seed = element("input", { id: "seed", type: "number", min: "0", value: "1" });
  const length = element("input", { id: "length", type: "number", min: "1", value: "300" });
  let writing = false;

  function offer() {
    const found = model.suggest(latest(text.value), SUGGESTIONS);
    offered.replaceChildren(
      ...found.map(({ word }) => {
        const button = element("button", { textContent: word });
        button.addEventListener("click", () => take(word));
        return button;
      }),
    );
  }

  /** @param {string} word */
  function take(word) {
    text.value = completed(text.value, word);
    text.focus();
    offer();
  }

  async function writeOn() {
    writing = true;
    write.textContent = "Stop";
    const written = model.generate(text.value, {
      length: Number(length.value),
      chance: chances(Number(seed.value)),
      temperature: Number(temperature.value),
      topP: Number(topP.value),
    });
    await inTurns(
      written,
      () => {
        text.scrollTop = text.scrollHeight;
        return writing;
      },
      (piece) => (text.value += piece),
    );
    writing = false;
    write.textContent = "Write on";
    offer();
  }

  write.addEventListener("click", () => {
    if (writing) writing = false;
    else void writeOn();
  });
  text.addEventListener("input", offer);
  offer();
  return [
    element("label", {}, "Text", text),
    offered,
    element("div", { className: "row" }, write),
    element(
      "div",
      { className: "row" },
      labelled("Temperature", temperature),
      labelled("Likeliest share", topP),
      labelled("Seed", seed),
      labelled("Symbols", length),
    ),
  ];
}

/** The end of a text, from the beginning of a line or a word. @param {string} text */
function latest(text) {
  if (text.length <= LATEST) return text;
  const end = text.slice(-LATEST);
  return end.slice(end.search(/\s/) + 1);
}

/** @param {string} id @param {string} max @param {string} step @param {string} value */
function slider(id, max, step, value) {
  return element("input", { type: "range", id, min: "0", max, step, value });
}

/** @param {string} words @param {HTMLInputElement} input */
function labelled(words, input) {
  const shown = element("output", { textContent: input.value });
  input.addEventListener("input", () => (shown.textContent = input.value));
  return element("label", {}, `${words} `, ...(input.type === "range" ? [shown] : []), input);
}
