// The functions of an instruction set, and their arguments: pointers to contiguous arrays, sizes, a
// number of threads. Independent of Python and torch.
//
// Shapes: T time, B batch, H units, G gates, K depth, N outputs. Time comes first, (T, B, ...).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace elman {

enum class Precision { float32, bfloat16, int8 };
enum class Cell { elman, elman_relu, gru, lstm };

constexpr int gates_of(Cell cell) { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }

// The number of vectors of H that a step saves for the gradient: lstm i, f, g, o, c; gru r, z, n
// and the hidden part of n; elman h.
constexpr int saved_of(Cell cell) { return cell == Cell::lstm ? 5 : cell == Cell::gru ? 4 : 1; }

// The number of vectors of H of the gate gradients of a step: gru has n twice, as n_hidden, r, z,
// n, so that the three of the hidden part and the three of the input are contiguous.
constexpr int gate_gradients_of(Cell cell) { return cell == Cell::gru ? 4 : gates_of(cell); }

// A layer over time. Products and 'narrow' arrays are in `precision`, float32 or bfloat16; the
// state, its gradients and saved values are float32.
struct Sequence {
  Cell cell;
  Precision precision;
  int64_t time, rows, units;
  const int64_t* lengths;  // (B,), or null: all T
  int threads;
  // (T, B), or null: the index of each step in 'packed' arrays, which then have no padding:
  // (N, ...) for the N steps of all rows.
  const int64_t* positions = nullptr;
};

struct SequenceForward {
  const void* inputs;        // (T, B, GH) narrow, packed: the input's part of the gates and biases
  const void* weight;        // (GH, H) narrow
  const float* bias;         // (GH,) of the hidden part, or null
  const float* state[2];     // (B, H) h, c
  void* outputs;             // (T, B, H) narrow, zero at padding
  void* saved;               // (T, B, saved H) of 4 bytes, packed, or null: no gradient is needed
  float* after[2];           // (B, H) h, c after each row's last token
};

struct SequenceBackward {
  const void* outputs;       // (T, B, H) narrow, from the forward pass
  const void* saved;         // from the forward pass
  const void* weight;        // (GH, H) narrow
  const float* state[2];     // (B, H) h, c before the first token
  const void* to_outputs;    // (T, B, H) narrow
  const float* to_after[2];  // (B, H)
  void* to_gates;            // (T, B, slopes H) narrow, packed, zero at padding
  float* to_bias;            // (slopes H,) the sum of to_gates over time and rows
  float* to_state[2];        // (B, H)
};

// h[t] = (1 - z) h[t-1] + z n with z = sigmoid(gate): minGRU after its products.
struct Diagonal {
  Precision precision;
  int64_t time, rows, units;
  const int64_t* lengths;
  int threads;
};

struct DiagonalForward {
  const void* packed;   // (T, B, 2H) narrow: gate | candidate
  const float* state;   // (B, H)
  void* outputs;        // (T, B, H) narrow
  float* after;         // (B, H)
};

struct DiagonalBackward {
  const void* packed;
  const void* outputs;
  const float* state;
  const void* to_outputs;  // (T, B, H) narrow
  const float* to_after;   // (B, H)
  void* to_packed;         // (T, B, 2H) narrow
  float* to_state;         // (B, H)
};

// The rows (N, W) of a fused operation; a sequence has N = T B.
struct RowShape {
  Precision precision;
  int64_t rows, width;
  int threads;
};

// y = x scale weight, where scale = 1 / sqrt(mean(x^2) + epsilon) of each row.
struct NormArgs {
  const float* x;       // (N, W)
  const float* weight;  // (W,)
  float epsilon;
  void* y;              // (N, W) narrow
  float* scale;         // (N,)
  const void* to_y;     // (N, W) narrow
  float* to_x;          // (N, W)
  float* to_weight;     // (W,)
};

// y = silu(gate) value, all (N, W) narrow.
struct GateArgs {
  const void *gate, *value;
  void* y;
  const void* to_y;
  void *to_gate, *to_value;
};

// y[t] = bias + sum over k < K of weight[k] inputs[K - 1 + t - k].
struct ConvolutionArgs {
  int64_t batch, taps;
  const void* inputs;   // (K - 1 + T, B, W) narrow
  const float* weight;  // (K, W)
  const float* bias;    // (W,)
  void* y;              // (T, B, W) narrow
  const void* to_y;     // (T, B, W) narrow
  void* to_inputs;      // (K - 1 + T, B, W) narrow
  float* to_weight;     // (K + 1, W), the last row is the bias's
};

// sum = x + y mask.
struct JoinArgs {
  int64_t batch;
  const float* x;       // (T, B, W)
  const void* y;        // (T, B, W) narrow
  const float* mask;    // (B, W), or null: all ones
  float* sum;           // (T, B, W)
  const float* to_sum;  // (T, B, W)
  void* to_y;           // (T, B, W) narrow
};

// The attention memory, in outer slots of width 0, which all rows share: R sources of S tokens
// each, N heads of width E, K rows for each source.
struct AttentionMemory {
  int keys, values;  // (R, N, S, E)
  int mask;          // (R, S) 0 at real tokens, minus infinity at padding
  int sizes;         // S, K as 64-bit integers
};

// The M n-grams of one order, sorted by context, then by token; contexts are ids of the order below.
struct NGramOrder {
  const int32_t* tokens;    // (M,) the last token
  const float* shares;      // (M,) of the last token after the others
  const int64_t* starts;    // (contexts + 1,)
  const float* lower_mass;  // (contexts,) that is left to the lower orders
};

// N-grams of orders 1 to N, and the gate between them and a network. The arrays are the caller's.
struct NGrams {
  int64_t vocabulary;
  const float* unigrams;           // (vocabulary,)
  std::vector<NGramOrder> orders;  // 2, 3, ..., N
  std::vector<float> gate_bias;    // (N,) by the number of orders above 1 that know the context
  float gate_mass, gate_entropy;   // weights of the log of the mass left, and of the entropy
};

constexpr float SMALL_MASS = 1e-3f;  // added to the mass before its logarithm

// Element-wise operations. Comparisons and logic return 1 or 0, and treat nonzero as true.
enum class Element {
  add, sub, mul, multiply_add, div, remainder, maximum, minimum, where,
  neg, abs, sigmoid, tanh, relu, exp, log, sqrt,
  less, less_equal, equal, logical_and, logical_or, logical_not,
  to_float, to_integer, copy
};

// An operand of element-wise operations.
struct Register {
  enum class Home { slot, vector, number, temporary };
  Home home;
  bool integer;        // int64; else float32
  int slot;            // the slot, or the number of a temporary, from 0
  bool single;         // a slot of one number a row, which broadcasts
  const void* vector;  // (width,), copied
  double number;
};

struct Instruction {
  Element element;
  int out;
  int operands[3];  // as many as the element has
};

// Operations that run together on a sequence, by number; time by time if they carry a state.
struct Group {
  bool carries_state;
  std::vector<int> operations;
};

// The order of the operations of a program over time, and the slots of each state before and after.
struct Schedule {
  std::vector<Group> groups;
  std::vector<std::pair<int, int>> states;
};

// One step of a whole network, for any number of rows: operations on slots, in order of addition.
// Weights are copied. An outer slot is memory of the caller, `width` 32-bit words a row (an int64
// takes two).
class Program {
 public:
  virtual ~Program() = default;
  virtual int outer(int64_t width) = 0;
  virtual int inner(int64_t width) = 0;
  // A view of a slot from `offset` words on, to read or write.
  virtual int view(int slot, int64_t offset) = 0;
  virtual void embed(int tokens, int out, const float* table, int64_t vocabulary, int64_t width,
                     float scale) = 0;
  virtual void rms_norm(int in, int out, const float* weight, int64_t width, float epsilon) = 0;
  virtual void convolution(int in, int recent, int out, int following, const float* weight,
                           const float* bias, int64_t taps, int64_t width) = 0;
  virtual void linear(Precision precision, int in, int out, bool adds, const float* weight,
                      const float* bias, int64_t depth, int64_t outputs) = 0;
  virtual void silu_gate(int gate, int value, int out, int64_t width) = 0;
  virtual void add(int a, int b, int out, int64_t width) = 0;
  virtual void log_softmax(int in, int64_t width) = 0;  // in place
  // score: (width,) of additive attention, or null for the scaled dot product.
  virtual void attention(int query, const AttentionMemory& memory, int out, int64_t heads,
                         int64_t width, const float* score) = 0;
  // Steps of cells: h and c before, and after the step. `gates` are the sums of the products, in
  // vectors of `units`; a GRU has the products of its hidden vector apart.
  virtual void lstm(int gates, int c, int h_after, int c_after, int64_t units) = 0;
  virtual void gru(int gates, int hidden, int h, int h_after, int64_t units) = 0;
  virtual void mingru(int gates, int h, int h_after, int64_t units) = 0;
  virtual void clockwork(int gates, int h, int time, int h_after, int time_after,
                         const std::vector<int64_t>& periods) = 0;
  // Mixes logits with n-grams into log-probabilities: before and after are the contexts of orders 2
  // to N, -1 where there is none. The logits are overwritten.
  virtual void mix(int tokens, int logits, int before, int after, int out,
                   const NGrams& ngrams) = 0;
  // out: the log-probability of each target (int64), and the entropy of the distribution.
  virtual void token_score(int logits, int targets, int out, int64_t vocabulary) = 0;
  virtual void copy(int in, int out, int64_t width) = 0;
  virtual void sum(int in, int out, int64_t width) = 0;  // out: one number a row
  // Runs the instructions in order on rows of `width` numbers, block by block.
  virtual void elementwise(int64_t width, const std::vector<Register>& registers,
                           const std::vector<Instruction>& instructions) = 0;
  // outers: the addresses of the outer slots, in order of creation.
  virtual void run(int64_t rows, const uintptr_t* outers, int threads) = 0;
  // A sequence of steps. rows_at: (T,) how many rows have a token at each time, not rising. The
  // outer slots of states hold one vector a row, the others are packed (see over_time.h), and those
  // of width 0 are shared.
  virtual void run_over_time(int64_t time, const int64_t* rows_at, const Schedule& schedule,
                             const uintptr_t* outers) = 0;
};

// The functions of an instruction set.
struct Core {
  Program* (*program)();
  void (*sequence_forward)(const Sequence&, const SequenceForward&);
  void (*sequence_backward)(const Sequence&, const SequenceBackward&);
  void (*diagonal_forward)(const Diagonal&, const DiagonalForward&);
  void (*diagonal_backward)(const Diagonal&, const DiagonalBackward&);
  void (*norm_forward)(const RowShape&, const NormArgs&);
  void (*norm_backward)(const RowShape&, const NormArgs&);
  void (*gate_forward)(const RowShape&, const GateArgs&);
  void (*gate_backward)(const RowShape&, const GateArgs&);
  void (*convolution_forward)(const RowShape&, const ConvolutionArgs&);
  void (*convolution_backward)(const RowShape&, const ConvolutionArgs&);
  void (*join_forward)(const RowShape&, const JoinArgs&);
  void (*join_backward)(const RowShape&, const JoinArgs&);
};

}  // namespace elman
