// The whole core for one instruction set: ELMAN_SET is its name, and the build passes its flags.
#include "diagonal.h"
#include "pointwise.h"
#include "sequences_backward.h"
#include "sequences_forward.h"
#include "steps.h"

#define JOINED(a, b) a##b
#define NAMED(set) JOINED(core_, set)

namespace {

// The forward or backward pass of a layer, for each cell and precision.
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

// A function for each precision of narrow arrays.
#define ELMAN_BOTH(Shape, Args, function)                                            \
  [](const Shape& shape, const Args& args) {                                         \
    bool narrow = shape.precision == Precision::bfloat16;                            \
    (narrow ? ::function<::BFloat16> : ::function<::Float32>)(shape, args);          \
  }

namespace elman {

extern const Core NAMED(ELMAN_SET);
const Core NAMED(ELMAN_SET) = {
    []() -> Program* { return new SetProgram; },
    run_pass<Forward, SequenceForward>,
    run_pass<Backward, SequenceBackward>,
    ELMAN_BOTH(Diagonal, DiagonalForward, diagonal_forward),
    ELMAN_BOTH(Diagonal, DiagonalBackward, diagonal_backward),
    ELMAN_BOTH(RowShape, NormArgs, norm_forward),
    ELMAN_BOTH(RowShape, NormArgs, norm_backward),
    ELMAN_BOTH(RowShape, GateArgs, gate_forward),
    ELMAN_BOTH(RowShape, GateArgs, gate_backward),
    ELMAN_BOTH(RowShape, ConvolutionArgs, convolution_forward),
    ELMAN_BOTH(RowShape, ConvolutionArgs, convolution_backward),
    ELMAN_BOTH(RowShape, JoinArgs, join_forward),
    ELMAN_BOTH(RowShape, JoinArgs, join_backward),
};

}  // namespace elman
