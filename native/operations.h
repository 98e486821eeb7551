// The operations of a step: each computes vectors from vectors, row by row.
//
// Slots hold the vectors. The caller passes the memory of outer slots with every step (the input,
// the state before and after, the output); the program allocates inner slots.
//
// Shapes: B rows, K depth, N outputs, W width, H units.
#pragma once

#include "core.h"
#include "product.h"
#include "team.h"

namespace {

using elman::Precision;

// The rows of a slot in memory.
struct Slot {
  float* at;
  int64_t stride;
  float* row(int64_t number) const { return at + number * stride; }
};

// The work and scratch memory of a thread.
struct Frame {
  int64_t first, rows;       // among all rows
  const Slot* slots;
  uint32_t* words;           // the rows of a product, in the layout of its weights
  const uint32_t** at;       // the addresses of these rows
  void* sums;                // partial sums of a panel
  float* scales;             // one number a row
  double* scratch;           // scratch memory for one row
};

struct Operation {
  virtual ~Operation() = default;
  virtual void run(const Frame& frame) const = 0;
  virtual int64_t words_a_row() const { return 0; }  // size of Frame::words
  virtual int64_t scratch() const { return 0; }      // size of Frame::scratch
};

typedef Buffer<float> Numbers;

INLINE void fill(Numbers& to, const float* from, int64_t count) {
  std::memcpy(to.at, from, count * sizeof(float));
}

template <class Each>
INLINE void over(int64_t width, Each each) {
  for (int64_t unit = 0; unit < width; unit += LANES) each(unit, static_cast<int>(width - unit));
}

INLINE F take(const float* from, int64_t unit, int count) {
  return read<Float32>(from + unit, count);
}
INLINE void put(float* to, int64_t unit, F v, int count) { write<Float32>(to + unit, v, count); }

struct Embed : Operation {
  Embed(int tokens, int out, const float* table, int64_t vocabulary, int64_t width, float scale)
      : tokens(tokens), out(out), width(width), table(vocabulary * width) {
    for (int64_t i = 0; i < vocabulary * width; ++i) this->table.at[i] = table[i] * scale;
  }
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      int64_t token;
      std::memcpy(&token, frame.slots[tokens].row(row), sizeof token);
      std::memcpy(frame.slots[out].row(row), table.at + token * width, width * sizeof(float));
    }
  }
  int tokens, out;
  int64_t width;
  Numbers table;
};

struct RMSNorm : Operation {
  RMSNorm(int in, int out, const float* weight, int64_t width, float epsilon)
      : in(in), out(out), width(width), epsilon(epsilon), weight(width) {
    fill(this->weight, weight, width);
  }
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      const float* x = frame.slots[in].row(row);
      float* y = frame.slots[out].row(row);
      F squares{};
      over(width, [&](int64_t unit, int count) {
        F v = take(x, unit, count);
        squares += v * v;
      });
      float scale = 1.0f / __builtin_sqrtf(sum(squares) / static_cast<float>(width) + epsilon);
      over(width, [&](int64_t unit, int count) {
        put(y, unit, take(x, unit, count) * scale * take(weight.at, unit, count), count);
      });
    }
  }
  int in, out;
  int64_t width;
  float epsilon;
  Numbers weight;
};

// y = b + w[0] x + sum over 0 < k < K of w[k] recent[K - 1 - k], then x is appended to recent.
struct Convolution : Operation {
  Convolution(int in, int recent, int out, int following, const float* weight, const float* bias,
              int64_t taps, int64_t width)
      : in(in), recent(recent), out(out), following(following), taps(taps), width(width),
        weight(taps * width), bias(width) {
    fill(this->weight, weight, taps * width);
    fill(this->bias, bias, width);
  }
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      const float *x = frame.slots[in].row(row), *past = frame.slots[recent].row(row);
      float *y = frame.slots[out].row(row), *after = frame.slots[following].row(row);
      over(width, [&](int64_t unit, int count) {
        F now = take(x, unit, count);
        F total = take(bias.at, unit, count) + now * take(weight.at, unit, count);
        for (int64_t k = 1; k < taps; ++k) {
          F then = take(past + (taps - 1 - k) * width, unit, count);
          total += then * take(weight.at + k * width, unit, count);
          if (k < taps - 1) put(after + (taps - 2 - k) * width, unit, then, count);
        }
        put(after + (taps - 2) * width, unit, now, count);
        put(y, unit, total, count);
      });
    }
  }
  int in, recent, out, following;
  int64_t taps, width;
  Numbers weight, bias;
};

// y = W x + b, or y += W x + b.
template <class T>
struct Linear : Operation {
  static constexpr int P = 4, WIDE = P * LANES;

  Linear(int in, int out, bool adds, int64_t depth, int64_t outputs, const float* bias)
      : in(in), out(out), adds(adds), depth(depth), outputs(outputs),
        count(words(depth, T::PER_WORD)), panels((outputs + WIDE - 1) / WIDE),
        weight(panels * count * WIDE), bias(panels * WIDE) {
    if (bias) fill(this->bias, bias, outputs);
  }
  int64_t words_a_row() const override { return count; }

  template <class Begin, class Answer>
  INLINE void multiply(const Frame& frame, Begin begin, Answer answer) const {
    for (int64_t panel = 0; panel < panels; ++panel)
      panel_product<T, P>(
          frame.at, frame.rows, weight.at + panel * count * WIDE, count,
          static_cast<typename T::Sum*>(frame.sums),
          [&](typename T::Sum* sums, int64_t) {
            for (int p = 0; p < P; ++p) sums[p] = begin(panel * WIDE + p * LANES);
          },
          [&](const typename T::Sum* sums, int64_t row) {
            float* y = frame.slots[out].row(row);
            for (int p = 0; p < P; ++p) {
              int64_t unit = panel * WIDE + p * LANES;
              int left = static_cast<int>(outputs - unit);
              if (left <= 0) break;
              F value = answer(sums[p], unit, row) + load<F>(bias.at + unit);
              put(y, unit, adds ? value + take(y, unit, left) : value, left);
            }
          });
  }

  int in, out;
  bool adds;
  int64_t depth, outputs, count, panels;
  Buffer<uint32_t> weight;
  Numbers bias;
};

struct FloatLinear : Linear<Float> {
  FloatLinear(int in, int out, bool adds, const float* weights, int64_t depth, int64_t outputs,
              const float* bias)
      : Linear<Float>(in, out, adds, depth, outputs, bias) {
    for (int64_t panel = 0; panel < panels; ++panel)
      pack_panel<Float, P>(weight.at + panel * count * WIDE, depth,
                           [&](int64_t k, int p, int lane) {
                             int64_t unit = panel * WIDE + p * LANES + lane;
                             return unit < outputs ? weights[unit * depth + k] : 0.0f;
                           });
  }
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row)
      frame.at[row] = reinterpret_cast<const uint32_t*>(frame.slots[in].row(row));
    multiply(frame, [](int64_t) { return F{}; }, [](F sum, int64_t, int64_t) { return sum; });
  }
};

// int8: a scale for every output from its largest weight, and a dynamic scale for every row from
// its largest number. Rows are unsigned bytes around 128: subtract 128 times the sum of the weights.
struct Int8Linear : Linear<Int8> {
  Int8Linear(int in, int out, bool adds, const float* weights, int64_t depth, int64_t outputs,
             const float* bias)
      : Linear<Int8>(in, out, adds, depth, outputs, bias), scale(panels * WIDE),
        offset(panels * WIDE) {
    for (int64_t unit = 0; unit < outputs; ++unit) {
      float most = 0;
      for (int64_t k = 0; k < depth; ++k) {
        float size = __builtin_fabsf(weights[unit * depth + k]);
        most = size > most ? size : most;
      }
      float step = most / 127;
      scale.at[unit] = step < __FLT_MIN__ ? 0 : step;  // subnormal: too imprecise to divide by
    }
    for (int64_t panel = 0; panel < panels; ++panel)
      pack_panel<Int8, P>(
          weight.at + panel * count * WIDE, depth, [&](int64_t k, int p, int lane) -> int8_t {
            int64_t unit = panel * WIDE + p * LANES + lane;
            if (unit >= outputs || scale.at[unit] == 0) return 0;
            float steps = __builtin_rintf(weights[unit * depth + k] / scale.at[unit]);
            offset.at[unit] -= 128 * static_cast<int32_t>(steps);
            return static_cast<int8_t>(steps);
          });
  }
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      uint32_t* to = frame.words + row * count;
      frame.at[row] = to;
      frame.scales[row] = narrow(frame.slots[in].row(row), reinterpret_cast<uint8_t*>(to));
    }
    multiply(
        frame, [&](int64_t unit) { return load<I>(offset.at + unit); },
        [&](I sum, int64_t unit, int64_t row) {
          return __builtin_convertvector(sum, F) * load<F>(scale.at + unit) * frame.scales[row];
        });
  }
  // Quantizes a row to bytes -> its scale.
  INLINE float narrow(const float* x, uint8_t* to) const {
    typedef uint8_t Bytes __attribute__((vector_size(LANES)));
    F largest{};
    over(depth, [&](int64_t k, int left) { largest = max(abs(take(x, k, left)), largest); });
    float most = 0;
    for (int lane = 0; lane < LANES; ++lane) most = largest[lane] > most ? largest[lane] : most;
    float steps = most > 0 ? 127 / most : 0;
    over(depth, [&](int64_t k, int left) {
      I whole = nearest(take(x, k, left) * steps) + 128;
      Bytes bytes = __builtin_convertvector((U)whole, Bytes);
      if (left >= LANES)
        store(to + k, bytes);
      else
        std::memcpy(to + k, &bytes, static_cast<size_t>(left));
    });
    for (int64_t k = depth; k < count * 4; ++k) to[k] = 128;
    return most / 127;
  }
  Numbers scale;
  Buffer<int32_t> offset;
};

struct SiLUGate : Operation {
  SiLUGate(int gate, int value, int out, int64_t width)
      : gate(gate), value(value), out(out), width(width) {}
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      const float *g = frame.slots[gate].row(row), *v = frame.slots[value].row(row);
      float* y = frame.slots[out].row(row);
      over(width, [&](int64_t unit, int count) {
        F x = take(g, unit, count);
        put(y, unit, x * sigmoid(x) * take(v, unit, count), count);
      });
    }
  }
  int gate, value, out;
  int64_t width;
};

struct Add : Operation {
  Add(int a, int b, int out, int64_t width) : a(a), b(b), out(out), width(width) {}
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      const float *left = frame.slots[a].row(row), *right = frame.slots[b].row(row);
      float* y = frame.slots[out].row(row);
      over(width, [&](int64_t unit, int count) {
        put(y, unit, take(left, unit, count) + take(right, unit, count), count);
      });
    }
  }
  int a, b, out;
  int64_t width;
};

struct LogSoftmax : Operation {
  LogSoftmax(int in, int64_t width) : in(in), width(width) {}
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      float* x = frame.slots[in].row(row);
      float most = x[0], whole = 0;
      for (int64_t i = 1; i < width; ++i) most = x[i] > most ? x[i] : most;
      for (int64_t i = 0; i < width; ++i) whole += __builtin_expf(x[i] - most);
      float less = most + __builtin_logf(whole);
      for (int64_t i = 0; i < width; ++i) x[i] -= less;
    }
  }
  int in;
  int64_t width;
};

// Attention: y = sum over s of a[s] v[s] in each head, a = softmax of match(q, k[s]),
// which is q k / sqrt(E), or u tanh(q + k). Rows of one source are contiguous and share its keys.
// Online softmax: track the largest score and rescale the sums when it grows, so a row needs no
// memory for the scores of all tokens (M. Milakov, N. Gimelshein, 2018, algorithm 3).
struct Attention : Operation {
  Attention(int query, const elman::AttentionMemory& memory, int out, int64_t heads, int64_t width,
            const float* score)
      : query(query), memory(memory), out(out), heads(heads), each(width / heads), score(width),
        additive(score != nullptr) {
    if (score) fill(this->score, score, width);
  }
  void run(const Frame& frame) const override {
    int64_t sizes[2];  // tokens and rows of a source
    std::memcpy(sizes, frame.slots[memory.sizes].at, sizeof sizes);
    const float* mask = frame.slots[memory.mask].at;
    for (int64_t row = 0; row < frame.rows; ++row) {
      int64_t source = (frame.first + row) / sizes[1];
      for (int64_t head = 0; head < heads; ++head) {
        int64_t from = (source * heads + head) * sizes[0] * each;
        attend(frame.slots[query].row(row) + head * each, frame.slots[memory.keys].at + from,
             frame.slots[memory.values].at + from, mask + source * sizes[0], sizes[0],
             frame.slots[out].row(row) + head * each);
      }
    }
  }

 private:
  INLINE void attend(const float* q, const float* keys, const float* values, const float* mask,
                   int64_t tokens, float* y) const {
    float largest = -__builtin_inff(), total = 0;
    for (int64_t s = 0; s < tokens; ++s) {
      float score = match(q, keys + s * each) + mask[s];
      if (score == -__builtin_inff()) continue;
      float rescale = score > largest ? __builtin_expf(largest - score) : 1;  // 0 at the first
      if (score > largest) largest = score;
      float weight = __builtin_expf(score - largest);
      total = total * rescale + weight;
      const float* v = values + s * each;
      over(each, [&](int64_t unit, int count) {
        F so_far = rescale == 0 ? F{} : take(y, unit, count) * rescale;
        put(y, unit, so_far + weight * take(v, unit, count), count);
      });
    }
    over(each, [&](int64_t unit, int count) { put(y, unit, take(y, unit, count) / total, count); });
  }
  INLINE float match(const float* q, const float* k) const {
    F total{};
    over(each, [&](int64_t unit, int count) {
      F query_part = take(q, unit, count), key = take(k, unit, count);
      total += additive ? take(score.at, unit, count) * tanh(query_part + key) : query_part * key;
    });
    return additive ? sum(total) : sum(total) / __builtin_sqrtf(static_cast<float>(each));
  }

  int query;
  elman::AttentionMemory memory;
  int out;
  int64_t heads, each;
  Numbers score;
  bool additive;
};

struct Sum : Operation {
  Sum(int in, int out, int64_t width) : in(in), out(out), width(width) {}
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row) {
      const float* x = frame.slots[in].row(row);
      F total{};
      over(width, [&](int64_t unit, int count) { total += take(x, unit, count); });
      *frame.slots[out].row(row) = sum(total);
    }
  }
  int in, out;
  int64_t width;
};

struct Copy : Operation {
  Copy(int in, int out, int64_t width) : in(in), out(out), width(width) {}
  void run(const Frame& frame) const override {
    for (int64_t row = 0; row < frame.rows; ++row)
      std::memcpy(frame.slots[out].row(row), frame.slots[in].row(row), width * sizeof(float));
  }
  int in, out;
  int64_t width;
};

}  // namespace
