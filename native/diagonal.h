// minGRU over time, after its products: units are independent, so each step is one multiply-add a
// unit and memory is the bottleneck. The gradient recomputes everything from inputs and outputs.
#pragma once

#include "core.h"
#include "simd.h"
#include "team.h"

namespace {

using elman::Diagonal;
using elman::DiagonalBackward;
using elman::DiagonalForward;

// The part of a thread: rows, or a range of units if rows are few.
struct Segment {
  int64_t row, rows_end, unit, units_end;
};

INLINE Segment segment_of(const Diagonal& shape) {
  if (shape.rows >= thread_count()) {
    Range rows = thread_range(shape.rows);
    return {rows.begin, rows.end, 0, shape.units};
  }
  Range vectors = thread_range((shape.units + LANES - 1) / LANES);
  int64_t end = vectors.end * LANES;
  return {0, shape.rows, vectors.begin * LANES, end < shape.units ? end : shape.units};
}

INLINE int64_t end_of(const Diagonal& shape, int64_t row) {
  return shape.lengths ? shape.lengths[row] : shape.time;
}

template <class M>
void diagonal_forward(const Diagonal& shape, const DiagonalForward& args) {
  typedef typename M::Element Element;
  int64_t H = shape.units;
  if (shape.rows == 0) return;  // empty arrays may be null
  std::memcpy(args.after, args.state, shape.rows * H * sizeof(float));
#pragma omp parallel num_threads(shape.threads)
  {
    Segment segment = segment_of(shape);
    for (int64_t t = 0; t < shape.time; ++t)
      for (int64_t row = segment.row; row < segment.rows_end; ++row) {
        int64_t place = t * shape.rows + row;
        const Element* gate = static_cast<const Element*>(args.packed) + place * 2 * H;
        Element* out = static_cast<Element*>(args.outputs) + place * H;
        float* state = args.after + row * H;
        bool real = t < end_of(shape, row);
        for (int64_t unit = segment.unit; unit < segment.units_end; unit += LANES) {
          int count = static_cast<int>(segment.units_end - unit);
          if (!real) {
            write<M>(out + unit, F{}, count);
            continue;
          }
          F z = sigmoid(read<M>(gate + unit, count)), n = read<M>(gate + H + unit, count);
          F h = read<Float32>(state + unit, count);
          h += z * (n - h);
          write<Float32>(state + unit, h, count);
          write<M>(out + unit, h, count);
        }
      }
  }
}

template <class M>
void diagonal_backward(const Diagonal& shape, const DiagonalBackward& args) {
  typedef typename M::Element Element;
  int64_t H = shape.units;
  if (shape.rows == 0) return;  // empty arrays may be null
  std::memcpy(args.to_state, args.to_after, shape.rows * H * sizeof(float));
#pragma omp parallel num_threads(shape.threads)
  {
    Segment segment = segment_of(shape);
    for (int64_t t = shape.time - 1; t >= 0; --t)
      for (int64_t row = segment.row; row < segment.rows_end; ++row) {
        int64_t place = t * shape.rows + row;
        const Element* gate = static_cast<const Element*>(args.packed) + place * 2 * H;
        const Element* earlier =
            t > 0 ? static_cast<const Element*>(args.outputs) + (place - shape.rows) * H : nullptr;
        const Element* to_out = static_cast<const Element*>(args.to_outputs) + place * H;
        Element* to_gate = static_cast<Element*>(args.to_packed) + place * 2 * H;
        float* due = args.to_state + row * H;  // the gradient of h, carried backward
        bool real = t < end_of(shape, row);
        for (int64_t unit = segment.unit; unit < segment.units_end; unit += LANES) {
          int count = static_cast<int>(segment.units_end - unit);
          if (!real) {
            write<M>(to_gate + unit, F{}, count);
            write<M>(to_gate + H + unit, F{}, count);
            continue;
          }
          F z = sigmoid(read<M>(gate + unit, count)), n = read<M>(gate + H + unit, count);
          F before = earlier ? read<M>(earlier + unit, count)
                             : read<Float32>(args.state + row * H + unit, count);
          F to_h = read<Float32>(due + unit, count) + read<M>(to_out + unit, count);
          F through = to_h * z, rest = to_h - through;
          write<M>(to_gate + H + unit, through, count);
          write<M>(to_gate + unit, rest * z * (n - before), count);
          write<Float32>(due + unit, rest, count);
        }
      }
  }
}

}  // namespace
