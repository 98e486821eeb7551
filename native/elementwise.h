// Element-wise operations of a step, as instructions on registers. All instructions run on one
// block of a row before the next; a block stays in the first-level cache, so intermediate values
// never go to memory.
#pragma once

#include <vector>

#include "operations.h"

namespace {

using elman::Element;
using elman::Instruction;
using elman::Register;

struct Elementwise : Operation {
  static constexpr int64_t BLOCK = 256;  // numbers

  Elementwise(int64_t width, const std::vector<Register>& registers,
              const std::vector<Instruction>& instructions)
      : width(width), registers(registers), instructions(instructions) {
    for (Register& each : this->registers) {
      bool number = each.home == Register::Home::number;
      if (each.home == Register::Home::temporary && each.slot >= temporaries)
        temporaries = each.slot + 1;
      if (!number && each.home != Register::Home::vector) continue;
      // Fill a block with the number, so instructions handle vectors only.
      int64_t count = number ? BLOCK : width;
      kept.push_back(std::make_unique<Buffer<double>>(each.integer ? count : (count + 1) / 2));
      char* to = reinterpret_cast<char*>(kept.back()->at);
      int64_t size = each.integer ? 8 : 4;
      if (!number) std::memcpy(to, each.vector, static_cast<size_t>(width * size));
      for (int64_t i = 0; number && i < count; ++i) {
        if (each.integer)
          reinterpret_cast<int64_t*>(to)[i] = static_cast<int64_t>(each.number);
        else
          reinterpret_cast<float*>(to)[i] = static_cast<float>(each.number);
      }
      each.vector = to;
    }
  }

  // An address for every register, and a block for numbers and temporaries.
  int64_t scratch() const override {
    return static_cast<int64_t>(registers.size()) * (1 + BLOCK) + temporaries * BLOCK;
  }

  void run(const Frame& frame) const override {
    char** at = reinterpret_cast<char**>(frame.scratch);
    double* temporary = frame.scratch + registers.size();
    double* single = temporary + temporaries * BLOCK;
    for (int64_t row = 0; row < frame.rows; ++row)
      for (int64_t begin = 0; begin < width; begin += BLOCK) {
        int64_t count = width - begin < BLOCK ? width - begin : BLOCK;
        for (size_t i = 0; i < registers.size(); ++i)
          at[i] = address(registers[i], frame, row, begin, temporary,
                          single + static_cast<int64_t>(i) * BLOCK);
        for (const Instruction& each : instructions) execute(each, at, count);
      }
  }

 private:
  char* address(const Register& each, const Frame& frame, int64_t row, int64_t begin,
                double* temporary, double* single) const {
    int64_t size = each.integer ? 8 : 4;
    switch (each.home) {
      case Register::Home::temporary:
        return reinterpret_cast<char*>(temporary + each.slot * BLOCK);
      case Register::Home::number:
        return static_cast<char*>(const_cast<void*>(each.vector));
      case Register::Home::vector:
        return static_cast<char*>(const_cast<void*>(each.vector)) + begin * size;
      case Register::Home::slot:
        break;
    }
    char* from = reinterpret_cast<char*>(frame.slots[each.slot].row(row));
    if (!each.single) return from + begin * size;
    if (begin == 0) spread(from, each.integer, single);
    return reinterpret_cast<char*>(single);
  }

  void spread(const char* from, bool integer, double* to) const {
    int64_t count = width < BLOCK ? width : BLOCK;
    if (integer) {
      int64_t number;
      std::memcpy(&number, from, sizeof number);
      for (int64_t i = 0; i < count; ++i) reinterpret_cast<int64_t*>(to)[i] = number;
    } else {
      float number;
      std::memcpy(&number, from, sizeof number);
      for (int64_t i = 0; i < count; ++i) reinterpret_cast<float*>(to)[i] = number;
    }
  }

  // A function of up to three vectors of floats.
  template <class Function>
  INLINE static void floats(char* const* at, const Instruction& each, int64_t width,
                            Function function) {
    float* out = reinterpret_cast<float*>(at[each.out]);
    const float* of[3];
    for (int i = 0; i < 3; ++i) of[i] = reinterpret_cast<const float*>(at[each.operands[i]]);
    int64_t unit = 0;
    for (; unit + LANES <= width; unit += LANES)
      store(out + unit, function([&](int which) { return load<F>(of[which] + unit); }));
    int left = static_cast<int>(width - unit);
    if (left > 0)
      put(out, unit, function([&](int which) { return take(of[which], unit, left); }), left);
  }

  // Vectors of int64, with as many elements as a vector of floats.
  typedef int64_t L __attribute__((vector_size(8 * LANES)));
  typedef uint64_t Wrapping __attribute__((vector_size(8 * LANES)));  // defined overflow

  INLINE static L take_integers(const char* from, int64_t unit, int count) {
    L v{};
    std::memcpy(&v, from + unit * 8, static_cast<size_t>(count < LANES ? count : LANES) * 8);
    return v;
  }
  INLINE static void put_answer(char* to, int64_t unit, F v, int count) {
    put(reinterpret_cast<float*>(to), unit, v, count);
  }
  template <class V>
  INLINE static void put_answer(char* to, int64_t unit, V v, int count) {
    std::memcpy(to + unit * 8, &v, static_cast<size_t>(count < LANES ? count : LANES) * 8);
  }

  // A function of up to two vectors of int64 -> a vector of int64, or of floats.
  template <class Function>
  INLINE static void integers(char* const* at, const Instruction& each, int64_t width,
                              Function function) {
    over(width, [&](int64_t unit, int count) {
      put_answer(at[each.out], unit, function([&](int which) {
        return take_integers(at[each.operands[which]], unit, count);
      }), count);
    });
  }

  // The remainder, with the sign of the divisor. Positive numbers below 2^24 are exact as floats,
  // which divide several times as fast; the quotient is off by at most one. A remainder by 0 is 0:
  // the division instruction would end the process.
  INLINE static L remainder(L a, L b) {
    Wrapping high = (Wrapping)(a | b) >> 24;
    uint64_t any = 0;
    int zeros = 0;
    for (int lane = 0; lane < LANES; ++lane) any |= high[lane], zeros |= b[lane] == 0;
    if (any == 0 && !zeros) {
      F x = __builtin_convertvector(__builtin_convertvector(a, I), F);
      F y = __builtin_convertvector(__builtin_convertvector(b, I), F);
      F quotient = __builtin_convertvector(__builtin_convertvector(x / y, I), F);
      F rest = x - quotient * y;
      rest = choose(rest < F{}, rest + y, rest);
      return __builtin_convertvector(__builtin_convertvector(rest, I), L);
    }
    L found{};
    for (int lane = 0; lane < LANES; ++lane) {
      if (b[lane] == 0 || b[lane] == -1) continue;
      int64_t rest = a[lane] % b[lane];
      found[lane] = rest != 0 && (rest < 0) != (b[lane] < 0) ? rest + b[lane] : rest;
    }
    return found;
  }

  INLINE static F truth(I where) { return choose(where, splat(1.0f), F{}); }
  INLINE static F truth(L where) { return truth(__builtin_convertvector(where, I)); }
  INLINE static L either(L where, L yes, L no) { return where ? yes : no; }

  template <class Function>
  INLINE static F lanes(F x, Function function) {
    for (int lane = 0; lane < LANES; ++lane) x[lane] = function(x[lane]);
    return x;
  }

  void execute(const Instruction& each, char* const* at, int64_t width) const {
    if (registers[each.out].integer || registers[each.operands[0]].integer)
      return execute_integers(each, at, width);
#define ELMAN_FLOATS(name, expression) \
  case Element::name:                  \
    return floats(at, each, width, [](auto x) -> F { return expression; });
    switch (each.element) {
      ELMAN_FLOATS(add, x(0) + x(1))
      ELMAN_FLOATS(sub, x(0) - x(1))
      ELMAN_FLOATS(mul, x(0) * x(1))
      ELMAN_FLOATS(multiply_add, x(0) * x(1) + x(2))
      ELMAN_FLOATS(div, x(0) / x(1))
      ELMAN_FLOATS(remainder, x(0) - x(1) * lanes(x(0) / x(1), __builtin_floorf))
      ELMAN_FLOATS(maximum, choose(x(1) != x(1), x(1), max(x(0), x(1))))
      ELMAN_FLOATS(minimum, choose(x(1) != x(1), x(1), min(x(0), x(1))))
      ELMAN_FLOATS(where, choose(x(0) != F{}, x(1), x(2)))
      ELMAN_FLOATS(neg, -x(0))
      ELMAN_FLOATS(abs, abs(x(0)))
      ELMAN_FLOATS(sigmoid, sigmoid(x(0)))
      ELMAN_FLOATS(tanh, tanh(x(0)))
      ELMAN_FLOATS(relu, max(x(0), F{}))
      ELMAN_FLOATS(exp, full_exp(x(0)))
      ELMAN_FLOATS(log, log(x(0)))
      ELMAN_FLOATS(sqrt, lanes(x(0), __builtin_sqrtf))
      ELMAN_FLOATS(less, truth(x(0) < x(1)))
      ELMAN_FLOATS(less_equal, truth(x(0) <= x(1)))
      ELMAN_FLOATS(equal, truth(x(0) == x(1)))
      ELMAN_FLOATS(logical_and, truth((x(0) != F{}) & (x(1) != F{})))
      ELMAN_FLOATS(logical_or, truth((x(0) != F{}) | (x(1) != F{})))
      ELMAN_FLOATS(logical_not, truth(x(0) == F{}))
      ELMAN_FLOATS(copy, x(0))
      ELMAN_FLOATS(to_float, x(0))  // from a truth value
      case Element::to_integer:
        return;  // the result is not float
    }
#undef ELMAN_FLOATS
  }

  static void execute_integers(const Instruction& each, char* const* at, int64_t width) {
#define ELMAN_INTEGERS(name, expression) \
  case Element::name:                    \
    return integers(at, each, width, [](auto x) { return expression; });
    switch (each.element) {
      ELMAN_INTEGERS(add, (Wrapping)x(0) + (Wrapping)x(1))
      ELMAN_INTEGERS(sub, (Wrapping)x(0) - (Wrapping)x(1))
      ELMAN_INTEGERS(mul, (Wrapping)x(0) * (Wrapping)x(1))
      ELMAN_INTEGERS(remainder, remainder(x(0), x(1)))
      ELMAN_INTEGERS(maximum, either(x(0) > x(1), x(0), x(1)))
      ELMAN_INTEGERS(minimum, either(x(0) < x(1), x(0), x(1)))
      ELMAN_INTEGERS(neg, -(Wrapping)x(0))
      ELMAN_INTEGERS(abs, either(x(0) < L{}, (L)-(Wrapping)x(0), x(0)))
      ELMAN_INTEGERS(copy, x(0))
      ELMAN_INTEGERS(less, truth(x(0) < x(1)))
      ELMAN_INTEGERS(less_equal, truth(x(0) <= x(1)))
      ELMAN_INTEGERS(equal, truth(x(0) == x(1)))
      ELMAN_INTEGERS(to_float, __builtin_convertvector(x(0), F))
      case Element::where:
        return over(width, [&](int64_t unit, int count) {
          L yes = take_integers(at[each.operands[1]], unit, count);
          L no = take_integers(at[each.operands[2]], unit, count);
          put_answer(at[each.out], unit, either(true_at(each, at, unit, count), yes, no), count);
        });
      case Element::to_integer:  // from a truth value
        return over(width, [&](int64_t unit, int count) {
          put_answer(at[each.out], unit, -true_at(each, at, unit, count), count);
        });
      default:
        return;  // the operands are floats
    }
#undef ELMAN_INTEGERS
  }

  // Whether the first operand (floats) is true: -1 or 0.
  INLINE static L true_at(const Instruction& each, char* const* at, int64_t unit, int count) {
    I where = take(reinterpret_cast<const float*>(at[each.operands[0]]), unit, count) != F{};
    return __builtin_convertvector(where, L);
  }

  int64_t width, temporaries = 0;
  std::vector<Register> registers;
  std::vector<Instruction> instructions;
  std::vector<std::unique_ptr<Buffer<double>>> kept;
};

}  // namespace
