// Elman, GRU and LSTM over time, forward and backward. The input's part of every gate comes from
// one large product outside; here each step multiplies the hidden vectors by weights that stay in
// cache, and finishes the gates while their sums are still in registers.
//
// Rows are sorted by length and dealt to groups, so that at every step those still running are the
// first of their group: what lies behind a row's end costs nothing. A group's threads share its
// units, and wait for each other after every step.
#pragma once

#include "core.h"
#include "product.h"
#include "team.h"

namespace {

using elman::Cell;
using elman::Sequence;
using elman::SequenceBackward;
using elman::SequenceForward;

constexpr int STRIPS = 4;  // of units in a panel, where a panel is not made of gates

template <Cell C>
constexpr int PANEL = C == Cell::elman || C == Cell::elman_relu ? STRIPS : elman::gates_of(C);

// Which rows and panels each thread has.
struct Plan {
  int groups, sharing;   // threads = groups * sharing
  int64_t room;          // rows of the largest group
  const int64_t* order;  // (B,) rows, the longest first
  const Sequence& shape;

  int64_t size(int group) const { return (shape.rows - group + groups - 1) / groups; }
  int64_t row(int group, int64_t slot) const { return order[group + slot * groups]; }
  int64_t packed(int64_t t, int64_t row) const {
    int64_t place = t * shape.rows + row;
    return shape.places ? shape.places[place] : place;
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
  Room<int64_t> first(shape.time + 2);
  for (int64_t row = 0; row < shape.rows; ++row) ++first.at[shape.time - shape.lengths[row] + 1];
  for (int64_t i = 0; i <= shape.time; ++i) first.at[i + 1] += first.at[i];
  for (int64_t row = 0; row < shape.rows; ++row)
    order[first.at[shape.time - shape.lengths[row]]++] = row;
}

constexpr int64_t WORTHWHILE = 8;  // rows that make it pay to read all weights

INLINE Plan plan_of(const Sequence& shape, const int64_t* order, int threads) {
  int groups = threads;
  while (groups > 1 && (threads % groups || shape.rows < groups * WORTHWHILE)) --groups;
  return {groups, threads / groups, (shape.rows + groups - 1) / groups, order, shape};
}

// The vectors of one group that its own threads read and write, padded to whole panels.
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
  Room<uint32_t> data;
  Room<const uint32_t*> at;
};

template <class T>
struct MemoryOf;
template <>
struct MemoryOf<Float> { typedef Float32 Type; };
template <>
struct MemoryOf<BFloat> { typedef BFloat16 Type; };

// What a step keeps for the gradient, of one row. Beside narrow products, what lies between -1 and
// 1 is kept as 16-bit fractions of it: a gate near 1 then has the same room as one near 0, which
// bfloat16 would not give it. The others stay float32.
template <Cell C, class T>
struct Keeping {
  static constexpr bool compact = T::PER_WORD > 1;
  static constexpr int KEPT = elman::kept_of(C);
  static constexpr int bounded = C == Cell::elman_relu ? 0 : C == Cell::elman ? 1 : KEPT - 1;
  static constexpr float STEPS = 32767.0f;
  typedef int16_t Fractions __attribute__((vector_size(2 * LANES)));

  static int64_t bytes(int64_t units) {
    return units * (compact ? 2 * bounded + 4 * (KEPT - bounded) : 4 * KEPT);
  }
  static INLINE int64_t at(int which, int64_t unit, int64_t units) {
    if (!compact) return 4 * (which * units + unit);
    if (which < bounded) return 2 * (which * units + unit);
    return 2 * bounded * units + 4 * ((which - bounded) * units + unit);
  }
  static INLINE void put(char* kept, F v, int which, int64_t unit, int64_t units, int count) {
    char* to = kept + at(which, unit, units);
    if (!compact || which >= bounded) return write<Float32>(reinterpret_cast<float*>(to), v, count);
    constexpr float ROUND = 12582912.0f;  // 1.5 * 2^23: what is added to it loses its fraction
    I whole = (I)(v * STEPS + ROUND) - (I)splat(ROUND);
    Fractions narrow = __builtin_convertvector(whole, Fractions);
    if (__builtin_expect(count >= LANES, 1)) return store(to, narrow);
    std::memcpy(to, &narrow, 2 * static_cast<size_t>(count));
  }
  static INLINE F get(const char* kept, int which, int64_t unit, int64_t units, int count) {
    const char* from = kept + at(which, unit, units);
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

// ---------------------------------------------------------------------------------------- forward

// One step of one row for LANES units: sums are the hidden part of its gates.
template <Cell C, class T>
struct ForwardStep {
  typedef typename MemoryOf<T>::Type M;
  const typename M::Element* inputs;  // this row's gates, each H long
  char* kept;                         // or null
  int64_t units;

  INLINE F gate(F sum, int which, int64_t unit, int count) const {
    return sum + read<M>(inputs + which * units + unit, count);
  }
  INLINE void keep(F v, int which, int64_t unit, int count) const {
    if (kept) Keeping<C, T>::put(kept, v, which, unit, units, count);
  }
  // -> h; c, where there is one, in place.
  INLINE F operator()(const F* sums, int64_t unit, int count, F h, F& c) const {
    if constexpr (C == Cell::lstm) {
      F i = sigmoid(gate(sums[0], 0, unit, count)), f = sigmoid(gate(sums[1], 1, unit, count));
      F g = tanh(gate(sums[2], 2, unit, count)), o = sigmoid(gate(sums[3], 3, unit, count));
      c = f * c + i * g;
      keep(i, 0, unit, count), keep(f, 1, unit, count), keep(g, 2, unit, count);
      keep(o, 3, unit, count), keep(c, 4, unit, count);
      return o * tanh(c);
    } else if constexpr (C == Cell::gru) {
      F r = sigmoid(gate(sums[0], 0, unit, count)), z = sigmoid(gate(sums[1], 1, unit, count));
      F hidden = sums[2];
      F n = tanh(gate(r * hidden, 2, unit, count));
      keep(r, 0, unit, count), keep(z, 1, unit, count), keep(n, 2, unit, count);
      keep(hidden, 3, unit, count);
      return n + z * (h - n);
    } else {
      F total = gate(sums[0], 0, unit, count);
      F next = C == Cell::elman ? tanh(total) : max(total, F{});
      keep(next, 0, unit, count);
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
  Room<uint32_t> weight{panels * depth * P * LANES};
  Room<float> bias{panels * P * LANES};

  void pack(int64_t panel) {
    const Element* from = static_cast<const Element*>(args.weight);
    int64_t H = shape.units;
    auto row = [&](int p, int lane) {  // of the weights, for a place in this panel; -1 outside
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
    Operand<T> operand[2];  // the hidden vectors before and after a step, in turn
    Room<float> h, c;
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
            char* kept = static_cast<char*>(args.kept);
            ForwardStep<C, T> cell{static_cast<const Element*>(args.inputs) + packed * GATES * H,
                                   kept ? kept + packed * Keeping<C, T>::bytes(H) : nullptr, H};
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
    for (int64_t slot = 0; slot < plan.size(number); ++slot) {
      int64_t row = plan.row(number, slot);
      std::memcpy(group.h.at + slot * H, args.state[0] + row * H, H * sizeof(float));
      if (C == Cell::lstm)
        std::memcpy(group.c.at + slot * H, args.state[1] + row * H, H * sizeof(float));
      for (int64_t unit = 0; unit < H; unit += LANES) {
        int count = static_cast<int>(H - unit);
        F h = read<Float32>(args.state[0] + row * H + unit, count);
        write<M>(group.operand[0].row(slot) + unit, h, count);
      }
    }
  }

  void end(const Plan& plan, Group& group, int number) {
    int64_t H = shape.units;
    for (int64_t slot = 0; slot < plan.size(number); ++slot) {
      int64_t row = plan.row(number, slot);
      std::memcpy(args.after[0] + row * H, group.h.at + slot * H, H * sizeof(float));
      if (C == Cell::lstm)
        std::memcpy(args.after[1] + row * H, group.c.at + slot * H, H * sizeof(float));
      for (int64_t t = plan.length(row); t < shape.time; ++t)
        std::memset(static_cast<Element*>(args.outputs) + (t * shape.rows + row) * H, 0,
                    H * sizeof(Element));
    }
  }

  void run() {
    Room<int64_t> order(shape.rows);
    sort_rows(shape, order.at);
    Room<Group*> groups(shape.threads);
#pragma omp parallel num_threads(shape.threads)
    {
      Plan plan = plan_of(shape, order.at, team_size());  // which may be smaller than asked for
      int number = thread_number() / plan.sharing, member = thread_number() % plan.sharing;
#pragma omp for
      for (int64_t panel = 0; panel < panels; ++panel) pack(panel);
      if (member == 0) {
        groups.at[number] = new Group(plan.room, shape.units);
        begin(plan, *groups.at[number], number);
      }
#pragma omp barrier
      Group& group = *groups.at[number];
      Room<F> scratch(plan.room * P);
      int64_t rows = plan.size(number);
      for (int64_t t = 0; t < shape.time; ++t) {
        rows = plan.running(number, t, rows);
        step(plan, group, number, member, t, rows, scratch.at);
        if (plan.sharing > 1) {
#pragma omp barrier
        }
      }
      if (member == 0) {
        end(plan, group, number);
        delete groups.at[number];
      }
    }
  }
};

// --------------------------------------------------------------------------------------- backward

// One step of one row for LANES units, back: -> what h before it is due besides the product.
template <Cell C, class T>
struct BackwardStep {
  const char* kept;
  int64_t units;

  INLINE F had(int which, int64_t unit, int count) const {
    return Keeping<C, T>::get(kept, which, unit, units, count);
  }
  // to_h: the gradient of h; to_c: of c, in place; before: the state before the step, c of an lstm
  // and else h. slopes: the gradients of the gates.
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
  static constexpr int P = STRIPS, GATES = elman::gates_of(C), SLOPES = elman::slopes_of(C);
  static constexpr int WIDE = P * LANES;

  const Sequence& shape;
  const SequenceBackward& args;
  int64_t depth = words(GATES * shape.units, T::PER_WORD);
  int64_t panels = (shape.units + WIDE - 1) / WIDE;
  Room<uint32_t> weight{panels * depth * P * LANES};

  // Of a gru the gates that the product meets come in the order n, r, z.
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
    Operand<T> operand[2];  // the gates' gradients after and before a step, in turn
    Room<float> due, to_c;  // due: what h has to answer for besides the product
  };

  // The product of the gradients of step t + 1, then, where t >= 0, step t itself.
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
    typedef Keeping<C, T> Kept;
    int64_t H = shape.units, place = t * shape.rows + row, earlier = place - shape.rows;
    int64_t packed = plan.packed(t, row);
    const char* kept = static_cast<const char*>(args.kept);
    to_h += read<M>(static_cast<const Element*>(args.to_outputs) + place * H + unit, count);
    BackwardStep<C, T> cell{kept + packed * Kept::bytes(H), H};
    F before{}, change{};
    if constexpr (C == Cell::lstm) {
      before = t > 0 ? Kept::get(kept + plan.packed(t - 1, row) * Kept::bytes(H), 4, unit, H, count)
                     : read<Float32>(args.state[1] + row * H + unit, count);
      change = read<Float32>(to_c, count);
    } else if constexpr (C == Cell::gru) {
      before = t > 0 ? read<M>(static_cast<const Element*>(args.outputs) + earlier * H + unit, count)
                     : read<Float32>(args.state[0] + row * H + unit, count);
    }
    if (t > 0) {  // what the next step reads lies far apart: no processor foresees it
      const char* next = kept + plan.packed(t - 1, row) * Kept::bytes(H);
      for (int which = 0; which < Kept::KEPT; ++which)
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
      float* sum = to_bias + slope * H + unit;
      write<Float32>(sum, read<Float32>(sum, count) + slopes[slope], count);
    }
    return due;
  }

  void begin(const Plan& plan, Group& group, int number) {
    int64_t H = shape.units;
    for (int64_t slot = 0; slot < plan.size(number); ++slot) {
      int64_t row = plan.row(number, slot);
      std::memcpy(group.due.at + slot * H, args.to_after[0] + row * H, H * sizeof(float));
      if (C == Cell::lstm)
        std::memcpy(group.to_c.at + slot * H, args.to_after[1] + row * H, H * sizeof(float));
      for (int64_t t = plan.length(row); t < shape.time && shape.places == nullptr; ++t)
        std::memset(static_cast<Element*>(args.to_gates) + (t * shape.rows + row) * SLOPES * H, 0,
                    SLOPES * H * sizeof(Element));
    }
  }

  void end(const Plan& plan, Group& group, int number) {
    int64_t H = shape.units;
    for (int64_t slot = 0; slot < plan.size(number); ++slot) {
      int64_t row = plan.row(number, slot);
      std::memcpy(args.to_state[0] + row * H, group.due.at + slot * H, H * sizeof(float));
      if (C == Cell::lstm)
        std::memcpy(args.to_state[1] + row * H, group.to_c.at + slot * H, H * sizeof(float));
    }
  }

  void run() {
    Room<int64_t> order(shape.rows);
    sort_rows(shape, order.at);
    Room<Group*> groups(shape.threads);
    // Every thread sums for itself; whoever ends first, the same bits come of it.
    int64_t biases = SLOPES * shape.units, apart = (biases + 15) / 16 * 16;
    Room<float> to_bias(shape.threads * apart);
#pragma omp parallel num_threads(shape.threads)
    {
      Plan plan = plan_of(shape, order.at, team_size());  // which may be smaller than asked for
      int number = thread_number() / plan.sharing, member = thread_number() % plan.sharing;
#pragma omp for
      for (int64_t panel = 0; panel < panels; ++panel) pack(panel);
      if (member == 0) {
        groups.at[number] = new Group(plan.room, shape.units);
        begin(plan, *groups.at[number], number);
      }
#pragma omp barrier
      Group& group = *groups.at[number];
      Room<F> scratch(plan.room * P);
      int64_t all = plan.size(number);
      for (int64_t t = shape.time - 1; t >= -1; --t) {
        int64_t rows = t < 0 ? all : plan.running(number, t, all);
        step(plan, group, number, member, t, rows, scratch.at,
             to_bias.at + thread_number() * apart);
        if (plan.sharing > 1) {
#pragma omp barrier
        }
      }
      if (member == 0) {
        end(plan, group, number);
        delete groups.at[number];
      }
    }
    std::memset(args.to_bias, 0, biases * sizeof(float));
    for (int thread = 0; thread < shape.threads; ++thread)
      for (int64_t i = 0; i < biases; ++i) args.to_bias[i] += to_bias.at[thread * apart + i];
  }
};

// --------------------------------------------------------------------------------------- dispatch

template <template <Cell, class> class Pass, class Args>
void run_pass(const Sequence& shape, const Args& args) {
  bool narrow = shape.precision == elman::Precision::bfloat16;
  switch (shape.cell) {
#define ELMAN_CASE(C)                                     \
  case Cell::C:                                           \
    if (narrow)                                           \
      Pass<Cell::C, BFloat>{shape, args}.run();           \
    else                                                  \
      Pass<Cell::C, Float>{shape, args}.run();            \
    break;
    ELMAN_CASE(elman)
    ELMAN_CASE(elman_relu)
    ELMAN_CASE(gru)
    ELMAN_CASE(lstm)
#undef ELMAN_CASE
  }
}

}  // namespace
