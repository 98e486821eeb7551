// The core against plain loops in double: every cell, both precisions, every instruction set of
// this machine, odd sizes, ragged rows. Arrays have their exact size, so that the address
// sanitizer catches every access out of bounds; memory that must not be read, or must be written,
// holds NaN.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

#include "checks.h"
#include "cpu.h"
#include "plain.h"

using namespace elman;
using plain::Numbers;

namespace {

// --------------------------------------------------------------------------------------- elements

template <class E>
struct Type;
template <>
struct Type<float> {
  static constexpr Precision precision = Precision::float32;
  static constexpr double tolerance = 1e-5;  // of the largest, or of 1
  static float narrow(double x) { return static_cast<float>(x); }
  static double doubles(float x) { return x; }
};
template <>
struct Type<uint16_t> {
  static constexpr Precision precision = Precision::bfloat16;
  static constexpr double tolerance = 2e-2;
  static uint16_t narrow(double x) {  // to nearest; ties, which are rare here, away from zero
    float value = static_cast<float>(x);
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return static_cast<uint16_t>(x == x ? (bits + 0x8000u) >> 16 : 0x7fc0u);
  }
  static double doubles(uint16_t x) {
    uint32_t bits = static_cast<uint32_t>(x) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
};

template <class E>
std::vector<E> narrow(const Numbers& numbers) {
  std::vector<E> all(numbers.size());
  std::transform(numbers.begin(), numbers.end(), all.begin(), Type<E>::narrow);
  return all;
}

template <class E>
Numbers doubles(const std::vector<E>& elements) {
  Numbers all(elements.size());
  std::transform(elements.begin(), elements.end(), all.begin(), Type<E>::doubles);
  return all;
}

template <class E>
std::vector<E> unwritten(int64_t count) {
  return std::vector<E>(count, Type<E>::narrow(NOTHING));
}

// ----------------------------------------------------------------------------------------- random

// Random numbers of a type, so that the plain loops read the same values as the core.
template <class E>
Numbers random_floats(int64_t count, double size = 1) {
  std::uniform_real_distribution<double> any(-size, size);
  Numbers all(count);
  for (double& x : all) x = any(source);
  return doubles(narrow<E>(all));
}

struct Sizes {
  int64_t time, rows, units;
  int threads;
  bool ragged;
};

// One row and many, more and fewer than a group needs; units below and above a vector, never a
// multiple of it; depth above one block.
const Sizes SIZES[] = {{1, 1, 1, 1, false},  {3, 1, 5, 2, false},   {4, 3, 8, 1, true},
                       {5, 2, 37, 2, true},  {3, 7, 101, 3, true},  {6, 20, 13, 2, true},
                       {4, 18, 33, 4, true}, {3, 37, 43, 4, false}, {2, 3, 600, 2, true},
                       {3, 0, 5, 2, false},  {0, 2, 5, 2, false}};

std::vector<int64_t> lengths_of(const Sizes& sizes) {
  std::vector<int64_t> lengths;
  for (int64_t row = 0; sizes.ragged && row < sizes.rows; ++row)
    lengths.push_back(row == 0 ? 0 : source() % (sizes.time + 1));
  return lengths;
}

// (T, B, width), zero at padding.
template <class Shape>
Numbers without_padding(const Shape& shape, Numbers all, int64_t width) {
  for (int64_t t = 0; t < shape.time; ++t)
    for (int64_t row = 0; row < shape.rows; ++row)
      if (t >= shape.length(row))
        std::fill_n(all.begin() + (t * shape.rows + row) * width, width, NOTHING);
  return all;
}

// ----------------------------------------------------------------------------------------- slopes

// The slope of a loss along a random direction in its arguments, against the computed gradient.
template <class Shape>
void expect_slope(const char* what, const Shape& shape, Numbers Shape::*argument,
                  const Numbers& gradient) {
  constexpr double STEP = 1e-5;
  Numbers direction = random_floats<float>(gradient.size());
  double run_checks = 0;
  Shape ahead = shape, behind = shape;
  for (size_t i = 0; i < direction.size(); ++i) {
    run_checks += gradient[i] * direction[i];
    (ahead.*argument)[i] += STEP * direction[i];
    (behind.*argument)[i] -= STEP * direction[i];
  }
  double slope = (loss(ahead, run(ahead)) - loss(behind, run(behind))) / (2 * STEP);
  expect_near(what, {slope}, {run_checks}, 1e-6);
}

// ----------------------------------------------------------------------------------------- layers

template <class E>
plain::Layer layer(Cell cell, const Sizes& sizes) {
  int64_t H = sizes.units, G = gates_of(cell), states = sizes.rows * H, steps = sizes.time * states;
  int64_t second = cell == Cell::lstm ? states : 0;
  bool biased = cell == Cell::gru || sizes.units % 2;
  double size = 1.5 / std::sqrt(H);
  Numbers inputs = random_floats<E>(steps * G, 2);
  for (size_t i = 0; i < inputs.size(); i += 7) inputs[i] *= 32;  // saturate the gates
  return {cell, sizes.time, sizes.rows, H, lengths_of(sizes),
          inputs, random_floats<E>(G * H * H, size), random_floats<float>(biased ? G * H : 0),
          {random_floats<float>(states), random_floats<float>(second)}, random_floats<E>(steps),
          {random_floats<float>(states), random_floats<float>(second)}};
}

// The steps of (T, B, width) that are not padding, in order.
template <class E>
std::vector<E> real_steps(const plain::Layer& layer, const std::vector<E>& all, int64_t width) {
  std::vector<E> real;
  for (int64_t t = 0; t < layer.time; ++t)
    for (int64_t row = 0; row < layer.rows; ++row)
      if (t < layer.length(row)) {
        auto step = all.begin() + (t * layer.rows + row) * width;
        real.insert(real.end(), step, step + width);
      }
  real.shrink_to_fit();
  return real;
}

// The index of each of them in the packed array; -1 at padding.
std::vector<int64_t> positions_of(const plain::Layer& layer) {
  std::vector<int64_t> positions;
  int64_t next = 0;
  for (int64_t t = 0; t < layer.time; ++t)
    for (int64_t row = 0; row < layer.rows; ++row)
      positions.push_back(t < layer.length(row) ? next++ : -1);
  return positions;
}

enum class How { training, reading, packed };  // packed: training, without padding

// The results of the core for a layer.
template <class E>
struct Run {
  Run(const plain::Layer& layer, int threads, How how = How::training)
      : H(layer.units), states(layer.rows * H), steps(layer.time * states),
        second(layer.cell == Cell::lstm ? states : 0), slopes(gate_gradients_of(layer.cell)) {
    const int64_t* lengths = layer.lengths.empty() ? nullptr : layer.lengths.data();
    Sequence shape{layer.cell, Type<E>::precision, layer.time, layer.rows, H, lengths, threads};
    auto inputs = narrow<E>(without_padding(layer, layer.inputs, layer.gates() * H));
    auto to_outputs = narrow<E>(without_padding(layer, layer.to_outputs, H));
    auto weight = narrow<E>(layer.weight);
    auto bias = narrow<float>(layer.bias), h = narrow<float>(layer.state[0]),
         c = narrow<float>(layer.state[1]), to_h = narrow<float>(layer.to_after[0]),
         to_c = narrow<float>(layer.to_after[1]);
    auto positions = positions_of(layer);
    auto saved = unwritten<float>(steps * saved_of(layer.cell));
    if (how == How::packed) {
      shape.positions = positions.data();
      inputs = real_steps(layer, inputs, layer.gates() * H);
      saved = real_steps(layer, saved, saved_of(layer.cell) * H);
      to_gates = real_steps(layer, to_gates, slopes * H);
    }
    core().sequence_forward(
        shape, {inputs.data(), weight.data(), bias.empty() ? nullptr : bias.data(),
                {h.data(), c.data()}, outputs.data(), how == How::reading ? nullptr : saved.data(),
                {after_h.data(), after_c.data()}});
    if (how == How::reading) return;
    core().sequence_backward(
        shape, {outputs.data(), saved.data(), weight.data(), {h.data(), c.data()},
                to_outputs.data(), {to_h.data(), to_c.data()}, to_gates.data(), to_bias.data(),
                {to_first_h.data(), to_first_c.data()}});
  }

  int64_t H, states, steps, second, slopes;
  std::vector<E> outputs = unwritten<E>(steps), to_gates = unwritten<E>(steps * slopes);
  std::vector<float> after_h = unwritten<float>(states), after_c = unwritten<float>(second);
  std::vector<float> to_bias = unwritten<float>(slopes * H);
  std::vector<float> to_first_h = unwritten<float>(states), to_first_c = unwritten<float>(second);
};

template <class E>
void check_layer(const plain::Layer& layer, const plain::Outcome& expected, int threads) {
  constexpr double tolerance = Type<E>::tolerance;
  Run<E> found(layer, threads), again(layer, threads), read(layer, threads, How::reading),
      packed(layer, threads, How::packed);
  expect_near("outputs", doubles(found.outputs), expected.outputs, tolerance);
  expect_near("h after", doubles(found.after_h), expected.after[0], tolerance);
  expect_near("c after", doubles(found.after_c), expected.after[1], tolerance);
  bool kinked = layer.cell == Cell::elman_relu && Type<E>::precision == Precision::bfloat16;
  if (!kinked) {  // rounding a sum across zero changes its gradient
    expect_near("to gates", doubles(found.to_gates), expected.to_gates, tolerance);
    expect_near("to bias", doubles(found.to_bias), expected.to_bias, tolerance);
    expect_near("to h", doubles(found.to_first_h), expected.to_state[0], tolerance);
    expect_near("to c", doubles(found.to_first_c), expected.to_state[1], tolerance);
  }
  expect(again.to_gates == found.to_gates && again.to_bias == found.to_bias,
         "a second run has other bits");
  expect(read.outputs == found.outputs && read.after_h == found.after_h &&
             read.after_c == found.after_c,
         "without training the outputs are others");
  expect(packed.outputs == found.outputs && packed.after_h == found.after_h &&
             packed.to_gates == real_steps(layer, found.to_gates, found.slopes * found.H) &&
             packed.to_bias == found.to_bias && packed.to_first_h == found.to_first_h &&
             packed.to_first_c == found.to_first_c,
         "without padding it is another layer");
}

// --------------------------------------------------------------------------------------- diagonal

template <class E>
plain::Recurrence recurrence(const Sizes& sizes) {
  int64_t states = sizes.rows * sizes.units, steps = sizes.time * states;
  return {sizes.time, sizes.rows, sizes.units, lengths_of(sizes), random_floats<E>(2 * steps, 3),
          random_floats<float>(states), random_floats<E>(steps), random_floats<float>(states)};
}

template <class E>
void check_recurrence(const plain::Recurrence& all, const plain::Recurred& expected, int threads) {
  int64_t H = all.units, states = all.rows * H, steps = all.time * states;
  const int64_t* lengths = all.lengths.empty() ? nullptr : all.lengths.data();
  Diagonal shape{Type<E>::precision, all.time, all.rows, H, lengths, threads};
  auto packed = narrow<E>(without_padding(all, all.packed, 2 * H));
  auto to_outputs = narrow<E>(without_padding(all, all.to_outputs, H));
  auto state = narrow<float>(all.state), to_after = narrow<float>(all.to_after);
  auto outputs = unwritten<E>(steps), to_packed = unwritten<E>(2 * steps);
  auto after = unwritten<float>(states), to_state = unwritten<float>(states);
  core().diagonal_forward(shape, {packed.data(), state.data(), outputs.data(), after.data()});
  core().diagonal_backward(shape, {packed.data(), outputs.data(), state.data(), to_outputs.data(),
                                   to_after.data(), to_packed.data(), to_state.data()});
  constexpr double tolerance = Type<E>::tolerance;
  expect_near("outputs", doubles(outputs), expected.outputs, tolerance);
  expect_near("after", doubles(after), expected.after, tolerance);
  expect_near("to packed", doubles(to_packed), expected.to_packed, tolerance);
  expect_near("to state", doubles(to_state), expected.to_state, tolerance);
}

// -------------------------------------------------------------------------------------------- all

const std::pair<Cell, const char*> CELLS[] = {{Cell::elman, "elman"},
                                              {Cell::elman_relu, "elman-relu"},
                                              {Cell::gru, "gru"},
                                              {Cell::lstm, "lstm"}};

// The plain loops themselves: their gradients equal the slopes of their losses.
void check_plain_loops() {
  Sizes sizes{4, 3, 5, 1, true};
  for (auto [cell, name] : CELLS) {
    context = std::string("the plain loops, ") + name;
    auto one = layer<float>(cell, sizes);
    auto outcome = run(one);
    int64_t H = sizes.units, G = gates_of(cell), S = gate_gradients_of(cell);
    Numbers to_inputs;  // for a gru, the first of four is that of the hidden part
    for (size_t i = 0; i < outcome.to_gates.size(); ++i)
      if (static_cast<int64_t>(i) / H % S >= S - G) to_inputs.push_back(outcome.to_gates[i]);
    expect_slope("to inputs", one, &plain::Layer::inputs, to_inputs);
    Numbers to_bias(outcome.to_bias.begin(), outcome.to_bias.begin() + G * H);
    if (cell == Cell::gru) std::rotate(to_bias.begin(), to_bias.begin() + H, to_bias.end());
    expect_slope("to bias", one, &plain::Layer::bias, to_bias);
  }
  context = "the plain loops, minGRU";
  auto one = recurrence<float>(sizes);
  auto outcome = run(one);
  expect_slope("to packed", one, &plain::Recurrence::packed, outcome.to_packed);
  expect_slope("to state", one, &plain::Recurrence::state, outcome.to_state);
}

template <class E>
void check_all(const Sizes& sizes) {
  std::string about = (sizeof(E) == 4 ? "float32, T " : "bfloat16, T ") +
                      std::to_string(sizes.time) + ", B " + std::to_string(sizes.rows) + ", H " +
                      std::to_string(sizes.units) + ", threads " + std::to_string(sizes.threads);
  auto on_each_set = [&](const char* name, auto check) {
    for (const std::string& set : instruction_sets()) {
      use(set);
      context = set + ", " + name + ", " + about;
      check();
    }
  };
  for (auto [cell, name] : CELLS) {
    auto one = layer<E>(cell, sizes);
    auto expected = run(one);
    on_each_set(name, [&, &one = one] { check_layer<E>(one, expected, sizes.threads); });
  }
  auto one = recurrence<E>(sizes);
  auto expected = run(one);
  on_each_set("minGRU", [&] { check_recurrence<E>(one, expected, sizes.threads); });
}

}  // namespace

int main() {
  return run_checks([] {
    check_plain_loops();
    for (const Sizes& sizes : SIZES) {
      check_all<float>(sizes);
      check_all<uint16_t>(sizes);
    }
  });
}
