// The operations of a step, each against plain loops in double, on every instruction set of this
// machine. Arrays have their exact size, so that the address sanitizer catches every access out of
// bounds; memory that must be written holds NaN before.
//
// Shapes: B rows, W width, K depth, N outputs, S tokens of a source.
#include <algorithm>
#include <memory>

#include "checks.h"

using namespace elman;

namespace {

typedef std::vector<float> Floats;
typedef std::vector<int64_t> Whole;

constexpr double TOLERANCE = 1e-5;

Floats random_floats(int64_t count, double size = 1) {
  std::uniform_real_distribution<double> any(-size, size);
  Floats all(count);
  for (float& x : all) x = static_cast<float>(any(source));
  return all;
}
Floats unwritten(int64_t count) { return Floats(count, static_cast<float>(NOTHING)); }
Numbers doubles(const Floats& all) { return Numbers(all.begin(), all.end()); }

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double tanh_of(double x) { return std::tanh(x); }

struct Sizes {
  int64_t rows, width;
  int threads;
};
// Fewer and more rows than a thread needs; widths below and above a vector and a panel of vectors.
const Sizes SIZES[] = {{1, 1, 1}, {1, 37, 2}, {3, 5, 1}, {21, 16, 2}, {21, 101, 1}, {35, 7, 4}, {2, 300, 1}};

// A program, and the arrays of its outer slots.
struct Run {
  const Sizes& sizes;
  std::unique_ptr<Program> program{core().program()};
  std::vector<uintptr_t> outers;

  int of(Floats& all, int64_t width) { return add(all.data(), width); }
  int of(Whole& all, int64_t width) { return add(all.data(), 2 * width); }
  Register in(Floats& all, int64_t width) {
    return {Register::Home::slot, false, of(all, width), false, nullptr, 0};
  }
  Register in(Whole& all, int64_t width) {
    return {Register::Home::slot, true, of(all, width), false, nullptr, 0};
  }
  void go() { program->run(sizes.rows, outers.data(), sizes.threads); }

 private:
  int add(void* at, int64_t width) {
    outers.push_back(reinterpret_cast<uintptr_t>(at));
    return program->outer(width);
  }
};

// The expected result of an operation on arrays of W numbers a row, number by number.
template <class Ask, class Each>
void check_each(const Sizes& sizes, const char* name, size_t arrays, Ask ask, Each each) {
  int64_t count = sizes.rows * sizes.width;
  std::vector<Floats> given;
  for (size_t i = 0; i < arrays; ++i) given.push_back(random_floats(count, 3));
  Floats out = unwritten(count);
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
  expect_near(name, doubles(out), expected, TOLERANCE);
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
}

// The expected result of an instruction on vectors of floats, number by number.
template <class Each>
void check_floats(const Sizes& sizes, const char* name, Element element, int operands, Each each,
                  double size = 3, double least = -1e9) {
  int64_t count = sizes.rows * sizes.width;
  std::vector<Floats> given;
  for (int i = 0; i < operands; ++i) {
    given.push_back(random_floats(count, size));
    for (float& x : given.back()) x = x < least ? -x : x;
  }
  if (operands == 3)
    for (int64_t i = 0; i < count; i += 2) given[0][i] = 0;
  if (operands == 2 && count > 2) given[1][2] = given[0][2];
  Floats out = unwritten(count);
  Run run{sizes};
  std::vector<Register> registers;
  for (Floats& all : given) registers.push_back(run.in(all, sizes.width));
  registers.push_back(run.in(out, sizes.width));
  run.program->elementwise(sizes.width, registers, {{element, operands, {0, 1, 2}}});
  run.go();
  Numbers expected(count);
  for (int64_t i = 0; i < count; ++i) {
    double x[3] = {};
    for (int k = 0; k < operands; ++k) x[k] = given[k][i];
    expected[i] = each(x);
  }
  expect_near(name, doubles(out), expected, TOLERANCE);
}

typedef const double* X;

void check_instructions_on_floats(const Sizes& sizes) {
  auto check = [&](const char* name, Element element, int operands, auto each) {
    check_floats(sizes, name, element, operands, each);
  };
  check("add", Element::add, 2, [](X x) { return x[0] + x[1]; });
  check("sub", Element::sub, 2, [](X x) { return x[0] - x[1]; });
  check("mul", Element::mul, 2, [](X x) { return x[0] * x[1]; });
  check("multiply_add", Element::multiply_add, 3, [](X x) { return x[0] * x[1] + x[2]; });
  check("maximum", Element::maximum, 2, [](X x) { return std::max(x[0], x[1]); });
  check("minimum", Element::minimum, 2, [](X x) { return std::min(x[0], x[1]); });
  check("where", Element::where, 3, [](X x) { return x[0] != 0 ? x[1] : x[2]; });
  check("neg", Element::neg, 1, [](X x) { return -x[0]; });
  check("abs", Element::abs, 1, [](X x) { return std::fabs(x[0]); });
  check("sigmoid", Element::sigmoid, 1, [](X x) { return sigmoid(x[0]); });
  check("tanh", Element::tanh, 1, [](X x) { return tanh_of(x[0]); });
  check("relu", Element::relu, 1, [](X x) { return std::max(x[0], 0.0); });
  check("exp", Element::exp, 1, [](X x) { return std::exp(x[0]); });
  check("less", Element::less, 2, [](X x) { return double(x[0] < x[1]); });
  check("less_equal", Element::less_equal, 2, [](X x) { return double(x[0] <= x[1]); });
  check("equal", Element::equal, 2, [](X x) { return double(x[0] == x[1]); });
  check("and", Element::logical_and, 2, [](X x) { return double(x[0] != 0 && x[1] != 0); });
  check("or", Element::logical_or, 2, [](X x) { return double(x[0] != 0 || x[1] != 0); });
  check("not", Element::logical_not, 1, [](X x) { return double(x[0] == 0); });
  check("copy", Element::copy, 1, [](X x) { return x[0]; });
  check("to_float", Element::to_float, 1, [](X x) { return x[0]; });
  check_floats(sizes, "log", Element::log, 1, [](X x) { return std::log(x[0]); }, 50, 0);
  check_floats(sizes, "sqrt", Element::sqrt, 1, [](X x) { return std::sqrt(x[0]); }, 50, 0);
  check_floats(sizes, "div", Element::div, 2, [](X x) { return x[0] / (x[1] + 0); }, 3, 0.1);
}

// Numbers at the limits of floats, and the sign of a remainder.
void check_ends(const Sizes& sizes) {
  constexpr float INFINITE = std::numeric_limits<float>::infinity();
  auto check = [&](const char* name, Element element, Floats x, Floats y, const Floats& expected) {
    Sizes one{1, static_cast<int64_t>(x.size()), sizes.threads};
    Floats out = unwritten(one.width);
    Run run{one};
    std::vector<Register> registers = {run.in(x, one.width), run.in(y, one.width),
                                       run.in(out, one.width)};
    run.program->elementwise(one.width, registers, {{element, 2, {0, 1, 0}}});
    run.go();
    for (size_t i = 0; i < out.size(); ++i)
      expect(out[i] == expected[i] || (out[i] != out[i] && expected[i] != expected[i]),
             std::string(name) + " of " + std::to_string(x[i]) + " is " + std::to_string(out[i]));
  };
  float nan = static_cast<float>(NOTHING);
  Floats ends = {0, -1, INFINITE, nan};
  check("log", Element::log, ends, ends, {-INFINITE, nan, INFINITE, nan});
  check("exp", Element::exp, {-INFINITE, 100, -200, nan}, ends, {0, INFINITE, 0, nan});
  check("maximum", Element::maximum, {nan, 1}, {1, nan}, {nan, nan});
  check("minimum", Element::minimum, {nan, 1}, {1, nan}, {nan, nan});
  check("remainder", Element::remainder, {5, -5, 5, -5}, {3, 3, -3, -3}, {2, 1, -1, -2});
}

// The expected result of an instruction on two vectors of int64: int64 or truth values.
template <class Each>
void check_integers(const Sizes& sizes, const char* name, Element element, bool truth, Each each) {
  int64_t count = sizes.rows * sizes.width;
  Whole a(count), b(count), out(count, -7);
  for (int64_t i = 0; i < count; ++i) {
    a[i] = static_cast<int64_t>(source() % 2000) - (i % 3 ? 0 : 1000);
    b[i] = 1 + static_cast<int64_t>(source() % 9) - (i % 5 ? 0 : 12);
    if (i % 7 == 3) a[i] *= int64_t{1} << 33;  // beyond the range of int32 and exact floats
    if (i % 11 == 4) b[i] = a[i];
    if (i % 13 == 6) b[i] = 0;
  }
  Floats answers = unwritten(count);
  Run run{sizes};
  std::vector<Register> registers = {run.in(a, sizes.width), run.in(b, sizes.width),
                                     truth ? run.in(answers, sizes.width) : run.in(out, sizes.width)};
  run.program->elementwise(sizes.width, registers, {{element, 2, {0, 1, 0}}});
  run.go();
  for (int64_t i = 0; i < count; ++i) {
    int64_t found = truth ? static_cast<int64_t>(answers[i]) : out[i];
    expect(found == each(a[i], b[i]), std::string(name) + " of " + std::to_string(a[i]) + " and " +
                                          std::to_string(b[i]) + " is " + std::to_string(found));
  }
}

int64_t remainder_of(int64_t a, int64_t b) {
  if (b == 0) return 0;
  int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

void check_instructions_on_integers(const Sizes& sizes) {
  typedef int64_t N;
  auto check = [&](const char* name, Element element, bool truth, auto each) {
    check_integers(sizes, name, element, truth, each);
  };
  check("add", Element::add, false, [](N a, N b) { return a + b; });
  check("sub", Element::sub, false, [](N a, N b) { return a - b; });
  typedef uint64_t Wrapping;  // signed overflow is undefined
  check("mul", Element::mul, false, [](N a, N b) { return N(Wrapping(a) * Wrapping(b)); });
  check("remainder", Element::remainder, false, remainder_of);
  check("maximum", Element::maximum, false, [](N a, N b) { return std::max(a, b); });
  check("minimum", Element::minimum, false, [](N a, N b) { return std::min(a, b); });
  check("neg", Element::neg, false, [](N a, N) { return -a; });
  check("abs", Element::abs, false, [](N a, N) { return a < 0 ? -a : a; });
  check("copy", Element::copy, false, [](N a, N) { return a; });
  check("less", Element::less, true, [](N a, N b) { return N{a < b}; });
  check("less_equal", Element::less_equal, true, [](N a, N b) { return N{a <= b}; });
  check("equal", Element::equal, true, [](N a, N b) { return N{a == b}; });
}

// A chain over registers of every home: a broadcast slot, a vector and numbers of the program,
// temporaries of both types, and truth values as a condition and as numbers.
void check_registers(const Sizes& sizes) {
  int64_t W = sizes.width, B = sizes.rows;
  Floats x = random_floats(B * W), out = unwritten(B * W), vector = random_floats(W), truth = unwritten(B * W);
  Whole time(B), chosen(B * W, -7), periods(W);
  for (int64_t row = 0; row < B; ++row) time[row] = 3 * row;
  for (int64_t i = 0; i < W; ++i) periods[i] = 1 + i % 4;
  Run run{sizes};
  typedef Register::Home Home;
  Register once = run.in(time, 1);
  once.single = W > 1;
  std::vector<Register> all = {
      run.in(x, W),                                            // 0
      once,                                                    // 1
      {Home::vector, false, 0, false, vector.data(), 0},       // 2
      {Home::vector, true, 0, false, periods.data(), 0},       // 3
      {Home::number, false, 0, false, nullptr, 0.5},           // 4
      {Home::number, true, 0, false, nullptr, 0},              // 5
      {Home::temporary, true, 0, false, nullptr, 0},           // 6
      {Home::temporary, false, 1, false, nullptr, 0},          // 7
      {Home::temporary, false, 2, false, nullptr, 0},          // 8
      run.in(out, W),                                          // 9
      run.in(chosen, W),                                       // 10
      run.in(truth, W)};                                       // 11
  run.program->elementwise(W, all,
                           {{Element::remainder, 6, {1, 3}},
                            {Element::equal, 7, {6, 5}},
                            {Element::multiply_add, 8, {0, 2, 4}},
                            {Element::where, 9, {7, 8, 0}},
                            {Element::to_integer, 6, {7}},
                            {Element::where, 10, {7, 6, 3}},
                            {Element::to_float, 11, {10}}});
  run.go();
  Numbers expected(B * W), numbers(B * W);
  for (int64_t i = 0; i < B * W; ++i) {
    bool now = time[i / W] % periods[i % W] == 0;
    expected[i] = now ? x[i] * vector[i % W] + 0.5 : x[i];
    numbers[i] = now ? 1 : static_cast<double>(periods[i % W]);
    expect(chosen[i] == static_cast<int64_t>(numbers[i]), "a choice of whole numbers");
  }
  expect_near("a chain", doubles(out), expected, TOLERANCE);
  expect_near("whole numbers as floats", doubles(truth), numbers, 0);
}

void check_rows(const Sizes& sizes) {
  int64_t W = sizes.width, B = sizes.rows, V = 5;
  Floats x = random_floats(B * W), weight = random_floats(W), table = random_floats(V * W), out = unwritten(B * W);
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
    expect_near("rms_norm", doubles(out), expected, TOLERANCE);
  }
  {
    Whole tokens(B);
    for (int64_t& token : tokens) token = source() % V;
    Run run{sizes};
    int in = run.of(tokens, 1);
    run.program->embed(in, run.of(out, W), table.data(), V, W, 2);
    run.go();
    Numbers expected;
    for (int64_t token : tokens)
      for (int64_t i = 0; i < W; ++i) expected.push_back(2 * double{table[token * W + i]});
    expect_near("embed", doubles(out), expected, 0);
    for (int64_t wrong : {int64_t{-1}, V}) {
      tokens.back() = wrong;
      bool refused = false;
      try {
        run.go();
      } catch (const std::out_of_range&) {
        refused = true;
      }
      expect(refused, "a token outside of the vocabulary is refused");
    }
  }
  {
    Floats logits = random_floats(B * W, 9);
    Numbers expected = doubles(logits);
    for (int64_t row = 0; row < B; ++row) {
      double whole = 0;
      for (int64_t i = 0; i < W; ++i) whole += std::exp(expected[row * W + i]);
      for (int64_t i = 0; i < W; ++i) expected[row * W + i] -= std::log(whole);
    }
    Run run{sizes};
    run.program->log_softmax(run.of(logits, W), W);
    run.go();
    expect_near("log_softmax", doubles(logits), expected, TOLERANCE);
  }
}

// Reads and writes a view, and sums another.
void check_views(const Sizes& sizes) {
  int64_t W = sizes.width, B = sizes.rows;
  Floats x = random_floats(B * 2 * W), out = random_floats(B * 2 * W), before = out, sums = unwritten(B);
  Run run{sizes};
  int in = run.of(x, 2 * W), to = run.of(out, 2 * W);
  int second = run.program->view(in, W);
  run.program->copy(second, run.program->view(to, W), W);
  run.program->sum(second, run.of(sums, 1), W);
  run.go();
  Numbers expected, whole(B);
  for (int64_t i = 0; i < B * 2 * W; ++i) {
    bool inside = i % (2 * W) >= W;
    expected.push_back(inside ? x[i] : before[i]);
    if (inside) whole[i / (2 * W)] += x[i];
  }
  expect_near("a view", doubles(out), expected, 0);
  expect_near("sum", doubles(sums), whole, TOLERANCE);
}

void check_convolution(const Sizes& sizes) {
  int64_t W = sizes.width, B = sizes.rows, K = 4;
  Floats x = random_floats(B * W), recent = random_floats(B * (K - 1) * W), weight = random_floats(K * W), bias = random_floats(W);
  Floats out = unwritten(B * W), following = unwritten(B * (K - 1) * W);
  Run run{sizes};
  int in = run.of(x, W), past = run.of(recent, (K - 1) * W), to = run.of(out, W);
  run.program->convolution(in, past, to, run.of(following, (K - 1) * W), weight.data(),
                           bias.data(), K, W);
  run.go();
  Numbers expected(B * W), shifted;
  for (int64_t row = 0; row < B; ++row) {
    auto input = [&](int64_t tap, int64_t i) -> double {  // K - 1 is the newest
      return tap == K - 1 ? x[row * W + i] : recent[(row * (K - 1) + tap) * W + i];
    };
    for (int64_t i = 0; i < W; ++i) {
      expected[row * W + i] = bias[i];
      for (int64_t k = 0; k < K; ++k) expected[row * W + i] += weight[k * W + i] * input(K - 1 - k, i);
    }
    for (int64_t place = 1; place < K; ++place)
      for (int64_t i = 0; i < W; ++i) shifted.push_back(input(place, i));
  }
  expect_near("convolution", doubles(out), expected, TOLERANCE);
  expect_near("what it reads next", doubles(following), shifted, 0);
}

void check_linear(const Sizes& sizes) {
  int64_t K = sizes.width, N = sizes.width + 3, B = sizes.rows;
  Floats x = random_floats(B * K), weight = random_floats(N * K), bias = random_floats(N);
  for (auto [precision, tolerance] : {std::make_pair(Precision::float32, TOLERANCE),
                                      std::make_pair(Precision::int8, 2e-2)})
    for (bool adds : {false, true}) {
      Floats out = adds ? random_floats(B * N) : unwritten(B * N);
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
      expect_near("linear", doubles(out), expected, tolerance);
    }
}

// Sources of unequal length, some rows for each.
void check_attention(const Sizes& sizes, bool additive) {
  int64_t heads = sizes.width % 2 || additive ? 1 : 2, W = sizes.width, E = W / heads, S = 6;
  int64_t targets = sizes.rows % 7 ? 1 : 7, sources = sizes.rows / targets;
  Floats query = random_floats(sizes.rows * W, 4), score = random_floats(W), out = unwritten(sizes.rows * W);
  Floats keys = random_floats(sources * S * W, 4), values = random_floats(sources * S * W), mask(sources * S);
  for (int64_t source_row = 0; source_row < sources; ++source_row)
    for (int64_t s = 1 + source() % S; s < S; ++s)
      mask[source_row * S + s] = -std::numeric_limits<float>::infinity();
  Whole about = {S, targets};
  Run run{sizes};
  int q = run.of(query, W), to = run.of(out, W);
  AttentionMemory memory = {run.of(keys, 0), run.of(values, 0), run.of(mask, 0), run.of(about, 0)};
  run.program->attention(q, memory, to, heads, W, additive ? score.data() : nullptr);
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
          double query_part = query[at + i], key = keys[from + s * E + i];
          like += additive ? score[i] * tanh_of(query_part + key) : query_part * key / std::sqrt(double(E));
        }
        whole += share[s] = std::exp(like + mask[row / targets * S + s]);
      }
      for (int64_t s = 0; s < S; ++s)
        for (int64_t i = 0; i < E; ++i)
          expected[at + i] += share[s] / whole * values[from + s * E + i];
    }
  expect_near("attention", doubles(out), expected, TOLERANCE);
}

// The n-grams of one order, with the arrays that they need. Contexts may have none.
struct Grams {
  std::vector<int32_t> tokens;
  Floats shares, lower_mass;
  Whole starts = {0};

  Grams(int64_t contexts, int64_t vocabulary) {
    for (int64_t context = 0; context < contexts; ++context) {
      int64_t begin = starts.back();
      for (int64_t token = 0; token < vocabulary; ++token)
        if (source() % (context % 3 + 1) == 0 && context % 4 != 3)
          tokens.push_back(static_cast<int32_t>(token));
      starts.push_back(static_cast<int64_t>(tokens.size()));
      int64_t followers = starts.back() - begin;
      double rest = 1;
      for (int64_t gram = 0; gram < followers; ++gram) {
        shares.push_back(static_cast<float>((0.1 + 0.8 * (source() % 100) / 100) / double(followers)));
        rest -= shares.back();
      }
      lower_mass.push_back(static_cast<float>(rest));
    }
  }

  // The n-gram of a context and a token, or -1.
  int64_t find(int64_t context, int64_t token) const {
    for (int64_t gram = context < 0 ? 0 : starts[context]; context >= 0 && gram < starts[context + 1]; ++gram)
      if (tokens[gram] == token) return gram;
    return -1;
  }
  bool knows(int64_t context) const { return context >= 0 && starts[context] < starts[context + 1]; }
  double share(int64_t context, int64_t token) const {
    int64_t gram = find(context, token);
    return gram < 0 ? 0 : shares[gram];
  }
  double rest(int64_t context) const { return context < 0 ? 1 : lower_mass[context]; }
  NGramOrder order() const {
    return {tokens.data(), shares.data(), starts.data(), lower_mass.data()};
  }
};

// A network beside n-grams of orders 1 to 3: what each token makes of the contexts, and the
// distribution of both.
void check_mixture(const Sizes& sizes) {
  int64_t V = sizes.width, rows = sizes.rows;
  Floats unigrams = random_floats(V), logits = random_floats(rows * V, 4), given = logits;
  double whole = 0;
  for (float& p : unigrams) whole += p = std::fabs(p) + 0.01f;
  for (float& p : unigrams) p = static_cast<float>(p / whole);
  Grams pairs(V, V), triples(static_cast<int64_t>(pairs.tokens.size()), V);
  NGrams ngrams = {V, unigrams.data(), {pairs.order(), triples.order()}, {0.3f, -0.5f, 1}, 0.7f, -0.4f};
  Whole tokens(rows), before(2 * rows), after(2 * rows, -7);
  for (int64_t row = 0; row < rows; ++row) {
    tokens[row] = source() % V;
    before[2 * row] = row % 3 ? source() % V : -1;
    before[2 * row + 1] = row % 3 == 1 ? source() % static_cast<int64_t>(pairs.tokens.size()) : -1;
  }
  Floats out = unwritten(rows * V);
  Run run{sizes};
  int at = run.of(tokens, 1), of_logits = run.of(logits, V), from = run.of(before, 2);
  int to = run.of(after, 2), mixed = run.of(out, V);
  run.program->mix(at, of_logits, from, to, mixed, ngrams);
  run.go();
  Numbers expected(rows * V);
  for (int64_t row = 0; row < rows; ++row) {
    int64_t pair = tokens[row], triple = pairs.find(before[2 * row], tokens[row]);
    expect(after[2 * row] == pair && after[2 * row + 1] == triple, "mix has other contexts");
    double sum = 0, entropy = 0;
    for (int64_t token = 0; token < V; ++token) sum += std::exp(double(given[row * V + token]));
    for (int64_t token = 0; token < V; ++token) {
      double log_p = given[row * V + token] - std::log(sum);
      entropy -= std::exp(log_p) * log_p;
    }
    int matched = triples.knows(triple) ? 2 : pairs.knows(pair) ? 1 : 0;
    double mass = matched == 2 ? triples.rest(triple) : matched ? pairs.rest(pair) : 1;
    double odds = ngrams.gate_bias[matched] + 0.7f * std::log(mass + double(SMALL_MASS)) - 0.4f * entropy;
    for (int64_t token = 0; token < V; ++token) {
      double network = std::exp(double(given[row * V + token])) / sum;
      double counts = pairs.share(pair, token) + pairs.rest(pair) * unigrams[token];
      counts = triples.share(triple, token) + triples.rest(triple) * counts;
      expected[row * V + token] = std::log(sigmoid(odds) * network + sigmoid(-odds) * counts);
    }
  }
  expect_near("mix", doubles(out), expected, TOLERANCE);
}

}  // namespace

int main() {
  return run_checks([] {
    for (const Sizes& sizes : SIZES)
      for (const std::string& set : instruction_sets()) {
        use(set);
        context = set + ", B " + std::to_string(sizes.rows) + ", W " + std::to_string(sizes.width) +
                  ", threads " + std::to_string(sizes.threads);
        check_vectors(sizes);
        check_instructions_on_floats(sizes);
        check_ends(sizes);
        check_instructions_on_integers(sizes);
        check_registers(sizes);
        check_rows(sizes);
        check_views(sizes);
        check_convolution(sizes);
        check_linear(sizes);
        check_attention(sizes, false);
        check_attention(sizes, true);
        check_mixture(sizes);
      }
  });
}
