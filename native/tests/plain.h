// Reference layers as plain loops over scalars in double, which the core must equal.
//
// Shapes as in core.h: T time, B batch, H units, G gates.
#pragma once

#include <vector>

#include "core.h"

namespace plain {

using elman::Cell;
typedef std::vector<double> Numbers;

// The arguments of a layer, and the gradients of the loss for its outputs.
struct Layer {
  Cell cell;
  int64_t time, rows, units;
  std::vector<int64_t> lengths;  // (B,), or empty: all T
  Numbers inputs;                // (T, B, GH)
  Numbers weight;                // (GH, H)
  Numbers bias;                  // (GH,) of the hidden part, or empty
  Numbers state[2];              // (B, H) h, c
  Numbers to_outputs;            // (T, B, H)
  Numbers to_after[2];           // (B, H)

  int64_t gates() const { return elman::gates_of(cell); }
  int64_t length(int64_t row) const { return lengths.empty() ? time : lengths[row]; }
};

struct Outcome {
  Numbers outputs;      // (T, B, H), zero at padding
  Numbers after[2];     // (B, H)
  Numbers to_gates;     // (T, B, slopes H), zero at padding
  Numbers to_bias;      // (slopes H,)
  Numbers to_state[2];  // (B, H)
};

Outcome run(const Layer& layer);

// The loss: the sum of all outputs, each times its slope.
double loss(const Layer& layer, const Outcome& outcome);

struct Recurrence {  // minGRU after its products
  int64_t time, rows, units;
  std::vector<int64_t> lengths;
  Numbers packed;      // (T, B, 2H) gate | candidate
  Numbers state;       // (B, H)
  Numbers to_outputs;  // (T, B, H)
  Numbers to_after;    // (B, H)

  int64_t length(int64_t row) const { return lengths.empty() ? time : lengths[row]; }
};

struct Recurred {
  Numbers outputs;    // (T, B, H), zero at padding
  Numbers after;      // (B, H)
  Numbers to_packed;  // (T, B, 2H), zero at padding
  Numbers to_state;   // (B, H)
};

Recurred run(const Recurrence& recurrence);

double loss(const Recurrence& recurrence, const Recurred& outcome);

}  // namespace plain
