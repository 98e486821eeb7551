// Matrix products with weights packed once: y[row] = sum over k of x[row, k] w[k].
//
// Shapes: K depth, N outputs. Weights are packed in panels of P vectors of LANES outputs, ordered
// by k within a panel, so that a tile of R rows by one panel reads them sequentially and keeps its
// R x P sums in registers. For narrow types a 32-bit word holds several weights adjacent in k.
#pragma once

#include "simd.h"

namespace {

struct Float {
  typedef float Element;
  typedef F Sum;
  static constexpr int PER_WORD = 1;
  static INLINE F dot(F sum, U x, U w) { return sum + (F)x * (F)w; }
};

struct BFloat {
  typedef uint16_t Element;
  typedef F Sum;
  static constexpr int PER_WORD = 2;
  static INLINE F dot(F sum, U x, U w) {
#if defined(__AVX512BF16__)
    return (F)_mm512_dpbf16_ps((__m512)sum, (__m512bh)x, (__m512bh)w);
#else
    constexpr uint32_t UPPER = 0xffff0000u;
    return sum + (F)(x << 16) * (F)(w << 16) + (F)(x & UPPER) * (F)(w & UPPER);
#endif
  }
};

// x is unsigned with 128 for zero, w is signed; no sum of four products leaves 32 bits.
struct Int8 {
  typedef int8_t Element;
  typedef I Sum;
  static constexpr int PER_WORD = 4;
  static INLINE I dot(I sum, U x, U w) {
#if defined(__AVX512VNNI__)
    return (I)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x, (__m512i)w);
#elif defined(__AVX2__)
    // int8 products need more than 16 bits: maddubs would saturate.
    __m256i even = _mm256_srai_epi16(_mm256_slli_epi16((__m256i)w, 8), 8);
    __m256i odd = _mm256_srai_epi16((__m256i)w, 8);
    __m256i x_even = _mm256_and_si256((__m256i)x, _mm256_set1_epi16(255));
    __m256i x_odd = _mm256_srli_epi16((__m256i)x, 8);
    __m256i both = _mm256_add_epi32(_mm256_madd_epi16(even, x_even), _mm256_madd_epi16(odd, x_odd));
    return (I)_mm256_add_epi32((__m256i)sum, both);
#else
    for (int byte = 0; byte < 4; ++byte)
      sum += ((I)(w << (24 - 8 * byte)) >> 24) * (I)((x >> (8 * byte)) & 255u);
    return sum;
#endif
  }
};

// Rows of a tile: as many sums as leave registers for the weights of a panel.
#if defined(__AVX512F__) || defined(__aarch64__)
template <int P>
constexpr int ROWS = 24 / P;
#else
template <int P>
constexpr int ROWS = 8 / P;
#endif

constexpr int BLOCK = 512;  // words of depth in a block: a block of a panel stays in cache

constexpr int64_t words(int64_t depth, int per_word) { return (depth + per_word - 1) / per_word; }

template <class T, int R, int P>
INLINE void tile(typename T::Sum (&sums)[R][P], const uint32_t* const* x, const uint32_t* w,
                 int64_t count) {
  for (int64_t k = 0; k < count; ++k) {
    U panel[P];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) panel[p] = load<U>(w + (k * P + p) * LANES);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      U value = splat_word(x[r][k]);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) sums[r][p] = T::dot(sums[r][p], value, panel[p]);
    }
  }
}

// In words: about what the third-level cache delivers during the latency of one line.
constexpr int64_t AHEAD = 2048;

// A single row has too few sums to hide their latency: split its depth among four.
template <class T, int P>
INLINE void lone_tile(typename T::Sum (&sums)[1][P], const uint32_t* x, const uint32_t* w,
                      int64_t count) {
  constexpr int WAYS = 4;
  typename T::Sum ways[WAYS][P] = {};
  int64_t k = 0;
  for (; k + WAYS <= count; k += WAYS)
#pragma GCC unroll 4
    for (int way = 0; way < WAYS; ++way) {
      U value = splat_word(x[k + way]);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) __builtin_prefetch(w + ((k + way) * P + p) * LANES + AHEAD);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p)
        ways[way][p] = T::dot(ways[way][p], value, load<U>(w + ((k + way) * P + p) * LANES));
    }
  for (int p = 0; p < P; ++p)
    sums[0][p] += (ways[0][p] + ways[1][p]) + (ways[2][p] + ways[3][p]);
  const uint32_t* rest[1] = {x + k};
  tile<T, 1, P>(sums, rest, w + k * P * LANES, count - k);
}

// Several rows times one panel, by tiles and by blocks of the depth.
//
// rows[i]: the words of row i. begin(sums, row) sets the initial sums of a row; end(sums, row)
// consumes the final ones. scratch: memory for count x P sums, used if there are several blocks.
template <class T, int P, class Begin, class End>
struct PanelProduct {
  typedef typename T::Sum Sum;
  const uint32_t* const* rows;
  const uint32_t* panel;
  int64_t depth;  // words
  Sum* scratch;
  Begin begin;
  End end;

  template <int R>
  INLINE void run_tile(int64_t row, int64_t from, int64_t to) const {
    Sum sums[R][P];
    for (int r = 0; r < R; ++r) {
      if (from == 0)
        begin(sums[r], row + r);
      else
        for (int p = 0; p < P; ++p) sums[r][p] = scratch[(row + r) * P + p];
    }
    const uint32_t* x[R];
    for (int r = 0; r < R; ++r) x[r] = rows[row + r] + from;
    if constexpr (R == 1)
      lone_tile<T, P>(sums, x[0], panel + from * P * LANES, to - from);
    else
      tile<T, R, P>(sums, x, panel + from * P * LANES, to - from);
    for (int r = 0; r < R; ++r) {
      if (to == depth)
        end(sums[r], row + r);
      else
        for (int p = 0; p < P; ++p) scratch[(row + r) * P + p] = sums[r][p];
    }
  }

  template <int R>
  INLINE void run_some(int64_t many, int64_t row, int64_t from, int64_t to) const {
    if constexpr (R > 1) {
      if (many < R) return run_some<R - 1>(many, row, from, to);
    }
    run_tile<R>(row, from, to);
  }

  INLINE void run(int64_t count) const {
    if (count == 0) return;
    int64_t tiles = (count + ROWS<P> - 1) / ROWS<P>;  // of even size
    int64_t from = 0;
    do {
      int64_t to = depth - from > BLOCK ? from + BLOCK : depth;
      for (int64_t tile = 0; tile < tiles; ++tile) {
        int64_t row = count * tile / tiles;
        run_some<ROWS<P>>(count * (tile + 1) / tiles - row, row, from, to);
      }
      from = to;
    } while (from < depth);
  }
};

template <class T, int P, class Begin, class End>
void panel_product(const uint32_t* const* rows, int64_t count, const uint32_t* panel, int64_t depth,
                   typename T::Sum* scratch, Begin begin, End end) {
  PanelProduct<T, P, Begin, End>{rows, panel, depth, scratch, begin, end}.run(count);
}

// Packs weights into one panel of P vectors. weight(k, p, lane) returns a weight, 0 out of range.
template <class T, int P, class Weight>
void pack_panel(uint32_t* panel, int64_t depth, Weight weight) {
  auto* out = reinterpret_cast<typename T::Element*>(panel);
  constexpr int per = T::PER_WORD;
  for (int p = 0; p < P; ++p)
    for (int lane = 0; lane < LANES; ++lane)
      for (int64_t k = 0; k < words(depth, per) * per; ++k)
        out[((k / per * P + p) * LANES + lane) * per + k % per] = k < depth ? weight(k, p, lane)
                                                                            : typename T::Element{};
}

}  // namespace
