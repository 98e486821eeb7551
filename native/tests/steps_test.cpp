// The operations of a step, each against plain loops in double, on every instruction set of this
// machine. Arrays are exactly as large as they must be, so that the address sanitizer sees every
// step over an end; what must be written holds NaN before.
//
// Shapes: B rows, W width, K depth, N outputs, S symbols of a source.
#include <algorithm>
#include <memory>

#include "checks.h"

using namespace elman;

namespace {

typedef std::vector<float> Floats;
typedef std::vector<int64_t> Whole;

constexpr double TOLERANCE = 1e-5;

Floats drawn(int64_t count, double size = 1) {
  std::uniform_real_distribution<double> any(-size, size);
  Floats all(count);
  for (float& x : all) x = static_cast<float>(any(source));
  return all;
}
Floats blank(int64_t count) { return Floats(count, static_cast<float>(NOTHING)); }
Numbers wide(const Floats& all) { return Numbers(all.begin(), all.end()); }

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double tanh_of(double x) { return std::tanh(x); }

struct Sizes {
  int64_t rows, width;
  int threads;
};
// Fewer rows than a thread is worth and more, widths below and above a vector and a panel of them.
const Sizes SIZES[] = {{1, 1, 1}, {1, 37, 2}, {3, 5, 1}, {21, 16, 2}, {21, 101, 1}, {35, 7, 4}};

// A program, and the arrays that stand in its outer slots.
struct Run {
  const Sizes& sizes;
  std::unique_ptr<Program> program{core().program()};
  std::vector<uintptr_t> outers;

  int of(Floats& all, int64_t width) { return add(all.data(), width); }
  int of(Whole& all, int64_t width) { return add(all.data(), 2 * width); }
  void go() { program->run(sizes.rows, outers.data(), sizes.threads); }

 private:
  int add(void* at, int64_t width) {
    outers.push_back(reinterpret_cast<uintptr_t>(at));
    return program->outer(width);
  }
};

// What an operation makes of W numbers a row of some arrays, number by number.
template <class Ask, class Each>
void check_each(const Sizes& sizes, const char* name, size_t arrays, Ask ask, Each each) {
  int64_t count = sizes.rows * sizes.width;
  std::vector<Floats> given;
  for (size_t i = 0; i < arrays; ++i) given.push_back(drawn(count, 3));
  Floats out = blank(count);
  Run run{sizes};
  std::vector<int> slots;
  for (Floats& all : given) slots.push_back(run.of(all, sizes.width));
  slots.push_back(run.of(out, sizes.width));
  ask(*run.program, slots);
  run.go();
  Numbers expected(count);
  for (int64_t i = 0; i < count; ++i) {
    Numbers x;
    for (const Floats& all : given) x.push_back(all[i]);
    expected[i] = each(x);
  }
  expect_near(name, wide(out), expected, TOLERANCE);
}

void check_vectors(const Sizes& sizes) {
  int64_t W = sizes.width;
  typedef const std::vector<int>& Slots;
  check_each(sizes, "add", 2, [&](Program& p, Slots at) { p.add(at[0], at[1], at[2], W); },
             [](Numbers x) { return x[0] + x[1]; });
  check_each(sizes, "copy", 1, [&](Program& p, Slots at) { p.copy(at[0], at[1], W); },
             [](Numbers x) { return x[0]; });
  check_each(sizes, "silu_gate", 2,
             [&](Program& p, Slots at) { p.silu_gate(at[0], at[1], at[2], W); },
             [](Numbers x) { return x[0] * sigmoid(x[0]) * x[1]; });
  for (bool relu : {false, true})
    check_each(sizes, "elman", 1, [&](Program& p, Slots at) { p.elman(at[0], at[1], W, relu); },
               [&](Numbers x) { return relu ? std::max(x[0], 0.0) : tanh_of(x[0]); });
}

// A row of gates, W of them for each, and what becomes of the state.
void check_cells(const Sizes& sizes) {
  int64_t W = sizes.width, count = sizes.rows * W;
  Floats gates = drawn(4 * count, 3), hidden = drawn(3 * count, 3), before = drawn(count);
  auto gate = [&](const Floats& all, int64_t kinds, int64_t i, int64_t which) -> double {
    return all[i / W * kinds * W + which * W + i % W];
  };
  auto check = [&](const char* name, auto ask, auto each) {
    Floats h = blank(count), c = blank(count);
    Run run{sizes};
    ask(run, h, c);
    run.go();
    Numbers of_h(count), of_c(count);
    for (int64_t i = 0; i < count; ++i) std::tie(of_h[i], of_c[i]) = each(i);
    expect_near(name, wide(h), of_h, TOLERANCE);
    if (of_c[0] == of_c[0]) expect_near(name, wide(c), of_c, TOLERANCE);
  };
  check("lstm",
        [&](Run& run, Floats& h, Floats& c) {
          int in = run.of(gates, 4 * W), old = run.of(before, W), to_h = run.of(h, W);
          run.program->lstm(in, old, to_h, run.of(c, W), W);
        },
        [&](int64_t i) {
          auto g = [&](int64_t which) { return gate(gates, 4, i, which); };
          double c = sigmoid(g(1)) * before[i] + sigmoid(g(0)) * tanh_of(g(2));
          return std::make_pair(sigmoid(g(3)) * tanh_of(c), c);
        });
  Floats three(gates.begin(), gates.begin() + 3 * count);
  check("gru",
        [&](Run& run, Floats& h, Floats&) {
          int in = run.of(three, 3 * W), mine = run.of(hidden, 3 * W), old = run.of(before, W);
          run.program->gru(in, mine, old, run.of(h, W), W);
        },
        [&](int64_t i) {
          auto sum = [&](int64_t which) { return gate(three, 3, i, which) + gate(hidden, 3, i, which); };
          double r = sigmoid(sum(0)), z = sigmoid(sum(1));
          double n = tanh_of(gate(three, 3, i, 2) + r * gate(hidden, 3, i, 2));
          return std::make_pair((1 - z) * n + z * before[i], NOTHING);
        });
  Floats two(gates.begin(), gates.begin() + 2 * count);
  check("mingru",
        [&](Run& run, Floats& h, Floats&) {
          int in = run.of(two, 2 * W), old = run.of(before, W);
          run.program->mingru(in, old, run.of(h, W), W);
        },
        [&](int64_t i) {
          double z = sigmoid(gate(two, 2, i, 0));
          return std::make_pair((1 - z) * before[i] + z * gate(two, 2, i, 1), NOTHING);
        });
  Whole time(sizes.rows), after(sizes.rows, -1), periods(W);
  for (int64_t row = 0; row < sizes.rows; ++row) time[row] = row;
  for (int64_t unit = 0; unit < W; ++unit) periods[unit] = 1 << (unit % 3);
  Floats one(gates.begin(), gates.begin() + count);
  check("clockwork",
        [&](Run& run, Floats& h, Floats&) {
          int in = run.of(one, W), old = run.of(before, W), now = run.of(time, 1);
          int to_h = run.of(h, W);
          run.program->clockwork(in, old, now, to_h, run.of(after, 1), periods.data(), W);
        },
        [&](int64_t i) {
          bool moves = time[i / W] % periods[i % W] == 0;
          return std::make_pair(moves ? tanh_of(one[i]) : double{before[i]}, NOTHING);
        });
  for (int64_t row = 0; row < sizes.rows; ++row) expect(after[row] == row + 1, "the time");
}

void check_rows(const Sizes& sizes) {
  int64_t W = sizes.width, B = sizes.rows, V = 5;
  Floats x = drawn(B * W), weight = drawn(W), table = drawn(V * W), out = blank(B * W);
  {
    Run run{sizes};
    int in = run.of(x, W);
    run.program->rms_norm(in, run.of(out, W), weight.data(), W, 1e-3f);
    run.go();
    Numbers expected(B * W);
    for (int64_t row = 0; row < B; ++row) {
      double squares = 0;
      for (int64_t i = 0; i < W; ++i) squares += double{x[row * W + i]} * x[row * W + i];
      for (int64_t i = 0; i < W; ++i)
        expected[row * W + i] = x[row * W + i] * weight[i] / std::sqrt(squares / W + 1e-3);
    }
    expect_near("rms_norm", wide(out), expected, TOLERANCE);
  }
  {
    Whole symbols(B);
    for (int64_t& symbol : symbols) symbol = source() % V;
    Run run{sizes};
    int in = run.of(symbols, 1);
    run.program->embed(in, run.of(out, W), table.data(), V, W, 2);
    run.go();
    Numbers expected;
    for (int64_t symbol : symbols)
      for (int64_t i = 0; i < W; ++i) expected.push_back(2 * double{table[symbol * W + i]});
    expect_near("embed", wide(out), expected, 0);
    for (int64_t wrong : {int64_t{-1}, V}) {
      symbols.back() = wrong;
      bool refused = false;
      try {
        run.go();
      } catch (const std::out_of_range&) {
        refused = true;
      }
      expect(refused, "a symbol outside of the vocabulary is refused");
    }
  }
  {
    Floats logits = drawn(B * W, 9);
    Numbers expected = wide(logits);
    for (int64_t row = 0; row < B; ++row) {
      double whole = 0;
      for (int64_t i = 0; i < W; ++i) whole += std::exp(expected[row * W + i]);
      for (int64_t i = 0; i < W; ++i) expected[row * W + i] -= std::log(whole);
    }
    Run run{sizes};
    run.program->log_softmax(run.of(logits, W), W);
    run.go();
    expect_near("log_softmax", wide(logits), expected, TOLERANCE);
  }
}

void check_convolution(const Sizes& sizes) {
  int64_t W = sizes.width, B = sizes.rows, K = 4;
  Floats x = drawn(B * W), recent = drawn(B * (K - 1) * W), weight = drawn(K * W), bias = drawn(W);
  Floats out = blank(B * W), following = blank(B * (K - 1) * W);
  Run run{sizes};
  int in = run.of(x, W), past = run.of(recent, (K - 1) * W), to = run.of(out, W);
  run.program->convolution(in, past, to, run.of(following, (K - 1) * W), weight.data(),
                           bias.data(), K, W);
  run.go();
  Numbers expected(B * W), shifted;
  for (int64_t row = 0; row < B; ++row) {
    auto input = [&](int64_t place, int64_t i) -> double {  // K - 1 is the newest
      return place == K - 1 ? x[row * W + i] : recent[(row * (K - 1) + place) * W + i];
    };
    for (int64_t i = 0; i < W; ++i) {
      expected[row * W + i] = bias[i];
      for (int64_t k = 0; k < K; ++k) expected[row * W + i] += weight[k * W + i] * input(K - 1 - k, i);
    }
    for (int64_t place = 1; place < K; ++place)
      for (int64_t i = 0; i < W; ++i) shifted.push_back(input(place, i));
  }
  expect_near("convolution", wide(out), expected, TOLERANCE);
  expect_near("what it reads next", wide(following), shifted, 0);
}

void check_linear(const Sizes& sizes) {
  int64_t K = sizes.width, N = sizes.width + 3, B = sizes.rows;
  Floats x = drawn(B * K), weight = drawn(N * K), bias = drawn(N);
  for (auto [precision, tolerance] : {std::make_pair(Precision::float32, TOLERANCE),
                                      std::make_pair(Precision::int8, 2e-2)})
    for (bool adds : {false, true}) {
      Floats out = adds ? drawn(B * N) : blank(B * N);
      Numbers expected(B * N);
      for (int64_t i = 0; i < B * N; ++i) {
        expected[i] = (adds ? out[i] : 0) + (adds ? 0 : bias[i % N]);
        for (int64_t k = 0; k < K; ++k)
          expected[i] += double{weight[i % N * K + k]} * x[i / N * K + k];
      }
      Run run{sizes};
      int in = run.of(x, K);
      run.program->linear(precision, in, run.of(out, N), adds, weight.data(),
                          adds ? nullptr : bias.data(), K, N);
      run.go();
      expect_near("linear", wide(out), expected, tolerance);
    }
}

// Sources of unequal length, some rows for each.
void check_attention(const Sizes& sizes, bool additive) {
  int64_t heads = sizes.width % 2 || additive ? 1 : 2, W = sizes.width, E = W / heads, S = 6;
  int64_t targets = sizes.rows % 7 ? 1 : 7, sources = sizes.rows / targets;
  Floats query = drawn(sizes.rows * W, 4), weigh = drawn(W), out = blank(sizes.rows * W);
  Floats keys = drawn(sources * S * W, 4), values = drawn(sources * S * W), shut(sources * S);
  for (int64_t source_row = 0; source_row < sources; ++source_row)
    for (int64_t s = 1 + source() % S; s < S; ++s)
      shut[source_row * S + s] = -std::numeric_limits<float>::infinity();
  Whole about = {S, targets};
  Run run{sizes};
  int q = run.of(query, W), to = run.of(out, W);
  Looked looked = {run.of(keys, 0), run.of(values, 0), run.of(shut, 0), run.of(about, 0)};
  run.program->attention(q, looked, to, heads, W, additive ? weigh.data() : nullptr);
  run.go();
  Numbers expected(sizes.rows * W, 0);
  for (int64_t row = 0; row < sizes.rows; ++row)
    for (int64_t head = 0; head < heads; ++head) {
      int64_t from = (row / targets * heads + head) * S * E, at = row * W + head * E;
      Numbers share(S);
      double whole = 0;
      for (int64_t s = 0; s < S; ++s) {
        double like = 0;
        for (int64_t i = 0; i < E; ++i) {
          double asked = query[at + i], key = keys[from + s * E + i];
          like += additive ? weigh[i] * tanh_of(asked + key) : asked * key / std::sqrt(double(E));
        }
        whole += share[s] = std::exp(like + shut[row / targets * S + s]);
      }
      for (int64_t s = 0; s < S; ++s)
        for (int64_t i = 0; i < E; ++i)
          expected[at + i] += share[s] / whole * values[from + s * E + i];
    }
  expect_near("attention", wide(out), expected, TOLERANCE);
}

}  // namespace

int main() {
  return told([] {
    for (const Sizes& sizes : SIZES)
      for (const std::string& set : instruction_sets()) {
        use(set);
        context = set + ", B " + std::to_string(sizes.rows) + ", W " + std::to_string(sizes.width) +
                  ", threads " + std::to_string(sizes.threads);
        check_vectors(sizes);
        check_cells(sizes);
        check_rows(sizes);
        check_convolution(sizes);
        check_linear(sizes);
        check_attention(sizes, false);
        check_attention(sizes, true);
      }
  });
}
