#include "plain.h"

#include <cmath>

namespace plain {
namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// One row of a layer over time.
struct Row {
  const Layer& layer;
  int64_t row;
  int64_t H = layer.units, G = layer.gates(), S = elman::gate_gradients_of(layer.cell);

  struct Step {
    Numbers gate;    // (GH,) after sigmoid and tanh
    Numbers hidden;  // (GH,) the hidden part before them
    Numbers h, c;    // (H,) after the step
  };
  std::vector<Step> steps{};  // the first is the initial state

  int64_t place(int64_t t) const { return t * layer.rows + row; }

  Numbers hidden_part(const Numbers& h) const {
    Numbers sums(G * H);
    for (int64_t i = 0; i < G * H; ++i) {
      sums[i] = layer.bias.empty() ? 0 : layer.bias[i];
      for (int64_t k = 0; k < H; ++k) sums[i] += layer.weight[i * H + k] * h[k];
    }
    return sums;
  }

  Step step(const Step& before, const double* inputs) const {
    Step now{Numbers(G * H), hidden_part(before.h), Numbers(H), Numbers(H)};
    auto total = [&](int64_t gate, int64_t u) {
      return inputs[gate * H + u] + now.hidden[gate * H + u];
    };
    for (int64_t u = 0; u < H; ++u) {
      double* gate = now.gate.data() + u;
      switch (layer.cell) {
        case Cell::elman:
          now.h[u] = std::tanh(total(0, u));
          break;
        case Cell::elman_relu:
          now.h[u] = std::fmax(total(0, u), 0);
          break;
        case Cell::gru:
          gate[0] = sigmoid(total(0, u));
          gate[H] = sigmoid(total(1, u));
          gate[2 * H] = std::tanh(inputs[2 * H + u] + gate[0] * now.hidden[2 * H + u]);
          now.h[u] = (1 - gate[H]) * gate[2 * H] + gate[H] * before.h[u];
          break;
        case Cell::lstm:
          for (int64_t g : {0, 1, 3}) gate[g * H] = sigmoid(total(g, u));
          gate[2 * H] = std::tanh(total(2, u));
          now.c[u] = gate[H] * before.c[u] + gate[0] * gate[2 * H];
          now.h[u] = gate[3 * H] * std::tanh(now.c[u]);
          break;
      }
    }
    return now;
  }

  void forward(Outcome& out) {
    auto state = [&](const Numbers& all) {
      return Numbers(all.begin() + row * H, all.begin() + (row + 1) * H);
    };
    bool two = layer.cell == Cell::lstm;
    steps = {{{}, {}, state(layer.state[0]), two ? state(layer.state[1]) : Numbers{}}};
    for (int64_t t = 0; t < layer.length(row); ++t) {
      steps.push_back(step(steps.back(), &layer.inputs[place(t) * G * H]));
      for (int64_t u = 0; u < H; ++u) out.outputs[place(t) * H + u] = steps.back().h[u];
    }
    for (int64_t u = 0; u < H; ++u) {
      out.after[0][row * H + u] = steps.back().h[u];
      if (two) out.after[1][row * H + u] = steps.back().c[u];
    }
  }

  // The gate gradients of a step for one unit, in the core's order -> the gradient of its state
  // before, without that of the product.
  void slopes(int64_t t, int64_t u, double& to_h, double& to_c, double* to) const {
    const Step &now = steps[t + 1], &before = steps[t];
    const double* gate = now.gate.data() + u;
    double h = now.h[u];
    switch (layer.cell) {
      case Cell::elman:
        to[0] = to_h * (1 - h * h);
        to_h = 0;
        break;
      case Cell::elman_relu:
        to[0] = h > 0 ? to_h : 0;
        to_h = 0;
        break;
      case Cell::gru: {
        double r = gate[0], z = gate[H], n = gate[2 * H], hidden = now.hidden[2 * H + u];
        to[3] = to_h * (1 - z) * (1 - n * n);
        to[2] = to_h * (before.h[u] - n) * z * (1 - z);
        to[1] = to[3] * hidden * r * (1 - r);
        to[0] = to[3] * r;
        to_h *= z;
        break;
      }
      case Cell::lstm: {
        double i = gate[0], f = gate[H], g = gate[2 * H], o = gate[3 * H], c = std::tanh(now.c[u]);
        to_c += to_h * o * (1 - c * c);
        to[0] = to_c * g * i * (1 - i);
        to[1] = to_c * before.c[u] * f * (1 - f);
        to[2] = to_c * i * (1 - g * g);
        to[3] = to_h * c * o * (1 - o);
        to_c *= f;
        to_h = 0;
        break;
      }
    }
  }

  void backward(Outcome& out) const {
    bool two = layer.cell == Cell::lstm;
    Numbers to_h(H), to_c(H);
    for (int64_t u = 0; u < H; ++u) {
      to_h[u] = layer.to_after[0][row * H + u];
      if (two) to_c[u] = layer.to_after[1][row * H + u];
    }
    for (int64_t t = layer.length(row) - 1; t >= 0; --t) {
      double* to_gates = &out.to_gates[place(t) * S * H];
      for (int64_t u = 0; u < H; ++u) {
        double to[4];
        to_h[u] += layer.to_outputs[place(t) * H + u];
        slopes(t, u, to_h[u], to_c[u], to);
        for (int64_t s = 0; s < S; ++s) {
          to_gates[s * H + u] = to[s];
          out.to_bias[s * H + u] += to[s];
        }
      }
      for (int64_t g = 0; g < G; ++g) {
        int64_t s = layer.cell == Cell::gru ? (g + 1) % 3 : g;
        for (int64_t u = 0; u < H; ++u)
          for (int64_t k = 0; k < H; ++k)
            to_h[k] += to_gates[s * H + u] * layer.weight[(g * H + u) * H + k];
      }
    }
    for (int64_t u = 0; u < H; ++u) {
      out.to_state[0][row * H + u] = to_h[u];
      if (two) out.to_state[1][row * H + u] = to_c[u];
    }
  }
};

double product(const Numbers& a, const Numbers& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

Outcome run(const Layer& layer) {
  int64_t states = layer.rows * layer.units, steps = layer.time * states;
  int64_t second = layer.cell == Cell::lstm ? states : 0;
  int64_t slopes = elman::gate_gradients_of(layer.cell);
  Outcome out{Numbers(steps), {Numbers(states), Numbers(second)}, Numbers(steps * slopes),
              Numbers(slopes * layer.units), {Numbers(states), Numbers(second)}};
  for (int64_t row = 0; row < layer.rows; ++row) {
    Row one{layer, row};
    one.forward(out);
    one.backward(out);
  }
  return out;
}

double loss(const Layer& layer, const Outcome& outcome) {
  return product(outcome.outputs, layer.to_outputs) +
         product(outcome.after[0], layer.to_after[0]) +
         product(outcome.after[1], layer.to_after[1]);
}

Recurred run(const Recurrence& all) {
  int64_t H = all.units, steps = all.time * all.rows * H;
  Recurred out{Numbers(steps), all.state, Numbers(2 * steps), all.to_after};
  for (int64_t row = 0; row < all.rows; ++row)
    for (int64_t u = 0; u < H; ++u) {
      auto gate = [&](int64_t t) { return (t * all.rows + row) * 2 * H + u; };
      auto place = [&](int64_t t) { return (t * all.rows + row) * H + u; };
      double first = all.state[row * H + u], &h = out.after[row * H + u];
      for (int64_t t = 0; t < all.length(row); ++t) {
        double z = sigmoid(all.packed[gate(t)]);
        h = out.outputs[place(t)] = (1 - z) * h + z * all.packed[gate(t) + H];
      }
      double& to_h = out.to_state[row * H + u];
      for (int64_t t = all.length(row) - 1; t >= 0; --t) {
        double z = sigmoid(all.packed[gate(t)]), n = all.packed[gate(t) + H];
        double before = t > 0 ? out.outputs[place(t - 1)] : first;
        to_h += all.to_outputs[place(t)];
        out.to_packed[gate(t)] = to_h * (n - before) * z * (1 - z);
        out.to_packed[gate(t) + H] = to_h * z;
        to_h *= 1 - z;
      }
    }
  return out;
}

double loss(const Recurrence& recurrence, const Recurred& outcome) {
  return product(outcome.outputs, recurrence.to_outputs) +
         product(outcome.after, recurrence.to_after);
}

}  // namespace plain
