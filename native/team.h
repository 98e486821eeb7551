// Threads: the rows of each, and the memory of a call.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace {

INLINE int thread_number() {
#ifdef _OPENMP
  return omp_get_thread_num();
#else
  return 0;
#endif
}

INLINE int thread_count() {
#ifdef _OPENMP
  return omp_get_num_threads();
#else
  return 1;
#endif
}

// The contiguous range of this thread among `whole` items.
struct Range {
  int64_t begin, end;
};

INLINE Range thread_range(int64_t whole) {
  int64_t team = thread_count(), me = thread_number();
  return {whole * me / team, whole * (me + 1) / team};
}

// Memory aligned to a vector, zeroed, freed with its owner.
template <class E>
class Buffer {
 public:
  explicit Buffer(int64_t count) {
    size_t size = (static_cast<size_t>(count > 0 ? count : 1) * sizeof(E) + 63) / 64 * 64;
    at = static_cast<E*>(std::aligned_alloc(64, size));
    if (at == nullptr) std::abort();
    std::memset(static_cast<void*>(at), 0, size);
  }
  ~Buffer() { std::free(at); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  E* at;
};

}  // namespace
