/** The playground: every model of the server, each with the view of its task. */

import { element } from "../components/elements.js";
import { statusLine } from "../components/status.js";
import { TASKS } from "../tasks.js";
import { ApiError, models, useKey } from "./api.js";
import { explainNumbers, explainText } from "./explain_panel.js";
import { userWordsPanel } from "./user_words.js";

/** @typedef {import("./api.js").Model} Model */

const view = /** @type {HTMLElement} */ (document.getElementById("view"));
const menu = /** @type {HTMLElement} */ (document.getElementById("models"));
const status = statusLine("status");

/** @param {unknown} error */
function showError(error) {
  status.showError(error);
  if (error instanceof ApiError && error.status === 401) askKey();
}

function askKey() {
  const key = element("input", { type: "password", autocomplete: "off" });
  const form = element(
    "form",
    { className: "row" },
    element("label", { className: "field" }, "Key", key),
    element("button", { className: "main" }, "Open"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    useKey(key.value);
    status.setStatus("");
    void begin();
  });
  view.replaceChildren(form);
  key.focus();
}

/** @param {Model} model */
async function show(model) {
  for (const link of menu.children)
    link.setAttribute("aria-current", String(link.getAttribute("href") === `#${model.name}`));
  const task = TASKS[model.task];
  const Client = await task.http();
  if (menu.querySelector("[aria-current=true]")?.getAttribute("href") !== `#${model.name}`) return;
  status.setStatus("");
  /** @type {import("../views/page.js").Page<any>} */
  const page = {
    client: new Client(model),
    setStatus: status.setStatus,
    showError,
    panels: {
      explainText: (text) => explainText(page, text),
      explainNumbers: (input, ...beside) => explainNumbers(page, input, ...beside),
      userWords: (words) => userWordsPanel(words, showError),
    },
  };
  view.replaceChildren(element("p", { className: "note" }, task.description), ...task.view(page));
}

async function begin() {
  try {
    const served = await models();
    const links = served.map(({ name, task }) =>
      element("a", { href: `#${name}` }, name, element("small", {}, TASKS[task].name)),
    );
    menu.replaceChildren(...links);
    const chosen = () => served.find(({ name }) => location.hash === `#${name}`) ?? served[0];
    window.onhashchange = () => void show(chosen()).catch(showError);
    await show(chosen());
  } catch (error) {
    showError(error);
  }
}

void begin();
