#pragma once
// Data sets with predictions that doubt some of their labels, and lists of decisions on them.
#include <fmt/format.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/label_issues/clean_labels.h"
#include "data/label_issues/find_label_issues.h"
#include "data/label_issues/issue_list.h"
#include "data/windows/window_table_file.h"
#include "tests/data/predicted_table.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

using namespace moola::data;

inline constexpr std::size_t kRows = 300;

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

/// A table whose model doubts some labels, surely and rightly.
struct Doubted {
  explicit Doubted(std::uint64_t seed = 1, FeaturePrecision precision = FeaturePrecision::float64)
      : rows(random_rows(seed, kRows)) {
    DatasetWriter bars(folder.path(), {"bars", "AAA"});
    const std::vector<std::int64_t> time{1};
    const std::vector<double> price{1};
    const std::vector<std::uint8_t> flags{0};
    bars.write({{"time", std::span(time)},
                {"open", std::span(price)},
                {"high", std::span(price)},
                {"low", std::span(price)},
                {"close", std::span(price)},
                {"volume", std::span(price)},
                {"flags", std::span(flags)}});
    bars.file().set_attribute("symbol", std::string("AAA"));
    bars.file().set_attribute("bar_seconds", std::int64_t{300});
    bars.file().set_attribute("source_timezone", std::string("UTC"));
    const std::string hash = bars.finish();
    table = store_table(folder.path(), rows, {{bars.id(), hash}}, precision);
    oof = predictions_of(table, rows);
    std::mt19937_64 random(seed);
    while (doubted.size() < 12) {
      const std::size_t at = random() % oof.rows.size();
      if (oof.rows.label[at] < 0 || !doubted.insert(at).second) continue;
      predict(oof, at, (oof.rows.label[at] + 1) % 3, 0.9F + 0.005F * static_cast<float>(doubted.size()));
    }
    id = write_oof(folder.path(), oof).id;
  }

  OofFile predictions() const { return OofFile(folder.path(), id); }
  std::filesystem::path listed(const LabelIssueSearch& search = {}) const {
    const OofFile file = predictions();
    write_issue_list(folder / "issues.csv", file, read_labelled_rows(folder.path(), file),
                     find_label_issues(file, search).issues, Overwrite::yes);
    return folder / "issues.csv";
  }
  // The list with the decisions of its first rows.
  std::filesystem::path decided(const std::vector<std::string>& decisions) const {
    std::vector<std::string> lines = lines_of(read_file(listed()));
    std::string text = lines.front() + "\n";
    for (std::size_t i = 1; i < lines.size(); ++i) {
      const std::string decision = i <= decisions.size() ? decisions[i - 1] : "";
      text += lines[i].insert(lines[i].rfind(','), decision) + "\n";
    }
    return put(text);
  }
  std::filesystem::path put(const std::string& text) const {
    write_file(folder / "reviewed.csv", text);
    return folder / "reviewed.csv";
  }
  CleanResult clean(const std::filesystem::path& review, const std::string& name = "") const {
    return clean_labels(folder.path(), {.review = review, .oof = id, .name = name});
  }
  std::string said_of(const std::string& text) const {
    std::string said = refusal_of([&] { clean(put(text)); });
    BOOST_TEST(list_versions(folder.path(), "feature_table", "T").size() == 1U);
    return said;
  }
  // A list of these rows (index, label, decision).
  std::string list_of(const std::vector<std::array<std::string, 3>>& decisions) const {
    std::string text = "index,given_label,decision,oof\n";
    for (const auto& [index, given, decision] : decisions)
      text += fmt::format("{},{},{},{}\n", index, given, decision, mark_of(predictions()));
    return text;
  }
  std::string label_text(std::size_t row) const { return std::to_string(rows.horizons[0].label[row]); }

  TemporaryFolder folder;
  TableRows rows;
  Parent table;
  OofToWrite oof;
  std::set<std::size_t> doubted;  // predictions
  DatasetId id;
};

/// Six windows, up and down, whose first two the model takes for the other.
struct DoubtedWindows {
  explicit DoubtedWindows(const std::vector<std::string>& names = {"down", "flat", "up"}) {
    WindowTable windows{.windows = 6, .length = 2, .channels = 1};
    for (int i = 0; i < 12; ++i) windows.x.push_back(static_cast<float>(i) / 7);
    windows.channel_names = {"close"};
    windows.label_names = names;
    for (std::int64_t w = 0; w < 6; ++w) {
      windows.labels.push_back(names[w % 2 == 0 ? 0 : 2]);
      windows.window_ids.push_back("w_" + std::to_string(w));
      windows.t0.push_back(1000 * w);
      windows.t1.push_back(1000 * w + 500);
      windows.raw_start.push_back(2 * w);
      windows.raw_end.push_back(2 * w + 1);
      windows.weight.push_back(1.0F + static_cast<float>(w));
    }
    DatasetWriter writer(folder.path(), {"labeled_windows", "W"});
    write_window_table(writer, windows);
    writer.file().set_attribute("symbol", std::string("BTCUSD"));
    writer.manifest()["source_sha256"] = "ab";
    const std::string hash = writer.finish();
    OofToWrite oof{.name = "w", .info = {.data = {writer.id(), hash}, .class_names = names, .model = "minirocket"}};
    for (std::int32_t w = 0; w < 6; ++w) {
      const std::int32_t given = w % 2 == 0 ? 0 : 2, likely = w < 2 ? 2 - given : given;
      for (std::int32_t c = 0; c < 3; ++c) oof.rows.probability.push_back(c == likely ? 0.8F : 0.1F);
      oof.rows.fold.push_back(w / 3);
      oof.rows.label.push_back(given);
      oof.rows.row.push_back(w);
      oof.rows.time.push_back(1000 * w);
    }
    id = write_oof(folder.path(), oof).id;
  }
  CleanResult clean(const std::string& decisions) const {
    std::string text = "index,given_label,decision,oof\n";
    std::istringstream stream(decisions);
    const std::string mark = mark_of(OofFile(folder.path(), id));
    for (std::string line; stream >> line;) text += fmt::format("{},{}\n", line, mark);
    write_file(folder / "reviewed.csv", text);
    return clean_labels(folder.path(), {.review = folder / "reviewed.csv", .oof = id});
  }

  TemporaryFolder folder;
  DatasetId id;
};

}  // namespace moola::test
