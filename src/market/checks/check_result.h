#pragma once
#include <string>

namespace moola::market {

/// What one check of a table found.
struct CheckResult {
  std::string name;  // "causality_noise"
  bool passed = true;
  std::string detail = {};  // a sentence: what was looked at, or what is wrong, where
  double worst = 0;         // the number that decided, in the check's own unit
};

}  // namespace moola::market
