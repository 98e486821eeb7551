// Which instruction sets this machine has, and which of them is in use.
#pragma once

#include <string>
#include <vector>

#include "core.h"

namespace elman {

// The names of those that run here, the fastest first; the last is "portable".
std::vector<std::string> instruction_sets();

// Use one of them from now on. Throws std::invalid_argument for any other name.
void use(const std::string& name);

const std::string& used();
const Core& core();

}  // namespace elman
