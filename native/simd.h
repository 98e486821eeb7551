// Vectors of one instruction set, in the vector types of GCC and Clang: the same source is compiled
// for each set, and only products of narrow types use intrinsics.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX2__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

#define INLINE inline __attribute__((always_inline))

namespace {

#if defined(__AVX512F__)
constexpr int LANES = 16;
#elif defined(__AVX2__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

typedef float F __attribute__((vector_size(4 * LANES)));
typedef int32_t I __attribute__((vector_size(4 * LANES)));
typedef uint32_t U __attribute__((vector_size(4 * LANES)));
typedef uint16_t Half __attribute__((vector_size(2 * LANES)));

INLINE F splat(float x) { return F{} + x; }
INLINE U splat_word(uint32_t x) { return U{} + x; }

template <class V, class E>
INLINE V load(const E* from) {
  V v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

template <class V, class E>
INLINE void store(E* to, V v) {
  std::memcpy(to, &v, sizeof v);
}

INLINE F choose(I where, F yes, F no) { return where ? yes : no; }
INLINE F min(F a, F b) { return choose(a > b, b, a); }  // a NaN in a stays NaN
INLINE F max(F a, F b) { return choose(a < b, b, a); }
INLINE F abs(F x) { return (F)((U)x & splat_word(0x7fffffffu)); }

// bfloat16: the upper half of a float, rounded to nearest, ties to even.
INLINE Half to_bf16(F x) {
#if defined(__AVX512BF16__)
  return (Half)_mm512_cvtneps_pbh((__m512)x);
#else
  U bits = (U)x;
  U rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  U quiet = (bits >> 16) | 0x40u;
  return __builtin_convertvector((U)(x == x ? (I)rounded : (I)quiet), Half);
#endif
}

INLINE F from_bf16(Half x) { return (F)(__builtin_convertvector(x, U) << 16); }

// Element types of the caller's memory: loaded and stored as floats; the last vector of a row may
// be partial.
struct Float32 {
  typedef float Element;
  static INLINE F read(const float* from) { return load<F>(from); }
  static INLINE void write(float* to, F v) { store(to, v); }
};

struct BFloat16 {
  typedef uint16_t Element;
  static INLINE F read(const uint16_t* from) { return from_bf16(load<Half>(from)); }
  static INLINE void write(uint16_t* to, F v) { store(to, to_bf16(v)); }
};

template <class M>
INLINE F read(const typename M::Element* from, int count) {
  if (__builtin_expect(count >= LANES, 1)) return M::read(from);
  typename M::Element part[LANES] = {};
  std::memcpy(part, from, count * sizeof part[0]);
  return M::read(part);
}

template <class M>
INLINE void write(typename M::Element* to, F v, int count) {
  if (__builtin_expect(count >= LANES, 1)) return M::write(to, v);
  typename M::Element part[LANES];
  M::write(part, v);
  std::memcpy(to, part, count * sizeof part[0]);
}

template <class V>
INLINE float sum(V v) {
  float whole = 0;
  for (int lane = 0; lane < LANES; ++lane) whole += v[lane];
  return whole;
}

INLINE void add_to(float* sum, F v, int count) {
  write<Float32>(sum, read<Float32>(sum, count) + v, count);
}

constexpr float ROUND = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer

// The nearest integer, ties to even; |x| below 2^22.
INLINE I nearest(F x) { return (I)(x + ROUND) - (I)splat(ROUND); }

// e^x = 2^n e^r with |r| <= ln(2) / 2; e^r - 1 by its Taylor series, whose next term is below
// 6e-9 of it.
struct Exponent {
  F scale;  // 2^n
  F less;   // e^r - 1
};

INLINE Exponent exponent(F x) {
  constexpr float LOG2E = 1.44269504088896341f;
  constexpr float LN2_HIGH = 0.693359375f, LN2_LOW = -2.12194440e-4f;  // LN2_HIGH has 9 bits
  F shifted = x * LOG2E + ROUND;
  F n = shifted - ROUND;
  F r = x - n * LN2_HIGH;
  r = r - n * LN2_LOW;
  F series = splat(1.0f / 5040) * r + 1.0f / 720;
  series = series * r + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 0.5f;
  I power = (I)shifted - (I)splat(ROUND);
  return {(F)((power + 127) << 23), r + r * r * series};
}

INLINE F exp(F x) {
  Exponent e = exponent(max(min(x, splat(88.0f)), splat(-87.0f)));
  return e.scale * e.less + e.scale;
}

// 1 / x for finite nonzero x: a division would take as long as the rest of a step.
INLINE F reciprocal(F x) {
#if defined(__AVX512F__)
  F guess = (F)_mm512_rcp14_ps((__m512)x);  // to 14 bits; one Newton iteration doubles them
  return guess * (2.0f - x * guess);
#else
  return 1.0f / x;
#endif
}

// e^x from 0 to infinity; `exp` clamps to the range that floats hold exactly.
INLINE F full_exp(F x) {
  F root = exp(x * 0.5f);
  return root * root;
}

// log x = n log 2 + log m with m from sqrt(1/2) to sqrt(2), by a polynomial of m - 1 (S. Moshier,
// Cephes, logf).
INLINE F log(F x) {
  constexpr float SMALLEST = 1.17549435e-38f, SCALE = 8388608.0f;  // 2^-126, 2^23
  F lifted = choose(x < splat(SMALLEST), x * SCALE, x);
  F n = choose(x < splat(SMALLEST), splat(-23.0f), F{});
  I bits = (I)lifted;
  n += __builtin_convertvector((bits >> 23) - 126, F);
  F m = (F)((bits & 0x007fffff) | 0x3f000000);  // from 1/2 to 1
  I low = m < splat(0.707106781186547524f);
  n -= choose(low, splat(1.0f), F{});
  m = choose(low, m + m, m) - 1.0f;
  F square = m * m;
  F series = splat(7.0376836292e-2f) * m - 1.1514610310e-1f;
  series = series * m + 1.1676998740e-1f;
  series = series * m - 1.2420140846e-1f;
  series = series * m + 1.4249322787e-1f;
  series = series * m - 1.6668057665e-1f;
  series = series * m + 2.0000714765e-1f;
  series = series * m - 2.4999993993e-1f;
  series = series * m + 3.3333331174e-1f;
  F found = m * square * series - n * 2.12194440e-4f - square * 0.5f + m + n * 0.693359375f;
  found = choose(x == splat(__builtin_inff()), x, found);
  found = choose(x == F{}, splat(-__builtin_inff()), found);
  return choose((x < F{}) | (x != x), splat(__builtin_nanf("")), found);
}

INLINE F sigmoid(F x) { return reciprocal(1.0f + exp(-x)); }

// (e^2|x| - 1) / (e^2|x| + 1), the numerator without cancellation, and the sign of x.
INLINE F tanh(F x) {
  Exponent e = exponent(min(abs(x) * 2.0f, splat(20.0f)));
  F less = e.scale * e.less + (e.scale - 1.0f);
  F size = less * reciprocal(less + 2.0f);
  U sign = (U)x & splat_word(0x80000000u);
  return (F)((U)size | sign);
}

}  // namespace
