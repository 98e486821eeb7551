// All of the core for one instruction set: ELMAN_SET is its name, the compiler's flags are its.
#include "diagonal.h"
#include "sequences.h"
#include "steps.h"

#define JOINED(a, b) a##b
#define NAMED(set) JOINED(core_, set)

namespace elman {

extern const Core NAMED(ELMAN_SET);
const Core NAMED(ELMAN_SET) = {
    LANES,
    []() -> Program* { return new SetProgram; },
    run_pass<Forward, SequenceForward>,
    run_pass<Backward, SequenceBackward>,
    [](const Diagonal& shape, const DiagonalForward& args) {
      bool narrow = shape.precision == Precision::bfloat16;
      (narrow ? diagonal_forward<BFloat16> : diagonal_forward<Float32>)(shape, args);
    },
    [](const Diagonal& shape, const DiagonalBackward& args) {
      bool narrow = shape.precision == Precision::bfloat16;
      (narrow ? diagonal_backward<BFloat16> : diagonal_backward<Float32>)(shape, args);
    },
};

}  // namespace elman
