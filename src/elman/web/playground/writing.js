/** A language model: a keyboard's three suggestions, and text written on with sliders. */

import { completed } from "../runtime/completing.js";
import { element, percent } from "../runtime/elements.js";
import { ask, newest, written } from "./asking.js";
import { numberBox, slider, textBox } from "./parts.js";

const LATEST = 2000; // characters that suggestions rest on

/** @param {import("./page.js").Place} place */
export function writerView({ model, said, failed }) {
  const { box, node } = textBox("Text", { id: "text", rows: 8 });
  const offered = element("div", { className: "row", role: "group", ariaLabel: "Suggestions" });
  const saved = element("p", { className: "told", role: "status" });
  const write = element("button", { type: "button", className: "main" }, "Write on");
  const temperature = slider("Temperature", { min: 0, max: 2, step: 0.05, value: 0.8 });
  const topP = slider("Top-p", { min: 0.05, max: 1, step: 0.01, value: 0.95 });
  const length = slider("Symbols", { min: 10, max: 2000, step: 10, value: 300 });
  const seed = numberBox("Seed", 1);
  const counts = { typed: 0, spared: 0 };
  /** @type {AbortController | null} */
  let writing = null;

  const offer = newest(async (/** @type {string} */ text) => {
    try {
      const { suggestions } = await ask(model, "suggest", { text: text.slice(-LATEST), count: 3 });
      offered.replaceChildren(...suggestions.map(suggestion));
    } catch (error) {
      failed(error);
    }
  });

  /** @param {{word: string, probability: number}} found */
  function suggestion({ word, probability }) {
    const button = element("button", { type: "button", title: percent(probability) }, word);
    button.addEventListener("click", () => {
      const before = box.value.length;
      box.value = completed(box.value, word);
      count(1, box.value.length - before - 1);
      box.focus();
      void offer(box.value);
    });
    return button;
  }

  /** @param {number} typed @param {number} spared */
  function count(typed, spared) {
    counts.typed += typed;
    counts.spared += spared;
    const share = counts.spared / (counts.typed + counts.spared);
    saved.textContent = `${counts.typed} keystrokes, ${counts.spared} saved (${percent(share)})`;
  }

  async function writeOn() {
    writing = new AbortController();
    write.textContent = "Stop";
    const asked = {
      prompt: box.value,
      length: Number(length.input.value),
      temperature: Number(temperature.input.value),
      top_p: Number(topP.input.value),
      seed: Math.max(0, Math.trunc(Number(seed.input.value))),
    };
    try {
      for await (const piece of written(model, asked, writing.signal)) {
        box.value += piece;
        box.scrollTop = box.scrollHeight;
      }
      said("");
    } catch (error) {
      if (!writing.signal.aborted) failed(error);
    }
    writing = null;
    write.textContent = "Write on";
    void offer(box.value);
  }

  write.addEventListener("click", () => (writing ? writing.abort() : void writeOn()));
  box.addEventListener("input", (event) => {
    if (event instanceof InputEvent) count(1, 0);
    void offer(box.value);
  });
  void offer("");
  const sliders = [temperature, topP, length, seed].map((each) => each.node);
  return [node, offered, saved, element("div", { className: "row" }, write, ...sliders)];
}
