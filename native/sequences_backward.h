// A layer over time, backward: from the last step to the first, then to the initial state.
#pragma once

#include "sequences.h"

namespace {

using elman::SequenceBackward;

// One step of one row for LANES units, backward -> the gradient of the previous h, without that of
// the product.
template <Cell C, class T>
struct BackwardStep {
  const char* saved;
  int64_t units;

  INLINE F had(int which, int64_t unit, int count) const {
    return SavedActivations<C, T>::get(saved, which, unit, units, count);
  }
  // to_h: the gradient of h; to_c: of c, in place; before: the state before the step, c for lstm,
  // else h. slopes: the gradients of the gates.
  INLINE F operator()(F to_h, F& to_c, F before, int64_t unit, int count, F* slopes) const {
    if constexpr (C == Cell::lstm) {
      F i = had(0, unit, count), f = had(1, unit, count), g = had(2, unit, count);
      F o = had(3, unit, count), squashed = tanh(had(4, unit, count));
      to_c += to_h * o * (1.0f - squashed * squashed);
      slopes[0] = to_c * g * i * (1.0f - i);
      slopes[1] = to_c * before * f * (1.0f - f);
      slopes[2] = to_c * i * (1.0f - g * g);
      slopes[3] = to_h * squashed * o * (1.0f - o);
      to_c = to_c * f;
      return F{};
    } else if constexpr (C == Cell::gru) {
      F r = had(0, unit, count), z = had(1, unit, count), n = had(2, unit, count);
      F hidden = had(3, unit, count);
      F to_n = to_h * (1.0f - z) * (1.0f - n * n);
      slopes[0] = to_n * r;
      slopes[1] = to_n * hidden * r * (1.0f - r);
      slopes[2] = to_h * (before - n) * z * (1.0f - z);
      slopes[3] = to_n;
      return to_h * z;
    } else {
      F h = had(0, unit, count);
      slopes[0] = C == Cell::elman ? to_h * (1.0f - h * h) : choose(h > 0.0f, to_h, F{});
      return F{};
    }
  }
};

template <Cell C, class T>
struct Backward {
  typedef typename MemoryOf<T>::Type M;
  typedef typename M::Element Element;
  static constexpr int P = STRIPS, GATES = elman::gates_of(C), SLOPES = elman::gate_gradients_of(C);
  static constexpr int WIDE = P * LANES;

  const Sequence& shape;
  const SequenceBackward& args;
  int64_t depth = words(GATES * shape.units, T::PER_WORD);
  int64_t panels = (shape.units + WIDE - 1) / WIDE;
  Buffer<uint32_t> weight{panels * depth * P * LANES};

  // The gates of a gru in the product have the order n, r, z.
  static int64_t gate_of(int64_t k, int64_t units) {
    return C == Cell::gru ? (k < units ? k + 2 * units : k - units) : k;
  }

  void pack(int64_t panel) {
    const Element* from = static_cast<const Element*>(args.weight);
    int64_t H = shape.units;
    pack_panel<T, P>(weight.at + panel * depth * P * LANES, GATES * H,
                     [&](int64_t k, int p, int lane) {
                       int64_t unit = panel * WIDE + p * LANES + lane;
                       return unit < H ? from[gate_of(k, H) * H + unit] : Element{};
                     });
  }

  struct Group {
    Group(int64_t rows, int64_t units)
        : operand{{rows, GATES * units}, {rows, GATES * units}}, due(rows * units),
          to_c(rows * units) {}
    Operand<T> operand[2];  // gate gradients after and before a step, alternating
    Buffer<float> due, to_c;  // due: the gradient of h, without the product's
  };

  // The product of the gradients of step t + 1; then, if t >= 0, step t.
  void step(const Plan& plan, Group& group, int number, int member, int64_t t, int64_t rows,
            F* scratch, float* to_bias) {
    int64_t H = shape.units;
    Operand<T>&later = group.operand[(t + 1) & 1], &now = group.operand[t & 1];
    for (int64_t panel = member; panel < panels; panel += plan.sharing)
      panel_product<T, P>(
          later.at.at, rows, weight.at + panel * depth * P * LANES, depth, scratch,
          [&](F* sums, int64_t) {
            for (int p = 0; p < P; ++p) sums[p] = F{};
          },
          [&](const F* sums, int64_t slot) {
            int64_t row = plan.row(number, slot);
            for (int p = 0; p < P; ++p) {
              int64_t unit = panel * WIDE + p * LANES;
              int count = static_cast<int>(H - unit);
              if (count <= 0) break;
              float *due = group.due.at + slot * H + unit, *to_c = group.to_c.at + slot * H + unit;
              F to_h = sums[p] + read<Float32>(due, count);
              if (t < 0)
                write<Float32>(due, to_h, count);
              else
                write<Float32>(due, back(plan, row, slot, t, unit, count, to_h, to_c, now, to_bias),
                               count);
            }
          });
  }

  INLINE F back(const Plan& plan, int64_t row, int64_t slot, int64_t t, int64_t unit, int count,
                F to_h, float* to_c, Operand<T>& now, float* to_bias) {
    typedef SavedActivations<C, T> Kept;
    int64_t H = shape.units, place = t * shape.rows + row, earlier = place - shape.rows;
    int64_t packed = plan.packed(t, row);
    const char* saved = static_cast<const char*>(args.saved);
    to_h += read<M>(static_cast<const Element*>(args.to_outputs) + place * H + unit, count);
    BackwardStep<C, T> cell{saved + packed * Kept::bytes(H), H};
    F before{}, change{};
    if constexpr (C == Cell::lstm) {
      before = t > 0 ? Kept::get(saved + plan.packed(t - 1, row) * Kept::bytes(H), 4, unit, H, count)
                     : read<Float32>(args.state[1] + row * H + unit, count);
      change = read<Float32>(to_c, count);
    } else if constexpr (C == Cell::gru) {
      before = t > 0 ? read<M>(static_cast<const Element*>(args.outputs) + earlier * H + unit, count)
                     : read<Float32>(args.state[0] + row * H + unit, count);
    }
    if (t > 0) {  // the next step reads scattered memory, which hardware does not prefetch
      const char* next = saved + plan.packed(t - 1, row) * Kept::bytes(H);
      for (int which = 0; which < Kept::SAVED; ++which)
        __builtin_prefetch(next + Kept::at(which, unit, H));
      __builtin_prefetch(static_cast<const Element*>(args.to_outputs) + earlier * H + unit);
    }
    F slopes[SLOPES];
    F due = cell(to_h, change, before, unit, count, slopes);
    if constexpr (C == Cell::lstm) write<Float32>(to_c, change, count);
    auto* out = static_cast<Element*>(args.to_gates) + packed * SLOPES * H + unit;
    for (int slope = 0; slope < SLOPES; ++slope) {
      write<M>(out + slope * H, slopes[slope], count);
      if (slope < GATES) write<M>(now.row(slot) + slope * H + unit, slopes[slope], count);
      add_to(to_bias + slope * H + unit, slopes[slope], count);
    }
    return due;
  }

  void begin(const Plan& plan, Group& group, int number) {
    int64_t H = shape.units;
    gather(plan, number, H, group.due.at, args.to_after[0]);
    if (C == Cell::lstm) gather(plan, number, H, group.to_c.at, args.to_after[1]);
    if (shape.positions == nullptr)  // else there is none
      clear_padding(plan, number, args.to_gates, SLOPES * H * sizeof(Element));
  }

  void end(const Plan& plan, Group& group, int number) {
    scatter(plan, number, shape.units, group.due.at, args.to_state[0]);
    if (C == Cell::lstm) scatter(plan, number, shape.units, group.to_c.at, args.to_state[1]);
  }

  void run() {
    // Each thread has its own sums, added in thread order: reproducible to the bit.
    int64_t biases = SLOPES * shape.units, apart = (biases + 15) / 16 * 16;
    Buffer<float> to_bias(shape.threads * apart);
    run_groups(*this, [&](const Plan& plan, Group& group, int number, int member, F* scratch) {
      int64_t all = plan.size(number);
      for (int64_t t = shape.time - 1; t >= -1; --t) {
        int64_t rows = t < 0 ? all : plan.running(number, t, all);
        step(plan, group, number, member, t, rows, scratch,
             to_bias.at + thread_number() * apart);
        synchronize(plan);
      }
    });
    std::memset(args.to_bias, 0, biases * sizeof(float));
    for (int thread = 0; thread < shape.threads; ++thread)
      for (int64_t i = 0; i < biases; ++i) args.to_bias[i] += to_bias.at[thread * apart + i];
  }
};

}  // namespace
