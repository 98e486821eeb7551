// A network and n-grams as one distribution: log(g p_network + (1 - g) p_counts), where g depends on
// what is known before the token comes.
//
// Shapes: V vocabulary, N order of the n-grams, so N - 1 contexts of a row.
#pragma once

#include "operations.h"

namespace {

struct Mix : Operation {
  Mix(int tokens, int logits, int before, int after, int out, const elman::NGrams& ngrams)
      : tokens(tokens), logits(logits), before(before), after(after), out(out), ngrams(ngrams) {}
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      int64_t token;
      std::memcpy(&token, frame.slots[tokens].row(row), sizeof token);
      auto* known = reinterpret_cast<const int64_t*>(frame.slots[before].row(row));
      auto* contexts = reinterpret_cast<int64_t*>(frame.slots[after].row(row));
      advance(token, known, contexts);
      float* x = frame.slots[logits].row(row);
      float* y = frame.slots[out].row(row);
      float evidence = count(contexts, y);
      mix(x, y, evidence);
    }
  }

 private:
  // The n-gram of a context and a token, or -1.
  static int64_t find(const elman::NGramOrder& order, int64_t context, int64_t token) {
    if (context < 0) return -1;
    int64_t low = order.starts[context], end = order.starts[context + 1], high = end;
    while (low < high) {
      int64_t middle = (low + high) / 2;
      if (order.tokens[middle] < token)
        low = middle + 1;
      else
        high = middle;
    }
    return low < end && order.tokens[low] == token ? low : -1;
  }

  void advance(int64_t token, const int64_t* known, int64_t* contexts) const {
    size_t last = ngrams.orders.size() - 1;
    for (size_t i = 0; i < last; ++i) contexts[i + 1] = find(ngrams.orders[i], known[i], token);
    contexts[0] = token;
  }

  // The probabilities of the counts; returns the gate's part that they decide.
  float count(const int64_t* contexts, float* y) const {
    float weight = 1, mass = 1;
    size_t matched = 0;
    for (size_t i = ngrams.orders.size(); i-- > 0;) {
      const elman::NGramOrder& order = ngrams.orders[i];
      int64_t context = contexts[i];
      if (context < 0 || order.starts[context] == order.starts[context + 1]) continue;
      if (matched == 0) matched = i + 1, mass = order.lower_mass[context];
      weight *= order.lower_mass[context];
    }
    over(ngrams.vocabulary, [&](int64_t i, int n) {
      put(y, i, take(ngrams.unigrams, i, n) * weight, n);
    });
    weight = 1;
    for (size_t i = ngrams.orders.size(); i-- > 0;) {
      const elman::NGramOrder& order = ngrams.orders[i];
      if (contexts[i] < 0) continue;
      int64_t begin = order.starts[contexts[i]], end = order.starts[contexts[i] + 1];
      for (int64_t gram = begin; gram < end; ++gram)
        y[order.tokens[gram]] += order.shares[gram] * weight;
      if (begin < end) weight *= order.lower_mass[contexts[i]];
    }
    return ngrams.gate_bias[matched] + ngrams.gate_mass * __builtin_logf(mass + elman::SMALL_MASS);
  }

  // y = log(g softmax(x) + (1 - g) y); x is overwritten.
  void mix(float* x, float* y, float evidence) const {
    int64_t width = ngrams.vocabulary;
    float most = x[0];
    for (int64_t i = 1; i < width; ++i) most = x[i] > most ? x[i] : most;
    F wholes = {}, products = {};
    over(width, [&](int64_t i, int n) {
      F less = take(x, i, n) - most;
      F e = exp(less);
      put(x, i, e, n);
      F kept = take(x, i, n);  // lanes past the end are zero
      wholes += kept;
      products += kept * choose(kept == F{}, F{}, less);
    });
    float whole = sum(wholes);
    float entropy = __builtin_logf(whole) - sum(products) / whole;
    float z = evidence + ngrams.gate_entropy * entropy;
    float gate = 1 / (1 + __builtin_expf(-z));
    float ours = gate / whole, theirs = 1 - gate;
    over(width, [&](int64_t i, int n) {
      put(y, i, log(take(x, i, n) * ours + take(y, i, n) * theirs), n);
    });
  }

  int tokens, logits, before, after, out;
  elman::NGrams ngrams;
};

// The log-probability of a token by the softmax of logits, and the entropy of that distribution.
struct TokenScore : Operation {
  TokenScore(int logits, int targets, int out, int64_t vocabulary)
      : logits(logits), targets(targets), out(out), vocabulary(vocabulary) {}
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      const float* x = frame.slots[logits].row(row);
      int64_t target;
      std::memcpy(&target, frame.slots[targets].row(row), sizeof target);
      F highest = splat(x[0]);
      over(vocabulary, [&](int64_t i, int n) {
        highest = n >= LANES ? max(load<F>(x + i), highest) : highest;
        for (int lane = 0; n < LANES && lane < n; ++lane)
          highest[0] = x[i + lane] > highest[0] ? x[i + lane] : highest[0];
      });
      float most = highest[0];
      for (int lane = 1; lane < LANES; ++lane) most = highest[lane] > most ? highest[lane] : most;
      F wholes = {}, products = {};
      over(vocabulary, [&](int64_t i, int n) {
        F less = take(x, i, n) - most;
        F e = exp(less);
        if (n < LANES)
          for (int lane = n; lane < LANES; ++lane) e[lane] = 0;
        wholes += e;
        products += e * choose(e == F{}, F{}, less);
      });
      float whole = sum(wholes), log_whole = __builtin_logf(whole);
      float* y = frame.slots[out].row(row);
      y[0] = x[target] - most - log_whole;
      y[1] = log_whole - sum(products) / whole;
    }
  }
  int logits, targets, out;
  int64_t vocabulary;
};

}  // namespace
