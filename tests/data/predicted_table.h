#pragma once
// A feature table, and predictions of its rows by a model that is mostly right.
#include <filesystem>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/utc_time.h"
#include "data/store/dataset.h"
#include "data/tables/feature_table_file.h"
#include "data/tables/oof_file.h"

namespace moola::test {

inline constexpr std::int64_t kFiveMinutes = 300'000'000'000;

/// Rows of two symbols with labels of the horizons 5 and 20; every ninth has none.
inline data::TableRows random_rows(std::uint64_t seed, std::size_t n) {
  std::mt19937_64 random(seed);
  data::TableRows rows;
  for (const std::int32_t horizon : {5, 20}) rows.horizons.push_back({.horizon = horizon});
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t time = 1'600'000'000'000'000'000 + static_cast<std::int64_t>(i / 2) * kFiveMinutes;
    rows.time.push_back(time);
    rows.symbol.push_back(static_cast<std::int32_t>(i % 2));
    rows.segment.push_back(static_cast<std::int32_t>(i % 2));
    for (data::HorizonColumns& labels : rows.horizons) {
      const bool none = i % 9 == 4;
      labels.label.push_back(none ? data::kInvalidLabel : static_cast<std::int8_t>(static_cast<int>(random() % 3) - 1));
      labels.t1.push_back(none ? kNoTime : time + labels.horizon * kFiveMinutes);
      labels.weight.push_back(none ? 0.0F : 0.5F + static_cast<float>(random() % 8) / 8);
      labels.quality.push_back(none ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(random() % 8) / 8);
    }
  }
  return rows;
}

inline data::Parent store_table(const std::filesystem::path& workspace, const data::TableRows& rows,
                                const std::vector<data::Parent>& parents = {},
                                data::FeaturePrecision precision = data::FeaturePrecision::float64) {
  data::DatasetWriter writer(workspace, {"feature_table", "T"});
  const data::FeatureTableInfo info{.feature_names = {"a", "b", "c"},
                                    .symbols = {"AAA", "BBB"},
                                    .fitted = {{.name = "barriers", .seen = {{10, 20}}}}};
  data::write_feature_table(
      writer, rows, info,
      [](std::uint64_t begin, std::uint64_t count, std::span<double> out) {
        for (std::uint64_t i = 0; i < 3 * count; ++i) out[i] = 1.0 / static_cast<double>(3 * begin + i + 1);
      },
      precision);
  writer.manifest()["parameters"] = {{"clean", "timeframe = \"5m\""}};
  for (const data::Parent& parent : parents) writer.add_parent(parent);
  const std::string hash = writer.finish();
  return {writer.id(), hash};
}

/// Predictions of horizon 5, of all rows from the third on: 0.8 for the label, and where there is none for class 1.
inline data::OofToWrite predictions_of(const data::Parent& table, const data::TableRows& rows) {
  data::OofToWrite out{.name = "cv",
                       .info = {.data = table,
                                .horizon = 5,
                                .class_names = {"-1", "0", "1"},
                                .model = "xgboost depth=3",
                                .parameters = {{"depth", 3}, {"rate", 0.1}}}};
  for (std::size_t row = 2; row < rows.size(); ++row) {
    const std::int8_t label = rows.horizons[0].label[row];
    const std::int32_t y = label == data::kInvalidLabel ? -1 : label + 1;
    for (std::int32_t c = 0; c < 3; ++c) out.rows.probability.push_back(c == (y < 0 ? 2 : y) ? 0.8F : 0.1F);
    out.rows.fold.push_back(static_cast<std::int32_t>(3 * row / rows.size()));
    out.rows.label.push_back(y);
    out.rows.row.push_back(static_cast<std::int64_t>(row));
    out.rows.time.push_back(rows.time[row]);
  }
  return out;
}

/// Makes the model sure that prediction `at` is of class `c`.
inline void predict(data::OofToWrite& oof, std::size_t at, std::int32_t c, float sure = 0.9F) {
  for (std::int32_t each = 0; each < 3; ++each)
    oof.rows.probability[3 * at + static_cast<std::size_t>(each)] = each == c ? sure : (1 - sure) / 2;
}

}  // namespace moola::test
