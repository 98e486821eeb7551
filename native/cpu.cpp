#include "cpu.h"

#include <stdexcept>

namespace elman {

extern const Core core_portable;
#ifdef ELMAN_X86
extern const Core core_avx2, core_avx512;
#endif

namespace {

struct Named {
  std::string name;
  const Core* core;
};

std::vector<Named> found() {
  std::vector<Named> sets;
#ifdef ELMAN_X86
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16"))
    sets.push_back({"avx512", &core_avx512});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    sets.push_back({"avx2", &core_avx2});
#endif
  sets.push_back({"portable", &core_portable});
  return sets;
}

const std::vector<Named>& sets() {
  static const std::vector<Named> all = found();
  return all;
}

const Named*& current() {
  static const Named* one = &sets().front();
  return one;
}

}  // namespace

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const Named& set : sets()) names.push_back(set.name);
  return names;
}

void use(const std::string& name) {
  for (const Named& set : sets())
    if (set.name == name) {
      current() = &set;
      return;
    }
  throw std::invalid_argument("no instruction set '" + name + "' on this machine");
}

const std::string& used() { return current()->name; }
const Core& core() { return *current()->core; }

}  // namespace elman
