// Who does what: rows dealt to threads, and memory that a call needs for itself.
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

INLINE int team_size() {
#ifdef _OPENMP
  return omp_get_num_threads();
#else
  return 1;
#endif
}

// This thread's piece of so many things.
struct Share {
  int64_t begin, end;
};

INLINE Share share_of(int64_t whole) {
  int64_t team = team_size(), me = thread_number();
  return {whole * me / team, whole * (me + 1) / team};
}

// Memory aligned to a vector, zeroed, freed with its owner.
template <class E>
class Room {
 public:
  explicit Room(int64_t count) {
    size_t size = (static_cast<size_t>(count > 0 ? count : 1) * sizeof(E) + 63) / 64 * 64;
    at = static_cast<E*>(std::aligned_alloc(64, size));
    if (at == nullptr) std::abort();
    std::memset(static_cast<void*>(at), 0, size);
  }
  ~Room() { std::free(at); }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  E* at;
};

}  // namespace
