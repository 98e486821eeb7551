/** A language model: a keyboard with suggestions, and text generated after what was typed. */

import { button, numberBox, slider } from "../components/controls.js";
import { element } from "../components/elements.js";
import { Keyboard } from "./keyboard.js";

/** @typedef {{length: number, temperature: number, topP: number, seed: number}} GenerationOptions
 *   length in tokens
 * @typedef {object} LanguageModelingClient
 * @property {number} maxLength tokens to generate at once
 * @property {(memory?: object) => Promise<import("./keyboard.js").KeyboardSession>} openKeyboard
 * @property {(prompt: string, options: GenerationOptions, signal: AbortSignal) =>
 *   AsyncIterable<string>} stream generates text, piece by piece
 */

const DEFAULT_LENGTH = 300; // tokens

/** @param {import("./page.js").Page<LanguageModelingClient>} page */
export function languageModelingView(page) {
  const { client } = page;
  const keyboard = new Keyboard(page);
  const generated = element("p", { className: "generated", id: "generated", ariaLive: "off" });
  const temperature = slider("Temperature", { min: 0, max: 2, step: 0.05, value: 0.8 });
  const topP = slider("Top-p", { min: 0.05, max: 1, step: 0.01, value: 0.95 });
  const length = numberBox("Length in tokens", DEFAULT_LENGTH, 1, client.maxLength);
  const seed = numberBox("Seed", 1);
  const generate = button("Generate", () => {
    if (running) running.abort();
    else void run();
  });
  generate.className = "main";
  const keep = button("Continue from here", () => keyboard.setText(generated.textContent ?? ""));
  keep.hidden = true;
  /** @type {AbortController | null} */
  let running = null;

  async function run() {
    const { signal } = (running = new AbortController());
    const prompt = keyboard.text;
    generate.textContent = "Stop";
    keep.hidden = true;
    generated.replaceChildren(element("span", { className: "prompt" }, prompt));
    const options = {
      length: Math.min(client.maxLength, Math.max(1, Math.trunc(Number(length.input.value)))),
      temperature: Number(temperature.input.value),
      topP: Number(topP.input.value),
      seed: Math.max(0, Math.trunc(Number(seed.input.value))),
    };
    try {
      for await (const piece of client.stream(prompt, options, signal)) generated.append(piece);
      page.setStatus("");
    } catch (error) {
      if (!signal.aborted) page.showError(error);
    }
    running = null;
    generate.textContent = "Generate";
    keep.hidden = generated.textContent === prompt;
  }

  const settings = [temperature, topP, length, seed].map((each) => each.node);
  const row = element("div", { className: "row" }, generate, ...settings);
  const explain = page.panels.explainText?.(() => keyboard.text) ?? [];
  return [keyboard, row, generated, element("div", { className: "row" }, keep), ...explain];
}
