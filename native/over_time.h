// A program over time: its operations in groups, each group on all tokens of a chunk at once, or
// time by time where it carries the state. A product then reads its weights once a chunk instead of
// once a token, and the vectors of a chunk stay in cache.
//
// Texts are rows, longest first. Arrays of tokens are packed: the rows that have a first token, those
// that have a second, and so on, without padding.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "operations.h"

namespace {

struct SlotLayout {
  int64_t width;
  bool outer;
  int base;        // of a view; else -1
  int64_t offset;  // of a view, within the rows of its base
};

// The memory that operations need for some rows.
struct Scratch {
  Scratch(int64_t rows, int64_t words_a_row, int64_t scratch)
      : words(words_a_row * rows), at(rows), sums(4 * rows), scales(rows), scratch(scratch) {}
  Frame frame(int64_t first, int64_t rows, const Slot* slots) {
    return {first, rows, slots, words.at, at.at, sums.at, scales.at, scratch.at};
  }
  Buffer<uint32_t> words;
  Buffer<const uint32_t*> at;
  Buffer<F> sums;
  Numbers scales;
  Buffer<double> scratch;
};

class OverTime {
 public:
  typedef std::vector<std::unique_ptr<Operation>> Operations;

  OverTime(const std::vector<SlotLayout>& layouts, const Operations& operations,
           const elman::Schedule& schedule, int64_t words_a_row, int64_t scratch)
      : layouts(layouts), operations(operations), schedule(schedule), words_a_row(words_a_row),
        scratch(scratch), kinds(layouts.size(), Kind::inner), states(layouts.size(), 0) {
    for (size_t i = 0; i < layouts.size(); ++i)
      if (layouts[i].base >= 0)
        kinds[i] = Kind::view;
      else if (layouts[i].outer)
        kinds[i] = layouts[i].width ? Kind::packed : Kind::shared;
    for (size_t i = 0; i < schedule.states.size(); ++i) {
      auto [before, after] = schedule.states[i];
      kinds[before] = Kind::before;
      kinds[after] = Kind::after;
      states[before] = states[after] = static_cast<int>(i);
    }
  }

  void run(int64_t time, const int64_t* rows_at, const uintptr_t* outers) const {
    Call(*this, time, rows_at, outers).run();
  }

 private:
  static constexpr int64_t CHUNK = 128;  // tokens of a chunk, about

  enum class Kind { inner, view, packed, shared, before, after };

  // One call, and its memory.
  struct Call {
    Call(const OverTime& program, int64_t time, const int64_t* rows_at, const uintptr_t* outers)
        : program(program), time(time), rows_at(rows_at), offsets(time + 1, 0),
          outers(program.layouts.size(), nullptr), stored(program.layouts.size(), 0),
          slots(program.layouts.size()) {
      for (int64_t t = 0; t < time; ++t) offsets[t + 1] = offsets[t] + rows_at[t];
      for (int64_t from = 0; from < time; from = chunk_end(from)) {
        int64_t count = offsets[chunk_end(from)] - offsets[from];
        largest = count > largest ? count : largest;
      }
      int64_t whole = 0;
      for (size_t i = 0; i < program.layouts.size(); ++i) {
        const SlotLayout& each = program.layouts[i];
        if (each.outer) this->outers[i] = reinterpret_cast<float*>(*outers++);
        Kind kind = program.kinds[i];
        if (kind == Kind::inner || kind == Kind::after) {
          stored[i] = whole;
          whole += each.width * largest;
        }
      }
      numbers = std::make_unique<Numbers>(whole);
      for (const auto& state : program.schedule.states) {
        int before = state.first;
        int64_t width = program.layouts[before].width;
        carried.push_back(std::make_unique<Numbers>(width * rows_at[0]));
        fill(*carried.back(), this->outers[before], width * rows_at[0]);
      }
    }

    // The end of the chunk of times that begins at `from`.
    int64_t chunk_end(int64_t from) const {
      int64_t to = from + 1;
      while (to < time && offsets[to + 1] - offsets[from] <= CHUNK) ++to;
      return to;
    }

    void run() {
      Scratch scratch(largest, program.words_a_row, program.scratch);
      for (int64_t from = 0; from < time; from = chunk_end(from)) {
        int64_t to = chunk_end(from);
        for (const elman::Group& group : program.schedule.groups) {
          if (!group.carries_state) {
            point(from, from);
            apply(group, scratch.frame(0, offsets[to] - offsets[from], slots.data()));
          } else {
            for (int64_t t = from; t < to; ++t) {
              point(from, t);
              apply(group, scratch.frame(0, rows_at[t], slots.data()));
            }
          }
        }
        keep(from, to);
      }
    }

    void apply(const elman::Group& group, const Frame& frame) const {
      for (int operation : group.operations) program.operations[operation]->run(frame);
    }

    // Points all slots at the first row of time t, in the chunk that begins at `from`.
    void point(int64_t from, int64_t t) {
      int64_t in_chunk = offsets[t] - offsets[from];
      for (size_t i = 0; i < slots.size(); ++i) {
        int64_t width = program.layouts[i].width;
        switch (program.kinds[i]) {
          case Kind::view: {
            const Slot& base = slots[program.layouts[i].base];
            slots[i] = {base.at + program.layouts[i].offset, base.stride};
            break;
          }
          case Kind::packed:
            slots[i] = {outers[i] + offsets[t] * width, width};
            break;
          case Kind::shared:
            slots[i] = {outers[i], 0};
            break;
          case Kind::before: {
            const float* at = t == from ? carried[program.states[i]]->at : after_of(i, from, t - 1);
            slots[i] = {const_cast<float*>(at), width};
            break;
          }
          default:
            slots[i] = {numbers->at + stored[i] + in_chunk * width, width};
        }
      }
    }

    // The states after time t, where `before` is the slot of the state before.
    const float* after_of(size_t before, int64_t from, int64_t t) const {
      int after = program.schedule.states[program.states[before]].second;
      return numbers->at + stored[after] +
             (offsets[t] - offsets[from]) * program.layouts[after].width;
    }

    // Keeps the last state of the rows that go on, and returns that of the rows that end.
    void keep(int64_t from, int64_t to) {
      for (size_t state = 0; state < program.schedule.states.size(); ++state) {
        auto [before, after] = program.schedule.states[state];
        int64_t width = program.layouts[after].width;
        for (int64_t t = from; t < to; ++t) {
          int64_t going_on = t + 1 < time ? rows_at[t + 1] : 0;
          const float* states = after_of(before, from, t);
          if (t + 1 == to) std::memcpy(carried[state]->at, states, going_on * width * sizeof(float));
          std::memcpy(outers[after] + going_on * width, states + going_on * width,
                      (rows_at[t] - going_on) * width * sizeof(float));
        }
      }
    }

    const OverTime& program;
    int64_t time;
    const int64_t* rows_at;
    std::vector<int64_t> offsets;  // (T + 1,) of the tokens of each time
    std::vector<float*> outers;    // by slot
    std::vector<int64_t> stored;   // where the vectors of a slot begin in `numbers`
    std::vector<Slot> slots;
    std::unique_ptr<Numbers> numbers;
    std::vector<std::unique_ptr<Numbers>> carried;  // the states before the chunk
    int64_t largest = 0;                            // tokens of a chunk
  };

  const std::vector<SlotLayout>& layouts;
  const Operations& operations;
  const elman::Schedule& schedule;
  int64_t words_a_row, scratch;
  std::vector<Kind> kinds;
  std::vector<int> states;  // of the slots of a state, its number
};

}  // namespace
