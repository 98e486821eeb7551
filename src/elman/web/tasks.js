/** The table of tasks: for each its name, what its page says, its view, and who answers: a server, or
 * a model in the browser. Clients are loaded on demand, so that a page loads its own kind only. */

import { classificationView } from "./views/classification.js";
import { descriptionView } from "./views/description.js";
import { forecastingView } from "./views/forecasting.js";
import { languageModelingView } from "./views/language_modeling.js";
import { taggingView } from "./views/tagging.js";
import { translationView } from "./views/translation.js";

/**
 * @typedef {object} Task
 * @property {string} name
 * @property {string} description
 * @property {(page: import("./views/page.js").Page<any>) => Node[]} view
 * @property {() => Promise<new (model: import("./playground/api.js").Model) => any>} http
 * @property {() => Promise<new (bundle: import("./runtime/safetensors.js").Bundle) => any>} runtime
 */

/** By the task in a model file. @type {Record<string, Task>} */
export const TASKS = {
  classify: {
    name: "classification",
    description: "Classifies a text as you type, word by word.",
    view: classificationView,
    http: async () => (await import("./playground/clients/classification.js")).HttpClassifier,
    runtime: async () => (await import("./runtime/classifier.js")).Classifier,
  },
  tag: {
    name: "tagging",
    description: "Tags each word of a sentence as you type.",
    view: taggingView,
    http: async () => (await import("./playground/clients/tagging.js")).HttpTagger,
    runtime: async () => (await import("./runtime/tagger.js")).Tagger,
  },
  language: {
    name: "language modeling",
    description: "Suggests the next word as you type, and generates text.",
    view: languageModelingView,
    http: async () => (await import("./playground/clients/language_modeling.js")).HttpLanguageModel,
    runtime: async () => (await import("./runtime/language_model.js")).LanguageModel,
  },
  translate: {
    name: "translation",
    description: "Translates a text as you type.",
    view: translationView,
    http: async () => (await import("./playground/clients/translation.js")).HttpTranslator,
    runtime: async () => (await import("./runtime/translator.js")).Translator,
  },
  describe: {
    name: "description",
    description: "Describes vectors in words.",
    view: descriptionView,
    http: async () => (await import("./playground/clients/description.js")).HttpDescriber,
    runtime: async () => (await import("./runtime/describer.js")).Describer,
  },
  forecast: {
    name: "forecasting",
    description: "Forecasts the next values of time series.",
    view: forecastingView,
    http: async () => (await import("./playground/clients/forecasting.js")).HttpForecaster,
    runtime: async () => (await import("./runtime/forecaster.js")).Forecaster,
  },
};
