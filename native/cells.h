// Steps of cells written by hand, where they are faster than the traced ones: the element-wise part
// of a step in one pass.
//
// Shapes: H units.
#pragma once

#include "operations.h"

namespace {

// A step of a cell over the units of each row. `gates` holds the sums of the products.
template <class Step>
struct CellStep : Operation {
  CellStep(int64_t units, Step step) : units(units), step(step) {}
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) step(frame, row, units);
  }
  int64_t units;
  Step step;
};

struct LSTMStep {
  void operator()(const Frame& frame, int64_t row, int64_t units) const {
    const float *in = frame.slots[gates].row(row), *before = frame.slots[c].row(row);
    float *hs = frame.slots[h_after].row(row), *cs = frame.slots[c_after].row(row);
    over(units, [&](int64_t unit, int count) {
      auto gate = [&](int which) { return take(in + which * units, unit, count); };
      F kept = sigmoid(gate(1)) * take(before, unit, count) + sigmoid(gate(0)) * tanh(gate(2));
      put(cs, unit, kept, count);
      put(hs, unit, sigmoid(gate(3)) * tanh(kept), count);
    });
  }
  int gates, c, h_after, c_after;
};

struct GRUStep {
  void operator()(const Frame& frame, int64_t row, int64_t units) const {
    const float *in = frame.slots[gates].row(row), *mine = frame.slots[hidden].row(row);
    const float* before = frame.slots[h].row(row);
    float* after = frame.slots[h_after].row(row);
    over(units, [&](int64_t unit, int count) {
      auto gate = [&](const float* from, int which) {
        return take(from + which * units, unit, count);
      };
      F r = sigmoid(gate(in, 0) + gate(mine, 0)), z = sigmoid(gate(in, 1) + gate(mine, 1));
      F n = tanh(gate(in, 2) + r * gate(mine, 2));
      put(after, unit, n + z * (take(before, unit, count) - n), count);
    });
  }
  int gates, hidden, h, h_after;
};

struct MinGRUStep {
  void operator()(const Frame& frame, int64_t row, int64_t units) const {
    const float *in = frame.slots[gates].row(row), *before = frame.slots[h].row(row);
    float* after = frame.slots[h_after].row(row);
    over(units, [&](int64_t unit, int count) {
      F z = sigmoid(take(in, unit, count)), old = take(before, unit, count);
      put(after, unit, old + z * (take(in + units, unit, count) - old), count);
    });
  }
  int gates, h, h_after;
};

// Units whose period does not divide the time keep their value.
struct ClockworkStep {
  void operator()(const Frame& frame, int64_t row, int64_t units) const {
    const float *total = frame.slots[gates].row(row), *before = frame.slots[h].row(row);
    float* after = frame.slots[h_after].row(row);
    int64_t now;
    std::memcpy(&now, frame.slots[time].row(row), sizeof now);
    over(units, [&](int64_t unit, int count) {
      put(after, unit, tanh(take(total, unit, count)), count);
    });
    for (int64_t unit = 0; unit < units; ++unit)
      if (now % periods[unit]) after[unit] = before[unit];
    ++now;
    std::memcpy(frame.slots[time_after].row(row), &now, sizeof now);
  }
  int gates, h, time, h_after, time_after;
  std::vector<int64_t> periods;
};

}  // namespace
