#include "work/evaluate/rows/evaluation_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/utc_time.h"
#include "data/tables/labelled_horizon.h"
#include "data/tables/table_segments.h"
#include "work/evaluate/rows/chosen_columns.h"
#include "work/evaluate/rows/window_data.h"

namespace moola::work {
namespace {

constexpr std::uint64_t kBlockRows = 8192;

const data::HorizonColumns& choose_horizon(const EvaluateConfig& config, const data::FeatureTableFile& table) {
  const auto bars = static_cast<std::int32_t>(config.data.horizon);
  const data::HorizonColumns& out =
      data::labelled_horizon(table, bars == 0 ? std::nullopt : std::optional(bars), "data.horizon");
  if (out.label.empty()) {
    throw ConfigError(fmt::format("horizon {} of {} has targets of a regression, and these models learn classes.",
                                  out.horizon, to_string(table.id())));
  }
  return out;
}

void take_rows(const data::FeatureTableFile& table, const data::HorizonColumns& horizon, std::size_t begin,
               std::size_t end, EvaluationData& out) {
  const auto part = [&](const auto& from) {
    return std::vector(from.begin() + static_cast<std::ptrdiff_t>(begin),
                       from.begin() + static_cast<std::ptrdiff_t>(end));
  };
  const data::TableRows& rows = table.rows();
  out.time = part(rows.time);
  out.t1 = part(horizon.t1);
  if (!horizon.weight.empty()) out.weight = part(horizon.weight);
  out.symbol = rows.symbol.empty() ? std::vector<std::int32_t>(end - begin, 0) : part(rows.symbol);
  std::set<std::int8_t> classes;
  for (std::size_t row = begin; row < end; ++row) {
    if (horizon.label[row] != data::kInvalidLabel) classes.insert(horizon.label[row]);
  }
  if (classes.size() < 2) {
    throw DataError(fmt::format("label_{} of {} rows of {} {}: nothing can be learnt from one class.", horizon.horizon,
                                end - begin, to_string(table.id()),
                                classes.empty() ? "is never there" : fmt::format("is always {}", *classes.begin())));
  }
  for (const std::int8_t label : classes) {
    out.class_names.push_back(std::to_string(label));
    out.direction.push_back(label);
  }
  for (std::size_t row = begin; row < end; ++row) {
    const auto found = classes.find(horizon.label[row]);
    out.label.push_back(found == classes.end() ? -1 : static_cast<std::int32_t>(std::distance(classes.begin(), found)));
  }
}

void take_positions(const std::vector<std::int32_t>& segment, std::size_t begin, EvaluationData& out) {
  std::vector<std::int32_t> mine(segment.begin() + static_cast<std::ptrdiff_t>(begin),
                                 segment.begin() + static_cast<std::ptrdiff_t>(begin + out.size()));
  // Numbered anew from 0, in the order of their first rows.
  std::vector<std::int32_t> number;
  std::int32_t next = 0;
  for (std::int32_t& each : mine) {
    const auto old = static_cast<std::size_t>(each);
    if (old >= number.size()) number.resize(old + 1, -1);
    if (number[old] < 0) number[old] = next++;
    each = number[old];
  }
  const data::SegmentRows segments = data::rows_by_segment(mine);
  out.position.resize(out.size());
  out.segment_begin.resize(out.size());
  for (std::size_t s = 0; s < segments.segments(); ++s) {
    const auto start = static_cast<std::size_t>(segments.begin[s]);
    std::size_t at = start;
    for (const std::int64_t row : segments.of(s)) {
      out.position[static_cast<std::size_t>(row)] = at;
      out.segment_begin[at++] = start;
    }
  }
  find_runs(out);
}

void take_features(const data::FeatureTableFile& table, const std::vector<std::size_t>& columns, std::size_t begin,
                   EvaluationData& out) {
  const std::size_t all = table.features();
  out.x.resize(out.size() * columns.size());
  std::vector<float> block(kBlockRows * all);
  for (std::size_t row = 0; row < out.size(); row += kBlockRows) {
    const std::size_t rows = std::min<std::size_t>(kBlockRows, out.size() - row);
    table.read_features(begin + row, rows, std::span(block).first(rows * all));
    for (std::size_t r = 0; r < rows; ++r) {
      float* const to = out.x.data() + out.position[row + r] * columns.size();
      for (std::size_t c = 0; c < columns.size(); ++c) {
        to[c] = block[r * all + columns[c]];
        if (std::isfinite(to[c])) continue;
        throw DataError(fmt::format(
            "row {} of {} ({}) has no finite value of '{}': models take numbers alone. Leave the column out "
            "(data.exclude), or prepare the table without gaps.",
            begin + row + r, to_string(table.id()), utc_text(out.time[row + r]),
            table.info().feature_names[columns[c]]));
      }
    }
  }
}

}  // namespace

std::vector<std::size_t> EvaluationData::rows_of_symbols() const {
  std::vector<std::size_t> next(symbols.size()), out(size());
  for (std::size_t row = 0; row < size(); ++row) out[row] = next[static_cast<std::size_t>(symbol[row])]++;
  return out;
}

std::size_t EvaluationData::dependent_rows() const {
  if (!holds_windows()) return std::max<std::size_t>(1, static_cast<std::size_t>(horizon) * symbols.size());
  std::size_t out = 1;
  for (std::size_t row = 0; row < size(); ++row) {
    const auto end = static_cast<std::size_t>(std::ranges::upper_bound(time, intervals().end(row)) - time.begin());
    out = std::max(out, end - row);
  }
  return std::min(out, std::max<std::size_t>(1, size() / 10));
}

EvaluationData read_evaluation_data(const std::filesystem::path& workspace, const EvaluateConfig& config) {
  if (!config.data.windows.empty()) return read_window_data(workspace, config);
  const data::FeatureTableFile table(workspace, data::find_dataset(workspace, config.data.table, "feature_table"));
  const data::HorizonColumns& horizon = choose_horizon(config, table);
  const std::vector<std::int64_t>& time = table.rows().time;
  const auto row_at = [&](const std::string& text, std::size_t otherwise) {
    if (text.empty()) return otherwise;
    return static_cast<std::size_t>(std::ranges::lower_bound(time, parse_utc(text)) - time.begin());
  };
  const std::size_t begin = row_at(config.data.from, 0), end = row_at(config.data.to, time.size());
  if (begin >= end) {
    throw ConfigError(fmt::format("no row of {} is from data.from = \"{}\" to data.to = \"{}\": it goes from {} to {}.",
                                  to_string(table.id()), config.data.from, config.data.to,
                                  time.empty() ? "nothing" : utc_text(time.front()),
                                  time.empty() ? "nothing" : utc_text(time.back())));
  }
  EvaluationData out{.table = {table.id(), table.content_sha256()},
                     .first_row = begin,
                     .horizon = horizon.horizon,
                     .symbols = table.info().symbols,
                     .manifest = table.manifest(),
                     .fitted = table.info().fitted,
                     .pedigree = table.info().pedigree,
                     .scaled = table.info().scaled};
  take_rows(table, horizon, begin, end, out);
  take_positions(table.rows().segment, begin, out);
  const std::vector<std::size_t> columns = chosen_columns(config, table.info().feature_names, to_string(table.id()));
  for (const std::size_t c : columns) out.features.push_back(table.info().feature_names[c]);
  take_features(table, columns, begin, out);
  if (!config.splits.name.empty())
    out.given_split = data::read_split_of(workspace, config.splits.name, out.table, out.size());
  return out;
}

void find_runs(EvaluationData& data) {
  std::vector<bool> unlabelled(data.size());
  for (std::size_t row = 0; row < data.size(); ++row) unlabelled[data.position[row]] = data.label[row] < 0;
  data.run_begin.resize(data.size());
  std::size_t run = 0;
  for (std::size_t at = 0; at < data.size(); ++at) {
    run = std::max(run, data.segment_begin[at]);
    if (unlabelled[at]) run = at + 1;
    data.run_begin[at] = run;
  }
}

void number_classes_as(EvaluationData& data, const std::vector<std::string>& names,
                       const std::vector<std::int8_t>& direction) {
  std::vector<std::int32_t> number;
  for (const std::string& name : data.class_names)
    number.push_back(static_cast<std::int32_t>(std::ranges::find(names, name) - names.begin()));
  for (std::int32_t& label : data.label) {
    if (label >= 0) label = number[static_cast<std::size_t>(label)];
  }
  data.class_names = names;
  data.direction = direction;
}

void order_features_as(EvaluationData& data, const std::vector<std::string>& features) {
  if (data.features == features) return;
  std::vector<std::size_t> from;
  std::vector<std::string> missing;
  for (const std::string& name : features) {
    const auto found = std::ranges::find(data.features, name);
    if (found == data.features.end())
      missing.push_back(name);
    else
      from.push_back(static_cast<std::size_t>(found - data.features.begin()));
  }
  if (!missing.empty()) {
    throw DataError(fmt::format("{} lacks {} of the {} features that the model was fitted on: {}{}.",
                                to_string(data.table.id), missing.size(), features.size(),
                                fmt::join(std::span(missing).first(std::min<std::size_t>(8, missing.size())), ", "),
                                missing.size() > 8 ? " …" : ""));
  }
  std::vector<float> x(data.size() * features.size());
  for (std::size_t row = 0; row < data.size(); ++row) {
    for (std::size_t c = 0; c < features.size(); ++c)
      x[row * features.size() + c] = data.x[row * data.features.size() + from[c]];
  }
  data.x = std::move(x);
  data.features = features;
}

}  // namespace moola::work
