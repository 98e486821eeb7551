/** A keyboard on a model in the browser: suggestions for a text. The user's words are not counted. */

import { accept } from "./accept.js";

/** @typedef {import("./suggestions.js").Suggestion} Suggestion */

const SUGGESTIONS = 3;
const CONTEXT = 2000; // characters at the end of the text that are read

export class KeyboardSession {
  maxLength = Infinity;

  /** @param {{suggest(text: string, count: number): Suggestion[]}} model */
  constructor(model) {
    this.model = model;
    this.state = this.#stateOf("");
  }

  /** @param {string} text @param {number} [accepted] the suggestion to accept */
  async write(text, accepted) {
    const taken = accepted === undefined ? undefined : this.state.suggestions[accepted];
    this.state = this.#stateOf(taken ? accept(text, taken.word) : text);
    return this.state;
  }

  async clear() {
    this.state = this.#stateOf("");
  }

  async close() {}

  /** @param {string} text */
  #stateOf(text) {
    const found = this.model.suggest(end(text), SUGGESTIONS);
    return { text, suggestions: found.map((each) => ({ ...each, ofUser: false })) };
  }
}

/** The end of a text, from the beginning of a line or a word. @param {string} text */
function end(text) {
  if (text.length <= CONTEXT) return text;
  const found = text.slice(-CONTEXT);
  return found.slice(found.search(/\s/) + 1);
}
