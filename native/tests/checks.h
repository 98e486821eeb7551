// Shared by the tests of the core: random numbers, expectations, and the report.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

#include "cpu.h"
#include "plain.h"

namespace {

using plain::Numbers;

constexpr double NOTHING = std::numeric_limits<double>::quiet_NaN();

std::mt19937 source(1);

std::string context;
int checks = 0;

void expect(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(context + ": " + what);
  ++checks;
}

void expect_near(const char* what, const Numbers& found, const Numbers& expected,
                 double tolerance) {
  expect(found.size() == expected.size(), std::string(what) + " has another size");
  double largest = 1;  // the magnitude of their terms
  for (double x : expected) largest = std::max(largest, std::fabs(x));
  for (size_t i = 0; i < found.size(); ++i)
    if (!(std::fabs(found[i] - expected[i]) <= tolerance * largest))  // also fails on NaN
      expect(false, std::string(what) + "[" + std::to_string(i) + "] is " +
                        std::to_string(found[i]) + ", expected " + std::to_string(expected[i]));
  ++checks;
}

// Runs the checks and reports them -> the exit status of the process.
template <class Checks>
int run_checks(Checks all) {
  try {
    all();
  } catch (const std::exception& failure) {
    std::printf("%s\n%d passed, 1 failed\n", failure.what(), checks);
    return 1;
  }
  for (const std::string& set : elman::instruction_sets()) std::printf("%s ", set.c_str());
  std::printf("\n%d passed, 0 failed\n", checks);
  return 0;
}

}  // namespace
