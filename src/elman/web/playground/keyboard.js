/** <elman-keyboard>: a phone's keyboard on a language model. Three words are offered after every
 * letter, what is written teaches it, and what it learned can be seen, forgotten and kept.
 *
 * The server holds the keyboard. It is told the text as it stands, one request at a time; an answer
 * about a text that has gone on meanwhile is not shown. */

import { element, percent } from "../runtime/elements.js";
import { ask, close, Refused } from "./asking.js";
import { learnedPanel } from "./learned.js";
import { textBox } from "../runtime/parts.js";

/** @typedef {import("./page.js").Place} Place
 * @typedef {{word: string, probability: number, learned: boolean}} Offered
 * @typedef {{keyboard: string, text: string, suggestions: Offered[], keystrokes: number,
 *   saved: number, learned: number}} Typed */

const PATIENCE = 150; // milliseconds until what is offered is shown to be late
const LONGEST = 1900; // characters, so that the server's limit leaves room for a word
const HELP = "1 2 3 or Tab takes one; after Esc a key is itself.";

export class Keyboard extends HTMLElement {
  /** @type {Place | undefined} */
  #place;
  #name = ""; // of the keyboard; none before it is open
  #current = false; // whether what is offered is for the text that stands there
  #slow = 0; // a timer
  #busy = false;
  #anew = false; // whether the server is still to be told that a new text begins
  #literal = false; // whether the next key is itself
  #box = document.createElement("textarea");
  #offered = element("div", { className: "row", role: "group", ariaLabel: "Suggestions" });
  #saved = element("p", { className: "told" });
  /** @type {ReturnType<typeof learnedPanel> | undefined} */
  #panel;
  #leave = () => void this.#close();

  /** @param {Place} place */
  begin(place) {
    this.#place = place;
    const { box, node } = textBox("Text", { id: "text", rows: 5, maxLength: LONGEST });
    this.#box = box;
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("input", (event) => {
      if (!(event instanceof InputEvent && event.isComposing)) void this.#write();
    });
    box.addEventListener("compositionend", () => void this.#write());
    const clear = element("button", { type: "button" }, "New text");
    clear.addEventListener("click", () => this.#clear());
    const help = element("p", { className: "told", id: "keys" }, HELP);
    box.setAttribute("aria-describedby", "keys");
    this.#panel = learnedPanel(place, {
      path: (what) => this.#path(what),
      changed: (/** @type {Typed} */ typed) => this.#show(typed),
      opened: (memory) => this.#open(memory),
    });
    const below = element("div", { className: "row spread" }, this.#saved, clear);
    this.replaceChildren(node, this.#offered, help, below, this.#panel.node);
    void this.#open();
  }

  connectedCallback() {
    addEventListener("pagehide", this.#leave);
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#leave);
    void this.#close();
  }

  /** @param {string} what */
  #path(what) {
    return `keyboards/${this.#name}/${what}`;
  }

  /** A new keyboard, on which the same text stands. @param {object} [memory] */
  async #open(memory) {
    if (!this.#place) return;
    const before = this.#name;
    try {
      const opened = await ask(this.#place.model, "keyboards", memory ? { memory } : {});
      if (!this.isConnected) return void close(this.#place.model, `keyboards/${opened.keyboard}`);
      if (before) void close(this.#place.model, `keyboards/${before}`).catch(() => {});
      this.#name = opened.keyboard;
      if (this.#box.value) await this.#write();
      else this.#show(opened);
    } catch (error) {
      this.#place.failed(error);
    }
  }

  async #close() {
    const name = this.#name;
    this.#name = "";
    if (name && this.#place) await close(this.#place.model, `keyboards/${name}`).catch(() => {});
  }

  /** Tell the server what stands there, until it has not changed meanwhile.
   * @param {number} [accept] the suggestion that is taken */
  async #write(accept) {
    this.#wait();
    if (this.#busy || !this.#place) return;
    this.#busy = true;
    try {
      if (!this.#name) return;
      let known = /** @type {string | null} */ (null);
      while (this.#anew || known !== this.#box.value) {
        if (this.#anew) {
          this.#anew = false;
          await ask(this.#place.model, this.#path("clear"), {});
        }
        const text = this.#box.value;
        const asked = accept === undefined ? { text } : { text, accept };
        accept = undefined;
        /** @type {Typed} */
        const typed = await ask(this.#place.model, this.#path("write"), asked);
        if (this.#anew) continue;
        known = typed.text;
        if (this.#box.value.startsWith(text)) this.#rebase(text, known);
        if (this.#box.value === known) this.#show(typed);
      }
    } catch (error) {
      await this.#lost(error);
    } finally {
      this.#busy = false;
    }
  }

  /** What is offered is for another text. It is dimmed by a timer: a transition, even one that is
   * always undone before it begins, has the browser draw frame after frame, and costs a key 8 ms. */
  #wait() {
    if (!this.#current) return;
    this.#current = false;
    this.#offered.ariaBusy = "true";
    this.#slow = setTimeout(() => this.#offered.classList.add("late"), PATIENCE);
  }

  /** What was typed since stands behind what the text has become. @param {string} before
   * @param {string} now */
  #rebase(before, now) {
    if (now !== before) this.#box.value = now + this.#box.value.slice(before.length);
  }

  /** @param {unknown} error */
  async #lost(error) {
    if (error instanceof Refused && error.status === 404 && this.isConnected) {
      this.#name = ""; // it was idle for too long: another one learns from what stands here
      this.#busy = false;
      await this.#open();
    }
    this.#place?.failed(error);
  }

  #clear() {
    this.#anew = true;
    this.#box.value = "";
    this.#box.focus();
    void this.#write();
  }

  /** @param {Typed} typed */
  #show({ suggestions, keystrokes, saved, learned }) {
    this.#current = true;
    clearTimeout(this.#slow);
    this.#offered.ariaBusy = "false";
    this.#offered.classList.remove("late");
    this.#offered.replaceChildren(...suggestions.map((each, number) => this.#button(each, number)));
    const byHand = keystrokes + saved;
    const share = byHand > 0 ? ` (${percent(saved / byHand)})` : "";
    this.#saved.textContent = `${keystrokes} keystrokes, ${saved} saved${share}`;
    this.#panel?.show(learned);
    this.#place?.said("");
  }

  /** @param {Offered} offered @param {number} number */
  #button({ word, probability, learned }, number) {
    const title = `${percent(probability)}${learned ? ", learned from you" : ""}`;
    const className = learned ? "offered learned" : "offered";
    const button = element("button", { type: "button", title, className }, word);
    button.addEventListener("click", () => {
      this.#take(number);
      this.#box.focus();
    });
    return button;
  }

  /** @param {number} number @returns {boolean} whether there was one to take */
  #take(number) {
    const there = this.#current && !this.#busy && number < this.#offered.childElementCount;
    if (!there || this.#box.value.length >= LONGEST) return false;
    void this.#write(number);
    return true;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const literal = this.#literal;
    this.#literal = event.key === "Escape";
    if (literal) return;
    const number = event.key === "Tab" ? 0 : ["1", "2", "3"].indexOf(event.key);
    const digits = number >= 0 && event.key !== "Tab" && /\d$/.test(this.#box.value);
    if (number >= 0 && !digits && this.#take(number)) event.preventDefault();
  }
}

customElements.define("elman-keyboard", Keyboard);
