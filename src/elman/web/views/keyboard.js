/** <elman-keyboard>: a text box with suggestions, as on a phone. Three words are suggested after every
 * letter; a click, a digit or Tab accepts one.
 *
 * The session, of a server or in the browser, is sent the text as it stands, one call at a time; an
 * answer for a text that has changed meanwhile is not shown. */

import { button, textBox } from "../components/controls.js";
import { element, percent } from "../components/elements.js";

/** @typedef {{word: string, probability: number, ofUser: boolean}} Suggestion with `ofUser` where the
 *   user has written the word before
 * @typedef {{keystrokes: number, saved: number, words: number}} Counts of the user's keystrokes, those
 *   that suggestions saved, and the words that the user has written
 * @typedef {{text: string, suggestions: Suggestion[], counts?: Counts}} KeyboardState
 * @typedef {{word: string, count: number, after: Record<string, number>}} UserWord
 * @typedef {object} UserWordsStore
 * @property {() => Promise<UserWord[]>} list
 * @property {() => Promise<object>} save everything as JSON
 * @property {(word: string) => Promise<KeyboardState>} forget
 * @property {() => Promise<KeyboardState>} forgetAll
 * @typedef {object} KeyboardSession
 * @property {number} maxLength characters of the text
 * @property {KeyboardState} state when it was opened
 * @property {(text: string, accepted?: number) => Promise<KeyboardState>} write the text as it
 *   stands; accept a suggestion by its index. Throws SessionExpired
 * @property {() => Promise<void>} clear begin a new text
 * @property {() => Promise<void>} close
 * @property {UserWordsStore} [userWords] only where a session counts words
 * @typedef {object} UserWords what the list of the user's words works on
 * @property {() => UserWordsStore} store
 * @property {(state: KeyboardState) => void} changed
 * @property {(memory: object) => Promise<void>} open a keyboard with saved words
 * @typedef {import("./page.js").Page<{
 *   openKeyboard: (memory?: object) => Promise<KeyboardSession>}>} KeyboardPage
 */

const STALE_MILLISECONDS = 150; // milliseconds until suggestions are dimmed as stale
const MAX_ACCEPTED = 100; // characters that an accepted word may take
const HELP =
  "Tab accepts the first suggestion, Alt+1, 2 or 3 one of them; after Esc, Tab leaves the box.";

export class SessionExpired extends Error {}

export class Keyboard extends HTMLElement {
  #page;
  /** @type {KeyboardSession | null} */
  #session = null;
  #current = false; // whether the suggestions are for the text in the box
  #slow = 0; // a timer
  #busy = false;
  #cleared = false; // whether the session has yet to begin a new text
  #leaving = false; // whether Tab leaves the box, after Escape
  #box;
  #suggestions = element("div", { className: "row", role: "group", ariaLabel: "Suggestions" });
  #counts = element("p", { className: "note" });
  #words;
  #leave = () => void this.#close();

  /** @param {KeyboardPage} page */
  constructor(page) {
    super();
    this.#page = page;
    const { box, node } = textBox("Text", { id: "text", rows: 5 });
    this.#box = box;
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("input", (event) => {
      if (!(event instanceof InputEvent && event.isComposing)) void this.#write();
    });
    box.addEventListener("compositionend", () => void this.#write());
    box.setAttribute("aria-describedby", "keys");
    this.#words = page.panels.userWords?.({
      store: () => /** @type {UserWordsStore} */ (this.#session?.userWords),
      changed: (state) => this.#show(state),
      open: (memory) => this.#open(memory),
    });
    const help = element("p", { className: "note", id: "keys" }, HELP);
    const clear = button("New text", () => this.#clear());
    const below = element("div", { className: "row spread" }, this.#counts, clear);
    this.append(node, this.#suggestions, help, below, ...(this.#words ? [this.#words.node] : []));
  }

  connectedCallback() {
    addEventListener("pagehide", this.#leave);
    void this.#open();
  }

  disconnectedCallback() {
    removeEventListener("pagehide", this.#leave);
    void this.#close();
  }

  get text() {
    return this.#box.value;
  }

  /** Replace the text, by its end if it is too long. @param {string} text */
  setText(text) {
    const { maxLength } = /** @type {KeyboardSession} */ (this.#session);
    this.#box.value = text.length > maxLength ? text.slice(-maxLength) : text;
    this.#box.focus();
    void this.#write();
  }

  /** Open a session for the text in the box. @param {object} [memory] */
  async #open(memory) {
    const before = this.#session;
    try {
      const opened = await this.#page.client.openKeyboard(memory);
      if (!this.isConnected) return void opened.close().catch(() => {});
      if (before) void before.close().catch(() => {});
      this.#session = opened;
      if (Number.isFinite(opened.maxLength)) this.#box.maxLength = opened.maxLength;
      if (this.#box.value) await this.#write();
      else this.#show(opened.state);
    } catch (error) {
      this.#page.showError(error);
    }
  }

  async #close() {
    const session = this.#session;
    this.#session = null;
    await session?.close().catch(() => {});
  }

  /** Send the text until the session has the one in the box.
   * @param {number} [accepted] the suggestion to accept */
  async #write(accepted) {
    this.#wait();
    if (this.#busy) return;
    this.#busy = true;
    try {
      let known = /** @type {string | null} */ (null);
      while (this.#session && (this.#cleared || known !== this.#box.value)) {
        if (this.#cleared) {
          this.#cleared = false;
          await this.#session.clear();
        }
        const text = this.#box.value;
        const state = await this.#session.write(text, accepted);
        accepted = undefined;
        if (this.#cleared) continue;
        known = state.text;
        if (this.#box.value.startsWith(text)) this.#rebase(text, known);
        if (this.#box.value === known) this.#show(state);
      }
    } catch (error) {
      await this.#lost(error);
    } finally {
      this.#busy = false;
    }
  }

  /** The suggestions are for another text. A timer dims them: a CSS transition, even one that is
   * always undone before it begins, makes the browser draw frame after frame, 8 ms a key. */
  #wait() {
    if (!this.#current) return;
    this.#current = false;
    this.#suggestions.ariaBusy = "true";
    this.#slow = setTimeout(() => this.#suggestions.classList.add("stale"), STALE_MILLISECONDS);
  }

  /** Append what was typed meanwhile to the text of the session. @param {string} before
   * @param {string} now */
  #rebase(before, now) {
    if (now !== before) this.#box.value = now + this.#box.value.slice(before.length);
  }

  /** @param {unknown} error */
  async #lost(error) {
    if (error instanceof SessionExpired && this.isConnected) {
      this.#session = null; // a new one reads the text in the box
      this.#busy = false;
      await this.#open();
    }
    this.#page.showError(error);
  }

  #clear() {
    this.#cleared = true;
    this.#box.value = "";
    this.#box.focus();
    void this.#write();
  }

  /** @param {KeyboardState} state */
  #show({ suggestions, counts }) {
    this.#current = true;
    clearTimeout(this.#slow);
    this.#suggestions.ariaBusy = "false";
    this.#suggestions.classList.remove("stale");
    this.#suggestions.replaceChildren(...suggestions.map((each, n) => this.#button(each, n)));
    if (counts) this.#showCounts(counts);
    this.#page.setStatus("");
  }

  /** @param {Counts} counts */
  #showCounts({ keystrokes, saved, words }) {
    const byHand = keystrokes + saved;
    const share = byHand > 0 ? ` (${percent(saved / byHand)})` : "";
    this.#counts.textContent = `${keystrokes} keystrokes, ${saved} saved${share}`;
    this.#words?.show(words);
  }

  /** @param {Suggestion} suggestion @param {number} number */
  #button({ word, probability, ofUser }, number) {
    const made = button(word, () => {
      this.#accept(number);
      this.#box.focus();
    });
    made.className = ofUser ? "suggestion of-user" : "suggestion";
    made.title = `${percent(probability)}${ofUser ? ", a word of yours" : ""}`;
    return made;
  }

  /** @param {number} number @returns {boolean} whether there was one to accept */
  #accept(number) {
    const there = this.#current && !this.#busy && number < this.#suggestions.childElementCount;
    if (!there || !this.#session) return false;
    if (this.#box.value.length > this.#session.maxLength - MAX_ACCEPTED) return false;
    void this.#write(number);
    return true;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const leaving = this.#leaving;
    this.#leaving = event.key === "Escape";
    // With Alt, some systems type another character than the key's: the code stays.
    const number = event.altKey
      ? ["Digit1", "Digit2", "Digit3"].indexOf(event.code)
      : event.key === "Tab" && !leaving
        ? 0
        : -1;
    if (number >= 0 && this.#accept(number)) event.preventDefault();
  }
}

customElements.define("elman-keyboard", Keyboard);
