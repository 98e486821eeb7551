// Elman, GRU and LSTM over time, forward and backward. The caller computes the input's part of
// every gate in one large product; here each step multiplies the hidden vectors by weights that
// stay in cache, and computes the gates while their sums are still in registers.
//
// Rows are sorted by length and distributed to groups, so that at every step the rows still running
// are the first of their group: padding costs nothing. The threads of a group divide its units, and
// synchronize after every step.
#pragma once

#include "core.h"
#include "product.h"
#include "team.h"

namespace {

using elman::Cell;
using elman::Sequence;

constexpr int STRIPS = 4;  // of units in a panel, if a panel does not hold gates

template <Cell C>
constexpr int PANEL = C == Cell::elman || C == Cell::elman_relu ? STRIPS : elman::gates_of(C);

// The rows and panels of each thread.
struct Plan {
  int groups, sharing;   // threads = groups * sharing
  int64_t capacity;      // rows of the largest group
  const int64_t* order;  // (B,) rows, longest first
  const Sequence& shape;

  int64_t size(int group) const { return (shape.rows - group + groups - 1) / groups; }
  int64_t row(int group, int64_t slot) const { return order[group + slot * groups]; }
  int64_t packed(int64_t t, int64_t row) const {
    int64_t place = t * shape.rows + row;
    return shape.positions ? shape.positions[place] : place;
  }
  int64_t length(int64_t row) const { return shape.lengths ? shape.lengths[row] : shape.time; }
  int64_t running(int group, int64_t step, int64_t most) const {
    while (most > 0 && length(row(group, most - 1)) <= step) --most;
    return most;
  }
};

INLINE void sort_rows(const Sequence& shape, int64_t* order) {
  for (int64_t row = 0; row < shape.rows; ++row) order[row] = row;
  if (shape.lengths == nullptr) return;
  // Counting sort: lengths are small.
  Buffer<int64_t> first(shape.time + 2);
  for (int64_t row = 0; row < shape.rows; ++row) ++first.at[shape.time - shape.lengths[row] + 1];
  for (int64_t i = 0; i <= shape.time; ++i) first.at[i + 1] += first.at[i];
  for (int64_t row = 0; row < shape.rows; ++row)
    order[first.at[shape.time - shape.lengths[row]]++] = row;
}

constexpr int64_t WORTHWHILE = 8;  // rows for which reading all weights pays off

INLINE Plan plan_of(const Sequence& shape, const int64_t* order, int threads) {
  int groups = threads;
  while (groups > 1 && (threads % groups || shape.rows < groups * WORTHWHILE)) --groups;
  return {groups, threads / groups, (shape.rows + groups - 1) / groups, order, shape};
}

// The vectors of one group, padded to whole panels.
template <class T>
struct Operand {
  Operand(int64_t rows, int64_t depth)
      : stride(words(depth, T::PER_WORD)), data(rows * stride), at(rows) {
    for (int64_t row = 0; row < rows; ++row) at.at[row] = data.at + row * stride;
  }
  typename T::Element* row(int64_t slot) {
    return reinterpret_cast<typename T::Element*>(data.at + slot * stride);
  }
  int64_t stride;
  Buffer<uint32_t> data;
  Buffer<const uint32_t*> at;
};

// The rows of a group, from the batch into its slots.
INLINE void gather(const Plan& plan, int group, int64_t units, float* slots, const float* batch) {
  for (int64_t slot = 0; slot < plan.size(group); ++slot)
    std::memcpy(slots + slot * units, batch + plan.row(group, slot) * units, units * sizeof(float));
}

// The reverse.
INLINE void scatter(const Plan& plan, int group, int64_t units, const float* slots, float* batch) {
  for (int64_t slot = 0; slot < plan.size(group); ++slot)
    std::memcpy(batch + plan.row(group, slot) * units, slots + slot * units, units * sizeof(float));
}

// Zeroes the padding of the rows of a group in an array (T, B, ...) with so many bytes for a row.
INLINE void clear_padding(const Plan& plan, int group, void* array, int64_t bytes) {
  for (int64_t slot = 0; slot < plan.size(group); ++slot) {
    int64_t row = plan.row(group, slot);
    for (int64_t t = plan.length(row); t < plan.shape.time; ++t)
      std::memset(static_cast<char*>(array) + (t * plan.shape.rows + row) * bytes, 0, bytes);
  }
}

// After a step, the threads of a group wait for each other.
INLINE void synchronize(const Plan& plan) {
  if (plan.sharing > 1) {
#pragma omp barrier
  }
}

// Packs the weights, then lets every thread take its part in the steps of its group:
// steps(plan, group, number, member, scratch), with the number of the group and of the thread in it.
template <class Pass, class Steps>
void run_groups(Pass& pass, Steps steps) {
  typedef typename Pass::Group Group;
  const Sequence& shape = pass.shape;
  Buffer<int64_t> order(shape.rows);
  sort_rows(shape, order.at);
  Buffer<Group*> groups(shape.threads);
#pragma omp parallel num_threads(shape.threads)
  {
    Plan plan = plan_of(shape, order.at, thread_count());  // possibly fewer than requested
    int number = thread_number() / plan.sharing, member = thread_number() % plan.sharing;
#pragma omp for
    for (int64_t panel = 0; panel < pass.panels; ++panel) pass.pack(panel);
    if (member == 0) {
      groups.at[number] = new Group(plan.capacity, shape.units);
      pass.begin(plan, *groups.at[number], number);
    }
#pragma omp barrier
    Group& group = *groups.at[number];
    Buffer<F> scratch(plan.capacity * Pass::P);
    steps(plan, group, number, member, scratch.at);
    if (member == 0) {
      pass.end(plan, group, number);
      delete groups.at[number];
    }
  }
}

template <class T>
struct MemoryOf;
template <>
struct MemoryOf<Float> { typedef Float32 Type; };
template <>
struct MemoryOf<BFloat> { typedef BFloat16 Type; };

// What a step saves for the gradient, for one row. With bfloat16 products, values between -1 and 1
// are saved as 16-bit fixed point: a gate near 1 keeps the resolution of one near 0, unlike in
// bfloat16. The others stay float32.
template <Cell C, class T>
struct SavedActivations {
  static constexpr bool compact = T::PER_WORD > 1;
  static constexpr int SAVED = elman::saved_of(C);
  static constexpr int bounded = C == Cell::elman_relu ? 0 : C == Cell::elman ? 1 : SAVED - 1;
  static constexpr float STEPS = 32767.0f;
  typedef int16_t Fractions __attribute__((vector_size(2 * LANES)));

  static int64_t bytes(int64_t units) {
    return units * (compact ? 2 * bounded + 4 * (SAVED - bounded) : 4 * SAVED);
  }
  static INLINE int64_t at(int which, int64_t unit, int64_t units) {
    if (!compact) return 4 * (which * units + unit);
    if (which < bounded) return 2 * (which * units + unit);
    return 2 * bounded * units + 4 * ((which - bounded) * units + unit);
  }
  static INLINE void put(char* saved, F v, int which, int64_t unit, int64_t units, int count) {
    char* to = saved + at(which, unit, units);
    if (!compact || which >= bounded) return write<Float32>(reinterpret_cast<float*>(to), v, count);
    Fractions narrow = __builtin_convertvector(nearest(v * STEPS), Fractions);
    if (__builtin_expect(count >= LANES, 1)) return store(to, narrow);
    std::memcpy(to, &narrow, 2 * static_cast<size_t>(count));
  }
  static INLINE F get(const char* saved, int which, int64_t unit, int64_t units, int count) {
    const char* from = saved + at(which, unit, units);
    if (!compact || which >= bounded)
      return read<Float32>(reinterpret_cast<const float*>(from), count);
    Fractions narrow{};
    if (__builtin_expect(count >= LANES, 1))
      narrow = load<Fractions>(from);
    else
      std::memcpy(&narrow, from, 2 * static_cast<size_t>(count));
    return __builtin_convertvector(__builtin_convertvector(narrow, I), F) * (1.0f / STEPS);
  }
};

}  // namespace
