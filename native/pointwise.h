// The operations between the products of a network, in one pass forward and one backward: they are
// bound by memory, not by arithmetic. Residual vectors and weights are float32; inputs and outputs
// of products are narrow. Each thread gets one contiguous range of rows.
#pragma once

#include "core.h"
#include "simd.h"
#include "team.h"

namespace {

using elman::ConvolutionArgs;
using elman::GateArgs;
using elman::JoinArgs;
using elman::NormArgs;
using elman::RowShape;

// Sums over rows: each thread sums its own, and the partial sums are added in thread order, so that
// results are reproducible to the bit.
template <class Each>
void summed(float* total, int64_t width, int threads, Each each) {
  int64_t apart = (width + 15) / 16 * 16;
  Buffer<float> sums(threads * apart);
#pragma omp parallel num_threads(threads)
  each(sums.at + thread_number() * apart);
  std::memset(total, 0, width * sizeof(float));
  for (int thread = 0; thread < threads; ++thread)
    for (int64_t i = 0; i < width; ++i) total[i] += sums.at[thread * apart + i];
}

// ------------------------------------------------------------------------------------------- norm

template <class M>
void norm_forward(const RowShape& shape, const NormArgs& args) {
  int64_t W = shape.width;
#pragma omp parallel num_threads(shape.threads)
  {
    Range rows = thread_range(shape.rows);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      const float* x = args.x + row * W;
      auto* y = static_cast<typename M::Element*>(args.y) + row * W;
      F squares{};
      for (int64_t unit = 0; unit < W; unit += LANES) {
        F v = read<Float32>(x + unit, static_cast<int>(W - unit));
        squares += v * v;
      }
      float mean = sum(squares) / static_cast<float>(W);
      float scale = 1.0f / __builtin_sqrtf(mean + args.epsilon);
      args.scale[row] = scale;
      for (int64_t unit = 0; unit < W; unit += LANES) {
        int count = static_cast<int>(W - unit);
        F v = read<Float32>(x + unit, count) * scale * read<Float32>(args.weight + unit, count);
        write<M>(y + unit, v, count);
      }
    }
  }
}

// With n = x scale and g = to_y weight: to_x = scale (g - n mean(g n)), to_weight = sum(to_y n).
template <class M>
void norm_backward(const RowShape& shape, const NormArgs& args) {
  int64_t W = shape.width;
  summed(args.to_weight, W, shape.threads, [&](float* to_weight) {
    Range rows = thread_range(shape.rows);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      const float* x = args.x + row * W;
      const auto* to_y = static_cast<const typename M::Element*>(args.to_y) + row * W;
      float* to_x = args.to_x + row * W;
      float scale = args.scale[row];
      F along{};
      for (int64_t unit = 0; unit < W; unit += LANES) {
        int count = static_cast<int>(W - unit);
        F slope = read<M>(to_y + unit, count), n = read<Float32>(x + unit, count) * scale;
        add_to(to_weight + unit, slope * n, count);
        along += slope * read<Float32>(args.weight + unit, count) * n;
      }
      float mean = sum(along) / static_cast<float>(W);
      for (int64_t unit = 0; unit < W; unit += LANES) {
        int count = static_cast<int>(W - unit);
        F g = read<M>(to_y + unit, count) * read<Float32>(args.weight + unit, count);
        F n = read<Float32>(x + unit, count) * scale;
        write<Float32>(to_x + unit, (g - n * mean) * scale, count);
      }
    }
  });
}

// ------------------------------------------------------------------------------------------- gate

template <class M>
void gate_forward(const RowShape& shape, const GateArgs& args) {
  typedef typename M::Element Element;
  int64_t whole = shape.rows * shape.width, vectors = (whole + LANES - 1) / LANES;
#pragma omp parallel num_threads(shape.threads)
  {
    Range mine = thread_range(vectors);
    for (int64_t at = mine.begin * LANES; at < mine.end * LANES; at += LANES) {
      int count = static_cast<int>(whole - at < LANES ? whole - at : LANES);
      F g = read<M>(static_cast<const Element*>(args.gate) + at, count);
      F v = read<M>(static_cast<const Element*>(args.value) + at, count);
      write<M>(static_cast<Element*>(args.y) + at, g * sigmoid(g) * v, count);
    }
  }
}

template <class M>
void gate_backward(const RowShape& shape, const GateArgs& args) {
  typedef typename M::Element Element;
  int64_t whole = shape.rows * shape.width, vectors = (whole + LANES - 1) / LANES;
#pragma omp parallel num_threads(shape.threads)
  {
    Range mine = thread_range(vectors);
    for (int64_t at = mine.begin * LANES; at < mine.end * LANES; at += LANES) {
      int count = static_cast<int>(whole - at < LANES ? whole - at : LANES);
      F g = read<M>(static_cast<const Element*>(args.gate) + at, count);
      F v = read<M>(static_cast<const Element*>(args.value) + at, count);
      F to_y = read<M>(static_cast<const Element*>(args.to_y) + at, count);
      F s = sigmoid(g), silu = g * s;
      write<M>(static_cast<Element*>(args.to_value) + at, to_y * silu, count);
      write<M>(static_cast<Element*>(args.to_gate) + at, to_y * v * (s + silu * (1.0f - s)), count);
    }
  }
}

// ------------------------------------------------------------------------------------ convolution

// rows = T B; inputs hold K - 1 more steps before them.
template <class M>
void convolution_forward(const RowShape& shape, const ConvolutionArgs& args) {
  typedef typename M::Element Element;
  int64_t W = shape.width, back = args.batch * W;
#pragma omp parallel num_threads(shape.threads)
  {
    Range rows = thread_range(shape.rows);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      const Element* x = static_cast<const Element*>(args.inputs) + (args.taps - 1) * back + row * W;
      Element* y = static_cast<Element*>(args.y) + row * W;
      for (int64_t unit = 0; unit < W; unit += LANES) {
        int count = static_cast<int>(W - unit);
        F total = read<Float32>(args.bias + unit, count);
        for (int64_t k = 0; k < args.taps; ++k)
          total += read<Float32>(args.weight + k * W + unit, count) *
                   read<M>(x - k * back + unit, count);
        write<M>(y + unit, total, count);
      }
    }
  }
}

// to_inputs[i] = sum over k of weight[k] to_y[i - (K - 1) + k], for the k where that y exists.
template <class M>
void convolution_backward(const RowShape& shape, const ConvolutionArgs& args) {
  typedef typename M::Element Element;
  int64_t W = shape.width, K = args.taps, back = args.batch * W;
  const Element* to_y = static_cast<const Element*>(args.to_y);
  summed(args.to_weight, (K + 1) * W, shape.threads, [&](float* to_weight) {
    Range rows = thread_range(shape.rows);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      const Element* x = static_cast<const Element*>(args.inputs) + (K - 1) * back + row * W;
      for (int64_t unit = 0; unit < W; unit += LANES) {
        int count = static_cast<int>(W - unit);
        F slope = read<M>(to_y + row * W + unit, count);
        for (int64_t k = 0; k < K; ++k)
          add_to(to_weight + k * W + unit, slope * read<M>(x - k * back + unit, count), count);
        add_to(to_weight + K * W + unit, slope, count);
      }
    }
    Range inputs = thread_range(shape.rows + (K - 1) * args.batch);
    for (int64_t row = inputs.begin; row < inputs.end; ++row) {
      Element* to_x = static_cast<Element*>(args.to_inputs) + row * W;
      int64_t first = row - (K - 1) * args.batch;  // the y of this step
      for (int64_t unit = 0; unit < W; unit += LANES) {
        int count = static_cast<int>(W - unit);
        F total{};
        for (int64_t k = 0; k < K; ++k) {
          int64_t y = first + k * args.batch;
          if (y >= 0 && y < shape.rows)
            total += read<Float32>(args.weight + k * W + unit, count) *
                     read<M>(to_y + y * W + unit, count);
        }
        write<M>(to_x + unit, total, count);
      }
    }
  });
}

// ------------------------------------------------------------------------------------------- join

// sum = x + y mask; a row has the mask of its index in the batch. Backward: to_y = to_sum mask.
template <class M>
void join_forward(const RowShape& shape, const JoinArgs& args) {
  int64_t W = shape.width;
#pragma omp parallel num_threads(shape.threads)
  {
    Range rows = thread_range(shape.rows);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      const auto* y = static_cast<const typename M::Element*>(args.y) + row * W;
      const float* mask = args.mask ? args.mask + row % args.batch * W : nullptr;
      for (int64_t unit = 0; unit < W; unit += LANES) {
        int count = static_cast<int>(W - unit);
        F v = read<M>(y + unit, count);
        if (mask) v *= read<Float32>(mask + unit, count);
        write<Float32>(args.sum + row * W + unit, read<Float32>(args.x + row * W + unit, count) + v,
                       count);
      }
    }
  }
}

template <class M>
void join_backward(const RowShape& shape, const JoinArgs& args) {
  int64_t W = shape.width;
#pragma omp parallel num_threads(shape.threads)
  {
    Range rows = thread_range(shape.rows);
    for (int64_t row = rows.begin; row < rows.end; ++row) {
      auto* to_y = static_cast<typename M::Element*>(args.to_y) + row * W;
      const float* mask = args.mask ? args.mask + row % args.batch * W : nullptr;
      for (int64_t unit = 0; unit < W; unit += LANES) {
        int count = static_cast<int>(W - unit);
        F v = read<Float32>(args.to_sum + row * W + unit, count);
        if (mask) v *= read<Float32>(mask + unit, count);
        write<M>(to_y + unit, v, count);
      }
    }
  }
}

}  // namespace
