#pragma once
#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "work/labels/label_strategy.h"

namespace moola::work {

/// The options of `moola label` that say how bars are labelled.
class LabelOptions {
 public:
  explicit LabelOptions(CLI::App& app);
  ~LabelOptions();
  LabelOptions(const LabelOptions&) = delete;
  LabelOptions& operator=(const LabelOptions&) = delete;

  /// The strategy as it was asked for, for bars of `symbol`. Throws ConfigError: for a name that is none (naming the
  /// nearest), for what a strategy cannot do without, and for an option that was given and the strategy does not use.
  LabelStrategy strategy(const std::string& symbol) const;

 private:
  struct Values;
  std::unique_ptr<Values> values_;
};

}  // namespace moola::work
