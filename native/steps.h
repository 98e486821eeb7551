// One step of a whole network: its operations in order, on rows of vectors. What a row of a batch
// becomes does not depend on the others, so threads have rows of their own and never wait.
#pragma once

#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "operations.h"

namespace {

// The operations of a network, and the memory that they need.
class SetProgram : public elman::Program {
 public:
  int outer(int64_t width) override { return add_slot(width, true); }
  int inner(int64_t width) override { return add_slot((width + 63) / 64 * 64, false); }

  void embed(int symbols, int out, const float* table, int64_t vocabulary, int64_t width,
             float scale) override {
    asked = {outers_before(symbols), vocabulary};
    add(new Embed(symbols, out, table, vocabulary, width, scale));
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
  void elman(int gates, int h_after, int64_t units, bool relu) override {
    add(new ElmanStep(gates, h_after, units, relu));
  }
  void gru(int gates, int hidden, int h, int h_after, int64_t units) override {
    add(new GRUStep(gates, hidden, h, h_after, units));
  }
  void lstm(int gates, int c, int h_after, int c_after, int64_t units) override {
    add(new LSTMStep(gates, c, h_after, c_after, units));
  }
  void mingru(int gates, int h, int h_after, int64_t units) override {
    add(new MinGRUStep(gates, h, h_after, units));
  }
  void clockwork(int gates, int h, int time, int h_after, int time_after, const int64_t* periods,
                 int64_t units) override {
    add(new ClockworkStep(gates, h, time, h_after, time_after, periods, units));
  }
  void silu_gate(int gate, int value, int out, int64_t width) override {
    add(new SiLUGate(gate, value, out, width));
  }
  void add(int a, int b, int out, int64_t width) override { add(new Add(a, b, out, width)); }
  void log_softmax(int in, int64_t width) override { add(new LogSoftmax(in, width)); }
  void attention(int query, const elman::Looked& looked, int out, int64_t heads, int64_t width,
                 const float* weigh) override {
    add(new Attention(query, looked, out, heads, width, weigh));
  }
  void copy(int in, int out, int64_t width) override { add(new Copy(in, out, width)); }

  void run(int64_t rows, const uintptr_t* outers, int threads) override {
    if (rows <= 0) return;
    check_symbols(rows, outers);
    int64_t most = rows / MINIMUM > 0 ? rows / MINIMUM : 1;
    int team = threads < most ? threads : static_cast<int>(most);
    if (team <= 1) return run_rows(0, rows, outers);
#pragma omp parallel num_threads(team)
    {
      Share mine = share_of(rows);
      run_rows(mine.begin, mine.end, outers);
    }
  }

 private:
  static constexpr int64_t MINIMUM = 8;  // rows that are worth a thread

  struct Known {
    int64_t width;
    bool outer;
  };

  // The symbols that are read: which of the outer slots, and how many there are to choose from.
  struct Asked {
    int64_t outer, vocabulary;
  };

  int64_t outers_before(int slot) const {
    int64_t count = 0;
    for (int i = 0; i < slot; ++i) count += known[i].outer;
    return count;
  }
  // Here, where an error can still leave: a thread's own would end the process.
  void check_symbols(int64_t rows, const uintptr_t* outers) const {
    if (asked.vocabulary == 0) return;
    const auto* symbols = reinterpret_cast<const int64_t*>(outers[asked.outer]);
    for (int64_t row = 0; row < rows; ++row)
      if (symbols[row] < 0 || symbols[row] >= asked.vocabulary)
        throw std::out_of_range("a symbol outside of the vocabulary");
  }

  int add_slot(int64_t width, bool outer) {
    known.push_back({width, outer});
    return static_cast<int>(known.size()) - 1;
  }
  void add(Operation* operation) {
    operations.emplace_back(operation);
    if (operation->words_a_row() > words_a_row) words_a_row = operation->words_a_row();
  }

  // What one run needs for itself: lent to a thread, kept for the next.
  struct Desk {
    int64_t rows = 0;
    std::unique_ptr<Numbers> numbers;
    std::unique_ptr<Room<uint32_t>> words;
    std::unique_ptr<Room<const uint32_t*>> at;
    std::unique_ptr<Room<F>> sums;
    std::unique_ptr<Numbers> scales;
    std::unique_ptr<Room<Slot>> slots;
  };

  void furnish(Desk& desk, int64_t rows) const {
    int64_t whole = 0;
    for (const Known& slot : known) whole += slot.outer ? 0 : slot.width;
    desk.numbers = std::make_unique<Numbers>(whole * rows);
    desk.words = std::make_unique<Room<uint32_t>>(words_a_row * rows);
    desk.at = std::make_unique<Room<const uint32_t*>>(rows);
    desk.sums = std::make_unique<Room<F>>(4 * rows);
    desk.scales = std::make_unique<Numbers>(rows);
    desk.slots = std::make_unique<Room<Slot>>(static_cast<int64_t>(known.size()));
    desk.rows = rows;
  }

  std::unique_ptr<Desk> lend() {
    std::lock_guard<std::mutex> alone(lock);
    if (desks.empty()) return std::make_unique<Desk>();
    std::unique_ptr<Desk> last = std::move(desks.back());
    desks.pop_back();
    return last;
  }
  void take_back(std::unique_ptr<Desk> desk) {
    std::lock_guard<std::mutex> alone(lock);
    desks.push_back(std::move(desk));
  }

  void run_rows(int64_t from, int64_t to, const uintptr_t* outers) {
    int64_t rows = to - from;
    std::unique_ptr<Desk> lent = lend();
    Desk& desk = *lent;
    if (desk.rows < rows) furnish(desk, rows);
    float* inner = desk.numbers->at;
    Slot* slot = desk.slots->at;
    for (const Known& each : known) {
      if (each.outer) {
        *slot = {reinterpret_cast<float*>(*outers++) + from * each.width, each.width};
      } else {
        *slot = {inner, each.width};
        inner += rows * each.width;
      }
      ++slot;
    }
    Frame frame{from, rows, desk.slots->at, desk.words->at, desk.at->at, desk.sums->at,
                desk.scales->at};
    for (const auto& operation : operations) operation->run(frame);
    take_back(std::move(lent));
  }

  std::vector<Known> known;
  std::vector<std::unique_ptr<Operation>> operations;
  std::vector<std::unique_ptr<Desk>> desks;
  Asked asked{0, 0};
  std::mutex lock;
  int64_t words_a_row = 0;
};

}  // namespace
