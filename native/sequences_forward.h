// A layer over time, forward.
#pragma once

#include "sequences.h"

namespace {

using elman::SequenceForward;

// One step of one row for LANES units: sums are the hidden part of its gates.
template <Cell C, class T>
struct ForwardStep {
  typedef typename MemoryOf<T>::Type M;
  const typename M::Element* inputs;  // the gates of this row, each H long
  char* saved;                        // or null
  int64_t units;

  INLINE F gate(F sum, int which, int64_t unit, int count) const {
    return sum + read<M>(inputs + which * units + unit, count);
  }
  INLINE void save(F v, int which, int64_t unit, int count) const {
    if (saved) SavedActivations<C, T>::put(saved, v, which, unit, units, count);
  }
  // Returns h, and updates c (if any) in place.
  INLINE F operator()(const F* sums, int64_t unit, int count, F h, F& c) const {
    if constexpr (C == Cell::lstm) {
      F i = sigmoid(gate(sums[0], 0, unit, count)), f = sigmoid(gate(sums[1], 1, unit, count));
      F g = tanh(gate(sums[2], 2, unit, count)), o = sigmoid(gate(sums[3], 3, unit, count));
      c = f * c + i * g;
      save(i, 0, unit, count), save(f, 1, unit, count), save(g, 2, unit, count);
      save(o, 3, unit, count), save(c, 4, unit, count);
      return o * tanh(c);
    } else if constexpr (C == Cell::gru) {
      F r = sigmoid(gate(sums[0], 0, unit, count)), z = sigmoid(gate(sums[1], 1, unit, count));
      F hidden = sums[2];
      F n = tanh(gate(r * hidden, 2, unit, count));
      save(r, 0, unit, count), save(z, 1, unit, count), save(n, 2, unit, count);
      save(hidden, 3, unit, count);
      return n + z * (h - n);
    } else {
      F total = gate(sums[0], 0, unit, count);
      F next = C == Cell::elman ? tanh(total) : max(total, F{});
      save(next, 0, unit, count);
      return next;
    }
  }
};

template <Cell C, class T>
struct Forward {
  typedef typename MemoryOf<T>::Type M;
  typedef typename M::Element Element;
  static constexpr int P = PANEL<C>, GATES = elman::gates_of(C), STRIDE = P / GATES * LANES;

  const Sequence& shape;
  const SequenceForward& args;
  int64_t depth = words(shape.units, T::PER_WORD);
  int64_t panels = (shape.units + STRIDE - 1) / STRIDE;
  Buffer<uint32_t> weight{panels * depth * P * LANES};
  Buffer<float> bias{panels * P * LANES};

  void pack(int64_t panel) {
    const Element* from = static_cast<const Element*>(args.weight);
    int64_t H = shape.units;
    auto row = [&](int p, int lane) {  // of the weights, at an index of this panel; -1 out of range
      int64_t unit = panel * STRIDE + (GATES == 1 ? p * LANES : 0) + lane;
      return unit < H ? (GATES == 1 ? unit : p * H + unit) : -1;
    };
    pack_panel<T, P>(weight.at + panel * depth * P * LANES, H, [&](int64_t k, int p, int lane) {
      int64_t from_row = row(p, lane);
      return from_row < 0 ? Element{} : from[from_row * H + k];
    });
    for (int p = 0; args.bias && p < P; ++p)
      for (int lane = 0; lane < LANES; ++lane)
        if (row(p, lane) >= 0)
          bias.at[(panel * P + p) * LANES + lane] = args.bias[row(p, lane)];
  }

  struct Group {
    Group(int64_t rows, int64_t units)
        : operand{{rows, units}, {rows, units}}, h(rows * units), c(rows * units) {}
    Operand<T> operand[2];  // the hidden vectors before and after a step, alternating
    Buffer<float> h, c;
  };

  void step(const Plan& plan, Group& group, int number, int member, int64_t t, int64_t rows,
            F* scratch) {
    int64_t H = shape.units;
    Operand<T>&before = group.operand[t & 1], &after = group.operand[(t + 1) & 1];
    for (int64_t panel = member; panel < panels; panel += plan.sharing) {
      const float* first = bias.at + panel * P * LANES;
      panel_product<T, P>(
          before.at.at, rows, weight.at + panel * depth * P * LANES, depth, scratch,
          [&](F* sums, int64_t) {
            for (int p = 0; p < P; ++p) sums[p] = load<F>(first + p * LANES);
          },
          [&](const F* sums, int64_t slot) {
            int64_t row = plan.row(number, slot), place = t * shape.rows + row;
            int64_t packed = plan.packed(t, row);
            char* saved = static_cast<char*>(args.saved);
            ForwardStep<C, T> cell{static_cast<const Element*>(args.inputs) + packed * GATES * H,
                                   saved ? saved + packed * SavedActivations<C, T>::bytes(H) : nullptr, H};
            auto* outputs = static_cast<Element*>(args.outputs) + place * H;
            for (int p = 0; p < P / GATES; ++p) {
              int64_t unit = panel * STRIDE + p * LANES;
              int count = static_cast<int>(H - unit);
              if (count <= 0) break;
              float *h_at = group.h.at + slot * H + unit, *c_at = group.c.at + slot * H + unit;
              F c = C == Cell::lstm ? read<Float32>(c_at, count) : F{};
              F old = C == Cell::gru ? read<Float32>(h_at, count) : F{};
              F h = cell(sums + p, unit, count, old, c);
              if (C == Cell::lstm) write<Float32>(c_at, c, count);
              write<Float32>(h_at, h, count);
              write<M>(outputs + unit, h, count);
              write<M>(after.row(slot) + unit, h, count);
            }
          });
    }
  }

  void begin(const Plan& plan, Group& group, int number) {
    int64_t H = shape.units;
    gather(plan, number, H, group.h.at, args.state[0]);
    if (C == Cell::lstm) gather(plan, number, H, group.c.at, args.state[1]);
    for (int64_t slot = 0; slot < plan.size(number); ++slot)
      for (int64_t unit = 0; unit < H; unit += LANES) {
        int count = static_cast<int>(H - unit);
        F h = read<Float32>(group.h.at + slot * H + unit, count);
        write<M>(group.operand[0].row(slot) + unit, h, count);
      }
  }

  void end(const Plan& plan, Group& group, int number) {
    scatter(plan, number, shape.units, group.h.at, args.after[0]);
    if (C == Cell::lstm) scatter(plan, number, shape.units, group.c.at, args.after[1]);
    clear_padding(plan, number, args.outputs, shape.units * sizeof(Element));
  }

  void run() {
    run_groups(*this, [&](const Plan& plan, Group& group, int number, int member, F* scratch) {
      int64_t rows = plan.size(number);
      for (int64_t t = 0; t < shape.time; ++t) {
        rows = plan.running(number, t, rows);
        step(plan, group, number, member, t, rows, scratch);
        synchronize(plan);
      }
    });
  }
};

}  // namespace
