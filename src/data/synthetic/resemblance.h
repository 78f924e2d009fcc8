#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/synthetic/synthetic_windows.h"
#include "data/windows/labelled_windows.h"

namespace moola::data {

/// Below this chance two sets of windows count as of different distributions. Source: reference/moola.md 2.
inline constexpr double kLeastResemblance = 0.1;

/// How alike synthetic windows are to real ones: of each class and each figure of a window the test of Kolmogorov and
/// Smirnov.
struct Resemblance {
  struct Test {
    std::string label, statistic;
    std::size_t real = 0, synthetic = 0;  // windows of the class
    std::size_t independent = 0;          // synthetic ones, of which those that were made from one row count once
    double distance = 0, chance = 1;      // of two_sample_ks
    double adjusted = 1;                  // the chance by Holm, for all tests of the table
    bool operator==(const Test&) const = default;
  };
  std::vector<Test> tests = {};

  /// The one of the least adjusted chance. There must be one.
  const Test& worst() const;
  bool differs() const { return worst().adjusted < kLeastResemblance; }
};

/// Compares with the real windows of the rows `real_rows`. Windows that were made from one row are no evidence of their
/// own beside each other, and count as one; what they share with that row makes chances too high rather than too low.
/// Throws DataError where no class of the synthetic windows has a real one beside it. Cost: that of the figures, about
/// 1 us per bar, and a test for each figure and class. Source: reference/moola.md 2 (per window, since bars of a pool
/// hang together).
Resemblance measure_resemblance(const LabelledWindows& real, std::span<const std::size_t> real_rows,
                                const SyntheticWindows& synthetic);

Json to_json(const Resemblance& resemblance);
/// Throws DataError, with `where`, for what to_json has not written: a chance that is none, no test.
Resemblance resemblance_from_json(const Json& json, const std::string& where);

}  // namespace moola::data
