// The instruction sets of this machine, and the one in use.
#pragma once

#include <string>
#include <vector>

#include "core.h"

namespace elman {

// The names of the supported sets, fastest first; the last is "portable".
std::vector<std::string> instruction_sets();

// Use this set from now on. Throws std::invalid_argument for any other name.
void use(const std::string& name);

const std::string& used();
const Core& core();

}  // namespace elman
