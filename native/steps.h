// One step of a whole network: its operations in order, on rows of vectors. Rows are independent,
// so threads divide them and need no synchronization.
#pragma once

#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "cells.h"
#include "elementwise.h"
#include "mixture.h"
#include "operations.h"
#include "over_time.h"

namespace {

// The operations of a network, and their memory.
class SetProgram : public elman::Program {
 public:
  int outer(int64_t width) override { return add_slot(width, true); }
  int inner(int64_t width) override { return add_slot((width + 63) / 64 * 64, false); }
  int view(int slot, int64_t offset) override {
    layouts.push_back({0, false, slot, offset});
    return static_cast<int>(layouts.size()) - 1;
  }

  void embed(int tokens, int out, const float* table, int64_t vocabulary, int64_t width,
             float scale) override {
    token_slot = {outers_before(tokens), vocabulary};
    add(new Embed(tokens, out, table, vocabulary, width, scale));
  }
  void rms_norm(int in, int out, const float* weight, int64_t width, float epsilon) override {
    add(new RMSNorm(in, out, weight, width, epsilon));
  }
  void convolution(int in, int recent, int out, int following, const float* weight,
                   const float* bias, int64_t taps, int64_t width) override {
    add(new Convolution(in, recent, out, following, weight, bias, taps, width));
  }
  void linear(Precision precision, int in, int out, bool adds, const float* weight,
              const float* bias, int64_t depth, int64_t outputs) override {
    if (precision == Precision::int8)
      add(new Int8Linear(in, out, adds, weight, depth, outputs, bias));
    else
      add(new FloatLinear(in, out, adds, weight, depth, outputs, bias));
  }
  void silu_gate(int gate, int value, int out, int64_t width) override {
    add(new SiLUGate(gate, value, out, width));
  }
  void add(int a, int b, int out, int64_t width) override { add(new Add(a, b, out, width)); }
  void log_softmax(int in, int64_t width) override { add(new LogSoftmax(in, width)); }
  void attention(int query, const elman::AttentionMemory& memory, int out, int64_t heads,
                 int64_t width, const float* score) override {
    add(new Attention(query, memory, out, heads, width, score));
  }
  void lstm(int gates, int c, int h_after, int c_after, int64_t units) override {
    add(new CellStep<LSTMStep>(units, {gates, c, h_after, c_after}));
  }
  void gru(int gates, int hidden, int h, int h_after, int64_t units) override {
    add(new CellStep<GRUStep>(units, {gates, hidden, h, h_after}));
  }
  void mingru(int gates, int h, int h_after, int64_t units) override {
    add(new CellStep<MinGRUStep>(units, {gates, h, h_after}));
  }
  void clockwork(int gates, int h, int time, int h_after, int time_after,
                 const std::vector<int64_t>& periods) override {
    add(new CellStep<ClockworkStep>(static_cast<int64_t>(periods.size()),
                                    {gates, h, time, h_after, time_after, periods}));
  }
  void mix(int tokens, int logits, int before, int after, int out,
           const elman::NGrams& ngrams) override {
    add(new Mix(tokens, logits, before, after, out, ngrams));
  }
  void token_score(int logits, int targets, int out, int64_t vocabulary) override {
    add(new TokenScore(logits, targets, out, vocabulary));
  }
  void copy(int in, int out, int64_t width) override { add(new Copy(in, out, width)); }
  void sum(int in, int out, int64_t width) override { add(new Sum(in, out, width)); }
  void elementwise(int64_t width, const std::vector<elman::Register>& registers,
                   const std::vector<elman::Instruction>& instructions) override {
    add(new Elementwise(width, registers, instructions));
  }

  void run(int64_t rows, const uintptr_t* outers, int threads) override {
    if (rows <= 0) return;
    check_tokens(rows, outers);
    int64_t most = rows / MINIMUM > 0 ? rows / MINIMUM : 1;
    int team = threads < most ? threads : static_cast<int>(most);
    if (team <= 1) return run_rows(0, rows, outers);
#pragma omp parallel num_threads(team)
    {
      Range mine = thread_range(rows);
      run_rows(mine.begin, mine.end, outers);
    }
  }

  void run_over_time(int64_t time, const int64_t* rows_at, const elman::Schedule& schedule,
                     const uintptr_t* outers) override {
    int64_t tokens = 0;
    for (int64_t t = 0; t < time; ++t) tokens += rows_at[t];
    if (tokens == 0) return;
    check_tokens(tokens, outers);
    OverTime(layouts, operations, schedule, words_a_row, scratch).run(time, rows_at, outers);
  }

 private:
  static constexpr int64_t MINIMUM = 8;  // rows for which a thread pays off

  // The tokens: their outer slot, and the size of their vocabulary.
  struct TokenSlot {
    int64_t outer, vocabulary;
  };

  int64_t outers_before(int slot) const {
    int64_t count = 0;
    for (int i = 0; i < slot; ++i) count += layouts[i].outer;
    return count;
  }
  // Check before threads start: an exception in a thread would end the process.
  void check_tokens(int64_t rows, const uintptr_t* outers) const {
    if (token_slot.vocabulary == 0) return;
    const auto* tokens = reinterpret_cast<const int64_t*>(outers[token_slot.outer]);
    for (int64_t row = 0; row < rows; ++row)
      if (tokens[row] < 0 || tokens[row] >= token_slot.vocabulary)
        throw std::out_of_range("a token outside of the vocabulary");
  }

  int add_slot(int64_t width, bool outer) {
    layouts.push_back({width, outer, -1, 0});
    return static_cast<int>(layouts.size()) - 1;
  }
  void add(Operation* operation) {
    operations.emplace_back(operation);
    if (operation->words_a_row() > words_a_row) words_a_row = operation->words_a_row();
    if (operation->scratch() > scratch) scratch = operation->scratch();
  }

  // The memory of a run, reused by the next.
  struct Workspace {
    int64_t rows = 0;
    std::unique_ptr<Numbers> numbers;
    std::unique_ptr<Buffer<Slot>> slots;
    std::unique_ptr<Scratch> scratch;
  };

  void allocate(Workspace& workspace, int64_t rows) const {
    int64_t whole = 0;
    for (const SlotLayout& slot : layouts) whole += slot.outer ? 0 : slot.width;
    workspace.numbers = std::make_unique<Numbers>(whole * rows);
    workspace.slots = std::make_unique<Buffer<Slot>>(static_cast<int64_t>(layouts.size()));
    workspace.scratch = std::make_unique<Scratch>(rows, words_a_row, scratch);
    workspace.rows = rows;
  }

  std::unique_ptr<Workspace> acquire() {
    std::lock_guard<std::mutex> alone(lock);
    if (workspaces.empty()) return std::make_unique<Workspace>();
    std::unique_ptr<Workspace> last = std::move(workspaces.back());
    workspaces.pop_back();
    return last;
  }
  void release(std::unique_ptr<Workspace> workspace) {
    std::lock_guard<std::mutex> alone(lock);
    workspaces.push_back(std::move(workspace));
  }

  void run_rows(int64_t from, int64_t to, const uintptr_t* outers) {
    int64_t rows = to - from;
    std::unique_ptr<Workspace> acquired = acquire();
    Workspace& workspace = *acquired;
    if (workspace.rows < rows) allocate(workspace, rows);
    float* inner = workspace.numbers->at;
    Slot* slot = workspace.slots->at;
    for (const SlotLayout& each : layouts) {
      if (each.base >= 0) {
        const Slot& base = workspace.slots->at[each.base];
        *slot = {base.at + each.offset, base.stride};
      } else if (each.outer) {
        *slot = {reinterpret_cast<float*>(*outers++) + from * each.width, each.width};
      } else {
        *slot = {inner, each.width};
        inner += rows * each.width;
      }
      ++slot;
    }
    Frame frame = workspace.scratch->frame(from, rows, workspace.slots->at);
    for (const auto& operation : operations) operation->run(frame);
    release(std::move(acquired));
  }

  std::vector<SlotLayout> layouts;
  std::vector<std::unique_ptr<Operation>> operations;
  std::vector<std::unique_ptr<Workspace>> workspaces;
  TokenSlot token_slot{0, 0};
  std::mutex lock;
  int64_t words_a_row = 0, scratch = 0;
};

}  // namespace
