/** The page of an exported model, which runs in the browser. */

import { statusLine } from "../components/status.js";
import { fetchModel } from "../runtime/model.js";

const about = /** @type {HTMLElement} */ (document.getElementById("about"));
const view = /** @type {HTMLElement} */ (document.getElementById("view"));
const { setStatus, showError } = statusLine("status");

try {
  const { task, model } = await fetchModel("model.safetensors", "cell.json");
  about.textContent = task.description;
  setStatus("");
  view.append(...task.view({ client: model, setStatus, showError, panels: {} }));
} catch (error) {
  showError(error);
}
