#include "work/evaluate/refit/barrier_refit.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "base/version.h"
#include "work/prepare/barrier_rules.h"
#include "work/prepare/cleaned_bars.h"
#include "work/prepare/configured_search.h"
#include "work/prepare/horizon_labels.h"
#include "work/prepare/horizon_strategy.h"

namespace moola::work {
namespace {

constexpr std::int8_t kClasses[] = {-1, 0, 1};

PrepareConfig config_of(const EvaluationData& data) {
  const std::string table = to_string(data.table.id);
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(
        fmt::format("fit.refit = [\"barriers\"]: {} {}; its labels cannot be made anew. Leave \"barriers\" out of "
                    "fit.refit.",
                    table, why));
  };
  const Json& parameters = data.manifest.value("parameters", Json::object());
  if (!parameters.contains("labels") || !parameters.contains("clean")) refuse("was not made by `moola prepare`");
  PrepareConfig out = recorded_prepare_config(parameters, table);
  if (out.labels.strategy != "triple_barrier")
    refuse(fmt::format("has labels of the strategy \"{}\", which has no barriers to search", out.labels.strategy));
  out.barriers.optimise = true;
  return out;
}

PreparedSymbol bars_of(const EvaluationData& data, const std::string& symbol) {
  for (const Json& parent : data.manifest.value("parents", Json::array())) {
    const std::string text = parent.at("id").get<std::string>();
    if (!text.starts_with("bars/")) continue;
    const data::DatasetId id = data::parse_dataset_id(text, "bars");
    if (id.name == symbol) return {id, parent.at("content_sha256").get<std::string>()};
  }
  throw DataError(fmt::format("{} does not say which bars of {} it was made from.", to_string(data.table.id), symbol));
}

}  // namespace

struct BarrierRefit::Impl {
  struct Symbol {
    std::string name;
    market::Bars bars;
    std::vector<double> scale;
  };
  PrepareConfig config;
  std::size_t horizon = 0;  // of labels.horizons
  unsigned threads = 1;
  std::vector<Symbol> symbols;      // in the table's order
  std::vector<std::uint32_t> bar;   // (n) of each row, among its symbol's
  std::vector<std::int32_t> which;  // (n) of each row, its symbol
  std::string identity;

  std::vector<HorizonLabels> labels_by(const Json& found) const {
    std::vector<HorizonLabels> out;
    for (const Symbol& symbol : symbols) {
      auto strategy = std::get<BarrierStrategy>(configured_strategy(config, symbol.name, horizon));
      strategy.rule = rule_of(config, symbol.name, found.at(symbol.name).at("rule"));
      out.push_back(
          label_bars({symbol.bars, bar_nanoseconds(config)}, config.labels.horizons[horizon], strategy, threads)
              .labels);
    }
    return out;
  }

  void take_label(EvaluationData& data, const std::vector<HorizonLabels>& labels, std::size_t row) const {
    const HorizonLabels& from = labels[static_cast<std::size_t>(which[row])];
    const bool has = from.has(bar[row]);
    data.label[row] = has ? from.labels.label[bar[row]] - kClasses[0] : -1;
    data.t1[row] = from.t1[bar[row]];
  }
};

BarrierRefit::BarrierRefit(const std::filesystem::path& workspace, EvaluationData& data, unsigned threads) {
  auto impl = std::make_unique<Impl>();
  impl->config = config_of(data);
  impl->threads = threads;
  const auto& horizons = impl->config.labels.horizons;
  const auto place = std::ranges::find(horizons, data.horizon);
  if (place == horizons.end())
    throw DataError(fmt::format("{} says that it has no horizon {}.", to_string(data.table.id), data.horizon));
  impl->horizon = static_cast<std::size_t>(place - horizons.begin());
  Json sources = Json::array();
  for (const std::string& name : data.symbols) {
    const PreparedSymbol source = bars_of(data, name);
    CleanedBars cleaned = read_cleaned_bars(workspace, impl->config, source);
    std::vector<double> scale = barrier_scale(impl->config, cleaned.bars, threads);
    impl->symbols.push_back({name, std::move(cleaned.bars), std::move(scale)});
    sources.push_back(source.content_sha256);
  }
  impl->which = data.symbol;
  impl->bar.resize(data.size());
  for (std::size_t row = 0; row < data.size(); ++row) {
    const std::vector<std::int64_t>& time = impl->symbols[static_cast<std::size_t>(data.symbol[row])].bars.time;
    const auto found = std::ranges::lower_bound(time, data.time[row]);
    if (found == time.end() || *found != data.time[row]) {
      throw DataError(fmt::format(
          "fit.refit = [\"barriers\"]: row {} of {} ({}) is none of the bars that cleaning leaves: the table was made "
          "by another version of Moola. Prepare it again.",
          data.number_of(row), to_string(data.table.id), utc_text(data.time[row])));
    }
    impl->bar[row] = static_cast<std::uint32_t>(found - time.begin());
  }
  const Json& parameters = data.manifest.at("parameters");
  impl->identity = json_text({{"code", code_version()},
                              {"bars", sources},
                              {"clean", parameters.at("clean")},
                              {"labels", parameters.at("labels")},
                              {"barriers", parameters.value("barriers", Json())},
                              {"data", parameters.value("data", Json())},
                              {"horizon", data.horizon}});
  std::erase_if(data.fitted, [](const data::FittedPart& part) { return part.name == "barriers"; });
  number_classes_as(data, {"-1", "0", "1"}, {std::begin(kClasses), std::end(kClasses)});
  impl_ = std::move(impl);
}

BarrierRefit::~BarrierRefit() = default;

std::string BarrierRefit::key(const validation::RowRange& rows) const {
  const auto bar = [&](std::size_t row) {
    return impl_->symbols[static_cast<std::size_t>(impl_->which[row])].bars.time[impl_->bar[row]];
  };
  return sha256_hex(json_text({{"what", impl_->identity}, {"first", bar(rows.begin)}, {"last", bar(rows.end - 1)}}));
}

Json BarrierRefit::search(const validation::RowRange& rows) const {
  Json out = Json::object();
  for (std::size_t s = 0; s < impl_->symbols.size(); ++s) {
    const Impl::Symbol& symbol = impl_->symbols[s];
    std::size_t begin = SIZE_MAX, end = 0;
    for (std::size_t row = rows.begin; row < rows.end; ++row) {
      if (static_cast<std::size_t>(impl_->which[row]) != s) continue;
      begin = std::min<std::size_t>(begin, impl_->bar[row]);
      end = std::max<std::size_t>(end, impl_->bar[row] + 1);
    }
    if (begin >= end)
      throw DataError(fmt::format("no train row of {}: its barriers cannot be searched anew.", symbol.name));
    const BarRange range{begin, end};
    const double cost = mean_cost_share(impl_->config, symbol.name, symbol.bars, range);
    const FoundBarriers found = find_barriers(impl_->config, symbol.name, impl_->horizon, symbol.bars, symbol.scale,
                                              cost, range, impl_->threads);
    out[symbol.name] = {{"rule", rule_json(found.rule)},
                        {"found_by", found.hopeless ? "usual barriers" : "search"},
                        {"fitness", found.optimum.fitness},
                        {"evaluations", found.optimum.evaluations.size()},
                        {"seen", {{"first", symbol.bars.time[begin]}, {"last", symbol.bars.time[end - 1]}}}};
  }
  return out;
}

void BarrierRefit::label_as(EvaluationData& data, std::size_t split) const {
  const std::vector<HorizonLabels> labels = impl_->labels_by(found_.at(split));
  for (std::size_t row = 0; row < data.size(); ++row) impl_->take_label(data, labels, row);
  find_runs(data);
}

void BarrierRefit::label_as_tested(EvaluationData& data,
                                   const std::vector<std::vector<validation::RowRange>>& tests) const {
  data.label.assign(data.size(), -1);
  data.t1.assign(data.size(), kNoTime);
  bool first = true;
  for (std::size_t split = 0; split < tests.size(); ++split) {
    if (found_.at(split).is_null() || tests[split].empty()) continue;
    const std::vector<HorizonLabels> labels = impl_->labels_by(found_[split]);
    const auto take = [&](const validation::RowRange& rows) {
      for (std::size_t row = rows.begin; row < rows.end; ++row) impl_->take_label(data, labels, row);
    };
    if (first) take({0, tests[split].front().begin});
    first = false;
    std::ranges::for_each(tests[split], take);
  }
  find_runs(data);
}

}  // namespace moola::work
