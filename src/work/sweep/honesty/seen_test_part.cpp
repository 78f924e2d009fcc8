#include "work/sweep/honesty/seen_test_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/utc_time.h"
#include "data/synthetic/synthetic_windows_file.h"
#include "data/tables/embeddings_file.h"
#include "data/tables/feature_table_file.h"
#include "work/sweep/honesty/outer_test.h"

namespace moola::work {
namespace {

using data::FittedPart;

class FittedCheck {
 public:
  FittedCheck(const LoadedSweepConfig& config, const HonestySettings& settings) : settings_(settings) {
    weights_ = holds(possible_values(config, "fit.weights"), "table");
    trusted_ = holds(possible_values(config, "data.trust"), "true");
  }

  void check(const std::string& dataset, std::span<const FittedPart> parts) const {
    for (const FittedPart& part : parts) {
      const bool of_weights = part.name == "weights" || part.name == "quality";
      if (of_weights && !weights_) continue;
      if (part.seen.empty()) warn(dataset, fmt::format("what its {} was fitted on", part.name));
      const auto seen = std::ranges::find_if(part.seen, [&](const FittedPart::Seen& each) {
        return each.first < settings_.test_to && each.last >= settings_.test_from;
      });
      if (seen != part.seen.end()) refuse(dataset, part.name, *seen);
    }
  }
  void warn(const std::string& dataset, const std::string& what) const {
    if (trusted_) return;
    log_warning(
        "{} does not say {}: nobody knows whether it has seen the outer test part (honesty.test_from). data.trust = "
        "true vouches for it.",
        dataset, what);
  }

 private:
  HonestySettings settings_;
  bool weights_ = false, trusted_ = false;

  static bool holds(const PossibleValues& values, const std::string& wanted) {
    return std::ranges::find(values, wanted) != values.end();
  }
  [[noreturn]] void refuse(const std::string& dataset, const std::string& part, const FittedPart::Seen& seen) const {
    throw ConfigError(fmt::format(
        "trials would touch the outer test part, from honesty.test_from = {} on: the {} of {} was fitted on {} to {}. "
        "Fit it on times outside of the part and make the data set again, or set honesty.test_from otherwise.",
        utc_text(settings_.test_from), part, dataset, utc_text(seen.first), utc_text(seen.last)));
  }
};

// Calls check(name, ID) for every data set of this kind that a trial may name.
void for_each_dataset(const LoadedSweepConfig& config, const std::filesystem::path& workspace, const char* key,
                      const char* kind, auto&& check) {
  for (const std::string& name : possible_values(config, key)) {
    if (name.empty()) continue;
    const data::DatasetId id = data::find_dataset(workspace, name, kind);
    check(to_string(id), id);
  }
}

}  // namespace

void check_fitted_parts(const LoadedSweepConfig& config, const HonestySettings& settings,
                        const std::filesystem::path& workspace) {
  const FittedCheck fitted(config, settings);
  for_each_dataset(config, workspace, "data.table", "feature_table", [&](const std::string& name, const auto& id) {
    const data::FeatureTableFile table(workspace, id);
    if (table.info().pedigree == data::Pedigree::unknown)
      fitted.warn(name, "what its labels, weights and scales were fitted on");
    fitted.check(name, table.info().fitted);
  });
  for_each_dataset(config, workspace, "data.embeddings", "embeddings", [&](const std::string& name, const auto& id) {
    fitted.check(name, fitted_parts(data::EmbeddingsFile(workspace, id).info()));
  });
  for_each_dataset(
      config, workspace, "data.synthetic", "synthetic_cache", [&](const std::string& name, const auto& id) {
        const data::SyntheticWindowsFile synthetic(workspace, id);
        if (synthetic.info().fit == data::GeneratorFit::unknown) fitted.warn(name, "what its generator was fitted on");
        if (synthetic.info().fit == data::GeneratorFit::seen)
          fitted.check(name, std::vector<FittedPart>{{.name = "generator", .seen = synthetic.info().seen}});
      });
}

}  // namespace moola::work
