/** The playground: each model that is served, used as what it is. */

import { element } from "../runtime/elements.js";
import { models, Refused, useKey } from "./asking.js";
import { classifierView } from "./classifying.js";
import { describerView } from "./describing.js";
import { explaining } from "./explaining.js";
import { forecasterView } from "./forecasting.js";
import { taggerView } from "./tagging.js";
import { translatorView } from "./translating.js";
import { writerView } from "./writing.js";

/** @typedef {import("./asking.js").Model} Model
 * @typedef {{model: Model, said: (words: string) => void, failed: (error: unknown) => void}} Place */

const VIEWS = /** @type {Record<string, {does: string, view: (place: Place) => Node[]}>} */ ({
  classify: { does: "It judges a text as it grows, word by word.", view: classifierView },
  tag: { does: "It tags words as they are typed.", view: taggerView },
  language: { does: "It suggests the next word, and writes on.", view: writerView },
  translate: { does: "It rewrites a text.", view: translatorView },
  describe: { does: "It describes vectors in words.", view: describerView },
  forecast: { does: "It forecasts numbers.", view: forecasterView },
});
const READS_TEXT = new Set(["classify", "tag", "language", "translate"]); // the others see to theirs

const view = /** @type {HTMLElement} */ (document.getElementById("view"));
const menu = /** @type {HTMLElement} */ (document.getElementById("models"));
const told = /** @type {HTMLElement} */ (document.getElementById("told"));

/** @param {string} words */
function said(words) {
  told.textContent = words;
  told.classList.remove("failed");
}

/** @param {unknown} error */
function failed(error) {
  told.textContent = error instanceof Error ? error.message : String(error);
  told.classList.add("failed");
  if (error instanceof Refused && error.status === 401) askKey();
}

function askKey() {
  const key = element("input", { type: "password", autocomplete: "off" });
  const form = element(
    "form",
    { className: "row" },
    element("label", { className: "slider" }, "Key", key),
    element("button", { className: "main" }, "Open"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    useKey(key.value);
    said("");
    void begin();
  });
  view.replaceChildren(form);
  key.focus();
}

/** @param {Model} model */
function show(model) {
  const place = { model, said, failed };
  const { does, view: drawn } = VIEWS[model.task];
  const typed = () => /** @type {HTMLTextAreaElement} */ (view.querySelector("#text")).value;
  said("");
  view.replaceChildren(
    element("p", { className: "told" }, does),
    ...drawn(place),
    ...(READS_TEXT.has(model.task) ? explaining(place, typed) : []),
  );
  for (const link of menu.children)
    link.setAttribute("aria-current", String(link.getAttribute("href") === `#${model.name}`));
}

async function begin() {
  try {
    const served = await models();
    const links = served.map(({ name, task }) =>
      element("a", { href: `#${name}` }, name, element("small", {}, task)),
    );
    menu.replaceChildren(...links);
    const chosen = () => served.find(({ name }) => location.hash === `#${name}`) ?? served[0];
    window.onhashchange = () => show(chosen());
    show(chosen());
  } catch (error) {
    failed(error);
  }
}

void begin();
