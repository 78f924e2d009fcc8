#include "work/evaluate/folds/predictions_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "base/error.h"
#include "base/utc_time.h"
#include "data/files/time_zone.h"
#include "data/tables/source_table.h"

namespace moola::work {
namespace {

constexpr double kSumsToOne = 1e-3;

class Reader {
 public:
  Reader(const std::filesystem::path& file, const EvaluationData& data, const std::string& key)
      : key_(key), data_(data), table_(file, {"symbol"}) {}

  PredictedRows read() {
    const std::vector<std::int64_t> time = table_.stamps(column("time"), data::TimeZone("UTC"));
    std::vector<std::string> symbol;
    if (data_.symbols.size() > 1) symbol = table_.texts(column("symbol"));
    std::vector<double> split;
    if (const auto found = table_.find("split")) split = table_.numbers(*found);
    std::vector<std::vector<double>> p;
    for (const std::string& name : data_.class_names) p.push_back(table_.numbers(column("p_" + name)));

    struct Line {
      std::int64_t split;
      std::size_t row, line;
      auto order() const { return std::tuple(split, row); }
    };
    std::vector<Line> lines;
    for (std::size_t i = 0; i < table_.rows(); ++i) {
      if (time[i] == kNoTime) refuse(i, fmt::format("'{}' is no time", table_.shown(column("time"), i)));
      if (time[i] < data_.time.front() || time[i] > data_.time.back()) continue;
      const std::size_t row = row_of(time[i], symbol.empty() ? 0 : symbol_of(symbol[i], i), i);
      std::int64_t number = 0;
      if (!split.empty()) {
        if (!(split[i] >= 0 && split[i] < 1e9 && split[i] == std::floor(split[i])))
          refuse(i, fmt::format("'{}' is no number of a split", table_.shown(*table_.find("split"), i)));
        number = static_cast<std::int64_t>(split[i]);
      }
      check(p, i);
      lines.push_back({number, row, i});
    }
    if (lines.empty()) {
      throw DataError(fmt::format("{}: {} predicts no row between {} and {}.", key_, table_.file(),
                                  utc_text(data_.time.front()), utc_text(data_.time.back())));
    }
    std::ranges::sort(lines, {}, [](const Line& line) { return std::tuple(line.split, line.row, line.line); });
    const auto twice =
        std::ranges::adjacent_find(lines, [](const Line& a, const Line& b) { return a.order() == b.order(); });
    if (twice != lines.end()) {
      refuse(std::next(twice)->line,
             fmt::format("{} is predicted twice{}; line {} has it too", utc_text(data_.time[twice->row]),
                         split.empty() ? "" : " in its split", twice->line + 2));
    }
    PredictedRows out;
    for (const Line& line : lines) {
      out.row.push_back(line.row);
      if (!split.empty()) out.split.push_back(line.split);
      for (const auto& of_class : p) out.probability.push_back(static_cast<float>(of_class[line.line]));
    }
    return out;
  }

 private:
  [[noreturn]] void refuse(std::size_t i, const std::string& what) const {
    throw DataError(fmt::format("{}: {}, line {}: {}.", key_, table_.file(), i + 2, what));
  }

  std::size_t column(const std::string& name) const {
    if (const auto found = table_.find(name)) return *found;
    std::vector<std::string> wanted{"time"};
    if (data_.symbols.size() > 1) wanted.emplace_back("symbol");
    for (const std::string& each : data_.class_names) wanted.push_back("p_" + each);
    std::string text;
    for (const std::string& each : wanted) text += (text.empty() ? "" : ", ") + each;
    throw DataError(fmt::format("{}: {} has no column '{}'; expected are {}.", key_, table_.file(), name, text));
  }

  std::size_t symbol_of(const std::string& name, std::size_t i) const {
    const auto found = std::ranges::find(data_.symbols, name);
    if (found == data_.symbols.end())
      refuse(i, fmt::format("'{}' is no symbol of {}", name, to_string(data_.table.id)));
    return static_cast<std::size_t>(found - data_.symbols.begin());
  }

  std::size_t row_of(std::int64_t time, std::size_t symbol, std::size_t i) const {
    const auto [first, last] = std::ranges::equal_range(data_.time, time);
    for (auto at = first; at != last; ++at) {
      const auto row = static_cast<std::size_t>(at - data_.time.begin());
      if (static_cast<std::size_t>(data_.symbol[row]) == symbol) return row;
    }
    refuse(i, fmt::format("{} is the time of no row of {}{}", utc_text(time), to_string(data_.table.id),
                          data_.symbols.size() > 1 ? " for " + data_.symbols[symbol] : ""));
  }

  void check(const std::vector<std::vector<double>>& p, std::size_t i) const {
    double sum = 0;
    for (std::size_t c = 0; c < p.size(); ++c) {
      if (!(p[c][i] >= 0 && p[c][i] <= 1)) {
        refuse(i, fmt::format("p_{} is {}; a probability is from 0 to 1", data_.class_names[c],
                              table_.shown(column("p_" + data_.class_names[c]), i)));
      }
      sum += p[c][i];
    }
    if (std::fabs(sum - 1) > kSumsToOne) refuse(i, fmt::format("the probabilities sum to {}, and not to 1", sum));
  }

  const std::string& key_;
  const EvaluationData& data_;
  data::SourceTable table_;
};

}  // namespace

PredictedRows read_predictions(const std::filesystem::path& file, const EvaluationData& data, const std::string& key) {
  return Reader(file, data, key).read();
}

}  // namespace moola::work
