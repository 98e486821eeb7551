/**
 * A network and n-grams as one model: p = g p_network + (1 - g) p_counts. Python's
 * src/elman/nn/mixture.py has the formula of g.
 *
 * Shapes: V vocabulary, N order of the n-grams.
 */

import { LanguageModelNetwork } from "./network.js";
import { NGrams } from "./ngrams.js";
import { sigmoid } from "./products.js";
import { refuse } from "./safetensors.js";

/** @typedef {import("./safetensors.js").Bundle} Bundle */
/** @typedef {import("./network.js").NetworkState} NetworkState */
/** @typedef {{network: NetworkState, contexts: import("./ngrams.js").Contexts}} MixtureState */
/** @typedef {NetworkState | MixtureState} LanguageState */
/** What maps a token and a state to the next token's logits (V,) and the state after it.
 * @typedef {{initialState(): LanguageState,
 *   step(token: number, state: LanguageState): [Float32Array, LanguageState]}} LanguageNetwork */

const SMALL_MASS = 1e-3;

/** The network of a model file, beside its counts if it has any.
 * @param {Bundle} bundle @returns {LanguageNetwork} */
export function languageNetwork(bundle) {
  const { architecture, counts } = bundle.about;
  const network = new LanguageModelNetwork(bundle, architecture);
  if (!counts) return network;
  const { sizes, gate } = counts;
  const numbers = [...(gate?.bias ?? []), gate?.mass, gate?.entropy];
  const listed = Array.isArray(sizes) && sizes.length > 0 && sizes.every(Number.isSafeInteger);
  if (!listed || numbers.length !== sizes.length + 3 || !numbers.every(Number.isFinite)) {
    refuse("its counts are malformed");
  }
  return new Mixture(network, new NGrams(bundle, sizes, architecture.vocabulary), gate);
}

class Mixture {
  /**
   * @param {LanguageModelNetwork} network
   * @param {NGrams} counts
   * @param {{bias: number[], mass: number, entropy: number}} gate bias (N,)
   */
  constructor(network, counts, gate) {
    this.network = network;
    this.counts = counts;
    this.gate = gate;
  }

  /** @returns {MixtureState} */
  initialState() {
    return { network: this.network.initialState(), contexts: this.counts.initialState() };
  }

  /** @param {number} token @param {MixtureState} state
   * @returns {[Float32Array, MixtureState]} log-probabilities (V,) of the token after it */
  step(token, state) {
    const [logits, network] = this.network.step(token, state.network);
    const contexts = this.counts.advance(token, state.contexts);
    return [this.#mixed(logits, contexts), { network, contexts }];
  }

  /** @param {Float32Array} logits (V,) of the network; they are overwritten
   * @param {import("./ngrams.js").Contexts} contexts */
  #mixed(logits, contexts) {
    const counts = this.counts.distribution(contexts);
    let most = -Infinity;
    for (const logit of logits) most = Math.max(most, logit);
    const weights = new Float64Array(logits.length);
    let whole = 0;
    let products = 0;
    for (let i = 0; i < logits.length; i++) {
      const less = logits[i] - most;
      weights[i] = Math.exp(less);
      whole += weights[i];
      products += weights[i] * less;
    }
    const share = this.#share(contexts, Math.log(whole) - products / whole);
    const ours = share / whole;
    for (let i = 0; i < logits.length; i++) {
      logits[i] = Math.log(weights[i] * ours + counts[i] * (1 - share));
    }
    return logits;
  }

  /** g, the share of the network, whose distribution has this entropy in nats.
   * @param {import("./ngrams.js").Contexts} contexts @param {number} entropy */
  #share(contexts, entropy) {
    const { matched, mass } = this.counts.evidence(contexts);
    const { bias, mass: ofMass, entropy: ofEntropy } = this.gate;
    return sigmoid(bias[matched] + ofMass * Math.log(mass + SMALL_MASS) + ofEntropy * entropy);
  }
}
