#include "work/sweep/honesty/outer_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/parse_number.h"
#include "base/utc_time.h"
#include "data/tables/labelled_horizon.h"
#include "validation/separation.h"
#include "work/sweep/honesty/honesty_settings.h"
#include "work/sweep/honesty/seen_test_part.h"

namespace moola::work {
namespace {

namespace fs = std::filesystem;

// What one trial's configuration may say of its times.
struct Reach {
  std::string from = {}, to = {}, purge = {}, embargo = {}, look_back = {}, window = {};
};

using Stretch = std::pair<std::int64_t, std::int64_t>;  // [from, to), ns UTC

std::string outer_part(const HonestySettings& settings) {
  return settings.test_to == HonestySettings{}.test_to
             ? fmt::format("the outer test part, from honesty.test_from = {} on", utc_text(settings.test_from))
             : fmt::format("the outer test part, honesty.test_from = {} to honesty.test_to = {}",
                           utc_text(settings.test_from), utc_text(settings.test_to));
}

std::int64_t time_of(const std::string& key, const std::string& text, std::int64_t otherwise) {
  std::int64_t out = otherwise;
  if (!text.empty()) naming_key(key, [&] { out = parse_utc(text); });
  return out;
}

validation::Separation separation_of(const std::string& text, const char* key) {
  return text.empty() ? validation::Separation::bars(0) : validation::parse_separation(text, key);
}

// All that a table's rows say, for every trial that learns from it.
class TableCheck {
 public:
  TableCheck(const data::FeatureTableFile& table, const HonestySettings& settings)
      : table_(table), time_(table.rows().time), settings_(settings) {}

  void check(const std::optional<std::int32_t>& horizon, const Reach& reach) const {
    const data::HorizonColumns& labels = data::labelled_horizon(table_, horizon, "data.horizon");
    const std::size_t begin = validation::first_at_or_after(time_, time_of("data.from", reach.from, INT64_MIN));
    const std::size_t end = validation::first_at_or_after(time_, time_of("data.to", reach.to, INT64_MAX));
    const std::size_t test = validation::first_at_or_after(time_, settings_.test_from);
    const std::size_t before = validation::end_before(time_, test, separation_of(reach.purge, "splits.purge"));
    const std::size_t behind = std::max({first_behind(separation_of(reach.embargo, "splits.embargo")),
                                         first_behind(separation_of(reach.look_back, "splits.look_back")),
                                         first_behind(validation::Separation::bars(rows_before(reach)))});
    for (std::size_t row = begin; row < end; ++row) {
      const bool ends_before = row < before && labels.t1[row] < settings_.test_from;
      if (ends_before || row >= behind) continue;
      refuse(row, begin, behind, labels, reach);
    }
  }

 private:
  // Of the window that ends with a row.
  static std::int64_t rows_before(const Reach& reach) {
    return std::max<std::int64_t>(0, static_cast<std::int64_t>(parse_number(reach.window).value_or(0)) - 1);
  }

  const data::FeatureTableFile& table_;
  const std::vector<std::int64_t>& time_;
  HonestySettings settings_;

  std::size_t first_behind(const validation::Separation& embargo) const {
    if (settings_.test_to == HonestySettings{}.test_to) return time_.size();
    if (embargo.unit == validation::Separation::Unit::time)
      return validation::first_at_or_after(time_, validation::later_by(settings_.test_to, embargo.value));
    return std::min(time_.size(), validation::first_at_or_after(time_, settings_.test_to) + embargo.rows(time_.size()));
  }

  [[noreturn]] void refuse(std::size_t row, std::size_t begin, std::size_t behind, const data::HorizonColumns& labels,
                           const Reach& reach) const {
    const bool by_label = time_[row] < settings_.test_from;
    const bool behind_it = time_[row] >= settings_.test_to;
    const std::string what = behind_it ? fmt::format(
                                             "the row of {} is too near behind it, or looks back into it "
                                             "(splits.embargo, splits.look_back, data.window)",
                                             utc_text(time_[row]))
                             : !by_label ? fmt::format("the row of {} lies in it", utc_text(time_[row]))
                             : labels.t1[row] >= settings_.test_from
                                 ? fmt::format("the label of the row of {} depends on prices up to {}",
                                               utc_text(time_[row]), utc_text(labels.t1[row]))
                                 : fmt::format("the row of {} is nearer to it than splits.purge = \"{}\"",
                                               utc_text(time_[row]), reach.purge);
    std::string advice = "Set data.from and data.to so that all rows are outside";
    if (row > begin) advice = fmt::format("Set data.to = \"{}\" or earlier", utc_text(time_[row]));
    if (row == begin && behind < time_.size())
      advice = fmt::format("Set data.from = \"{}\" or later", utc_text(time_[behind]));
    throw ConfigError(
        fmt::format("trials would touch {}: with data.from = \"{}\" and data.to = \"{}\", {}. What is chosen there is "
                    "no longer unseen. {}, or honesty.test_from otherwise.",
                    outer_part(settings_), reach.from, reach.to, what, advice));
  }
};

// Pieces of time that no window may touch, a line each: "2018-01-01/2018-02-01".
std::vector<Stretch> stretches(const std::string& lines) {
  std::vector<Stretch> out;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    const std::string piece = lines.substr(at, end - at);
    const std::size_t slash = std::min(piece.find('/'), piece.size());
    out.emplace_back(time_of("windows.exclude", piece.substr(0, slash), INT64_MIN),
                     time_of("windows.exclude", piece.substr(std::min(slash + 1, piece.size())), INT64_MIN));
    at = end + 1;
  }
  std::ranges::sort(out);
  return out;
}

bool is_left_out(Stretch part, const std::vector<Stretch>& excluded) {
  for (const Stretch& each : excluded) {
    if (each.first <= part.first) part.first = std::max(part.first, each.second);
  }
  return part.first >= part.second;
}

// Times are all that is known: windows lie whole between `from` and `to`.
void check_times(const HonestySettings& settings, const Reach& reach, const std::string& table,
                 const std::string& exclude = {}) {
  const std::string from_key = table + ".from", to_key = table + ".to";
  const validation::Separation purge = separation_of(reach.purge, "splits.purge"),
                               embargo = separation_of(reach.embargo, "splits.embargo");
  const auto nanoseconds = [](const validation::Separation& apart, const char* key) {
    if (apart.unit != validation::Separation::Unit::time && apart.value > 0)
      throw ConfigError(fmt::format("{} must be a time, such as \"1d\", where honesty.test_from is given.", key));
    return apart.value;
  };
  const std::int64_t begin = validation::earlier_by(settings.test_from, nanoseconds(purge, "splits.purge"));
  const std::int64_t end = validation::later_by(settings.test_to, nanoseconds(embargo, "splits.embargo"));
  const Stretch seen{std::max(begin, time_of(from_key, reach.from, INT64_MIN)),
                     std::min(end, time_of(to_key, reach.to, INT64_MAX))};
  if (is_left_out(seen, stretches(exclude))) return;
  throw ConfigError(fmt::format(
      "trials would touch {}: {} = \"{}\" and {} = \"{}\" do not keep out of it. Set {} = \"{}\" or earlier, "
      "or honesty.test_from otherwise.",
      outer_part(settings), from_key, reach.from, to_key, reach.to, to_key, utc_text(begin)));
}

bool is_among(const PossibleValues& values, const std::string& wanted) {
  return std::ranges::any_of(values, [&](const std::string& lines) {
    return ("\n" + lines + "\n").find("\n" + wanted + "\n") != std::string::npos;
  });
}

void for_each_reach(const LoadedSweepConfig& config, auto&& call) {
  constexpr std::int64_t kUsualWindow = 60;  // data.window where it is not given
  const bool windowed = is_among(possible_values(config, "models.names"), "minirocket");
  for (const std::string& from : possible_values(config, "data.from"))
    for (const std::string& to : possible_values(config, "data.to"))
      for (const std::string& purge : possible_values(config, "splits.purge"))
        for (const std::string& embargo : possible_values(config, "splits.embargo"))
          for (const std::string& look_back : possible_values(config, "splits.look_back"))
            for (const std::string& window : windowed ? possible_values(config, "data.window") : PossibleValues{"0"})
              call(Reach{.from = from,
                         .to = to,
                         .purge = purge,
                         .embargo = embargo,
                         .look_back = look_back,
                         .window = window.empty() ? std::to_string(kUsualWindow) : window});
}

void check_pretraining(const LoadedSweepConfig& config, const HonestySettings& settings) {
  for (const std::string& from : possible_values(config, "windows.from"))
    for (const std::string& to : possible_values(config, "windows.to"))
      for (const std::string& exclude : possible_values(config, "windows.exclude"))
        check_times(settings, {.from = from, .to = to}, "windows", exclude);
}

// An encoder that is trained anew for every split sees all but the split's own test part, and in a walk-forward what
// comes before it.
void check_refitted_encoders(const LoadedSweepConfig& config, const HonestySettings& settings) {
  if (!is_among(possible_values(config, "fit.refit"), "encoder")) return;
  const bool forward = config.values.sweep.job == "walk-forward";
  for (const std::string& name : possible_values(config, "data.encoder")) {
    if (name.empty()) continue;
    const fs::path file = config.folder / name;
    const Reach reach{.from = value_in(file, "windows.from"), .to = value_in(file, "windows.to")};
    for (const std::string& to : possible_values(config, "data.to")) {
      if (forward && time_of("data.to", to, INT64_MAX) <= settings.test_from) continue;
      naming_key("data.encoder = \"" + name + "\"",
                 [&] { check_times(settings, reach, "windows", value_in(file, "windows.exclude")); });
    }
  }
}

void check_tables(const LoadedSweepConfig& config, const HonestySettings& settings, const fs::path& workspace) {
  for (const std::string& name : possible_values(config, "data.table")) {
    if (name.empty()) continue;
    const data::FeatureTableFile table(workspace, data::find_dataset(workspace, name, "feature_table"));
    const TableCheck check(table, settings);
    for (const std::string& bars : possible_values(config, "data.horizon")) {
      const double horizon = parse_number(bars).value_or(0);
      const auto wanted = horizon > 0 ? std::optional(static_cast<std::int32_t>(horizon)) : std::nullopt;
      for_each_reach(config, [&](const Reach& reach) { check.check(wanted, reach); });
    }
  }
}

void check_metrics(const SweepConfig& config) {
  for (const std::string& metric : config.sweep.metric) {
    if (!metric.starts_with("sealed.") && !metric.starts_with("test.")) continue;
    throw ConfigError(fmt::format(
        "sweep.metric = \"{}\" is of a test part. What a sweep chooses by is no longer unseen: take a score "
        "of its inner validation, such as \"models.xgboost.scores.log_loss\".",
        metric));
  }
}

}  // namespace

void check_outer_test(const LoadedSweepConfig& config, const fs::path& workspace) {
  check_metrics(config.values);
  const HonestySettings settings = honesty_settings(config.values);
  if (!settings.has_outer_test || config.values.sweep.job.empty()) return;
  if (config.values.sweep.job == "pretrain") {
    check_pretraining(config, settings);
    return;
  }
  const PossibleValues windows = possible_values(config, "data.windows");
  if (std::ranges::any_of(windows, [](const std::string& each) { return !each.empty(); }))
    for_each_reach(config, [&](const Reach& reach) { check_times(settings, reach, "data"); });
  check_tables(config, settings, workspace);
  check_refitted_encoders(config, settings);
  check_fitted_parts(config, settings, workspace);
}

}  // namespace moola::work
