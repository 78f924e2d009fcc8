// moola splits as its users call it.
#include <boost/test/unit_test.hpp>
#include <random>
#include <set>

#include "base/utc_time.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "validation/combinatorial.h"

using namespace moola;
using namespace moola::test;

namespace {

constexpr std::int64_t kHour = 3600;            // s
constexpr std::int64_t kBegin = 1'577'836'800;  // 2020, s

// Hourly rows whose labels are known up to 11 hours later; some have none.
struct Rows {
  std::vector<std::int64_t> t0, t1;  // s; -1: none
  std::vector<int> label;

  explicit Rows(std::size_t n = 300) {
    std::mt19937_64 random(8);
    for (std::size_t i = 0; i < n; ++i) {
      const bool none = random() % 15 == 0;
      t0.push_back(kBegin + static_cast<std::int64_t>(i) * kHour);
      t1.push_back(none ? -1 : t0.back() + static_cast<std::int64_t>(random() % 12) * kHour);
      label.push_back(none ? -99 : static_cast<int>(random() % 3) - 1);
    }
  }
  std::int64_t end(std::size_t row) const { return t1[row] < 0 ? t0[row] : t1[row]; }
  std::string csv() const {
    std::string out = "t0,t1,y,x\n";
    for (std::size_t i = 0; i < t0.size(); ++i)
      out += fmt::format("{},{},{},{}\n", t0[i], t1[i] < 0 ? "" : std::to_string(t1[i]), label[i], i * i % 7);
    return out;
  }
};

std::set<std::size_t> row_set(const Json& ranges) {
  std::set<std::size_t> out;
  for (const Json& range : ranges) {
    for (auto row = range[0].get<std::size_t>(); row < range[1].get<std::size_t>(); ++row)
      BOOST_REQUIRE(out.insert(row).second);
  }
  return out;
}

struct Folder {
  BarsWorkspace workspace;
  Rows rows;
  std::string csv = workspace.path("rows.csv");

  Folder() { write_file(csv, rows.csv()); }
  Json splits(std::vector<std::string> arguments) const { return workspace.answer("splits", std::move(arguments)); }
  std::string refused(std::vector<std::string> arguments) const {
    return workspace.refusal("splits", std::move(arguments));
  }
};

// No train row knows a moment of a test row, and nothing is in two parts.
void check_split(const Rows& rows, const Json& split) {
  const auto train = row_set(split["train"]), test = row_set(split["test"]);
  const auto purged = row_set(split["purged_rows"]), embargoed = row_set(split["embargoed_rows"]);
  BOOST_TEST(split["purged"] == purged.size());
  BOOST_TEST(split["embargoed"] == embargoed.size());
  std::set<std::size_t> all;
  for (const auto* part : {&train, &test, &purged, &embargoed}) {
    for (const std::size_t row : *part) BOOST_REQUIRE(all.insert(row).second);
  }
  for (const std::size_t a : train) {
    for (const std::size_t b : test) BOOST_REQUIRE((rows.end(a) < rows.t0[b] || rows.t0[a] > rows.end(b)));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(splits_command)

BOOST_AUTO_TEST_CASE(combinatorial_splits_and_paths_hold_what_they_promise) {
  const Folder folder;
  const Json answer = folder.splits({"--strategy", "cpcv", "--intervals", folder.csv, "--embargo", "4h"});
  BOOST_TEST(answer["n"] == 300);
  BOOST_TEST(answer["splits"].size() == 15U);
  BOOST_TEST(answer["paths"].size() == 5U);
  BOOST_TEST(answer["embargo"]["unit"] == "time");
  for (const Json& split : answer["splits"]) {
    check_split(folder.rows, split);
    BOOST_TEST(row_set(split["train"]).size() + row_set(split["test"]).size() + split["purged"].get<std::size_t>() +
                   split["embargoed"].get<std::size_t>() ==
               300U);
  }
  std::set<std::pair<std::size_t, std::size_t>> used;
  for (const Json& path : answer["paths"]) {
    BOOST_TEST(path.size() == 6U);
    for (std::size_t group = 0; group < 6; ++group) {
      const auto split = path[group].get<std::size_t>();
      const auto groups = answer["splits"][split]["groups"].get<std::set<std::size_t>>();
      BOOST_TEST(groups.contains(group));
      BOOST_TEST(used.emplace(split, group).second);
    }
  }
  BOOST_TEST(used.size() == 30U);
}

BOOST_AUTO_TEST_CASE(other_strategies_keep_apart_as_well) {
  const Folder folder;
  const Json folds =
      folder.splits({"--strategy", "purged-kfold", "--intervals", folder.csv, "--folds", "4", "--purge", "3bars"});
  BOOST_TEST(folds["splits"].size() == 4U);
  for (const Json& split : folds["splits"]) check_split(folder.rows, split);
  const Json forward = folder.splits(
      {"--strategy", "walk-forward", "--intervals", folder.csv, "--train", "5d", "--test", "2d", "--rolling"});
  BOOST_TEST(forward["splits"].size() > 2U);
  for (const Json& split : forward["splits"]) {
    check_split(folder.rows, split);
    BOOST_TEST(*row_set(split["train"]).rbegin() < *row_set(split["test"]).begin());
  }
  const Json parts = folder.splits({"--strategy", "chronological", "--intervals", folder.csv, "--embargo", "2bars"});
  const Json& split = parts["splits"][0];
  check_split(folder.rows, split);
  BOOST_TEST(*row_set(split["train"]).rbegin() < *row_set(split["val"]).begin());
  BOOST_TEST(*row_set(split["val"]).rbegin() < *row_set(split["test"]).begin());
}

BOOST_AUTO_TEST_CASE(look_back_purges_more) {
  const Folder folder;
  const auto purged = [&](const char* look_back) {
    return folder
        .splits(
            {"--strategy", "purged-kfold", "--intervals", folder.csv, "--look-back", look_back})["splits"][2]["purged"]
        .get<int>();
  };
  BOOST_TEST(purged("10bars") > purged("0bars"));
}

BOOST_AUTO_TEST_CASE(numbers_of_bars_do_for_times) {
  const Folder folder;
  write_file(folder.csv, [] {
    std::string out = "begin,known\n";
    for (int i = 0; i < 60; ++i) out += fmt::format("{},{}\n", i, i + 3);
    return out;
  }());
  const std::vector<std::string> call = {"--strategy", "purged-kfold", "--intervals", folder.csv, "--folds",
                                         "3",          "--t0",         "begin",       "--t1",     "known"};
  const Json answer = folder.splits(call);
  // [20, 40) is tested, its labels are known up to 42; rows 17 to 19 know 20 and later.
  BOOST_TEST(json_text(answer["splits"][1]["train"]) == "[[0,17],[43,60]]");
  auto clock = call;
  clock.insert(clock.end(), {"--embargo", "1d"});
  BOOST_TEST(holds(folder.refused(clock), "counts bars"));
}

BOOST_AUTO_TEST_CASE(a_class_that_cannot_be_learnt_is_marked) {
  const Folder folder;
  // All of class 1 lie in the middle fifth.
  std::string csv = "t0,t1,label\n";
  for (int i = 0; i < 100; ++i) csv += fmt::format("{},{},{}\n", i, i + 1, i >= 40 && i < 60 ? 1 : i % 2 == 0 ? 0 : -1);
  write_file(folder.csv, csv);
  const Json marked = folder.splits({"--strategy", "purged-kfold", "--intervals", folder.csv, "--label", "label"});
  BOOST_TEST(holds(marked["splits"][2]["warning"].get<std::string>(), "class 1"));
  BOOST_TEST(!marked["splits"][1].contains("warning"));
  // A train part of one class alone is a fault.
  csv = "t0,t1,label\n";
  for (int i = 0; i < 100; ++i) csv += fmt::format("{},{},{}\n", i, i + 1, i >= 40 && i < 60 ? 1 : 0);
  write_file(folder.csv, csv);
  const Json faulty = folder.splits({"--strategy", "purged-kfold", "--intervals", folder.csv, "--label", "label"});
  BOOST_TEST(holds(faulty["splits"][2]["fault"].get<std::string>(), "class 0"));
}

BOOST_AUTO_TEST_CASE(a_data_set_is_split_by_its_labels_and_the_split_kept) {
  const Folder folder;
  BOOST_REQUIRE(folder.workspace
                    .run("data", {"import", "table", folder.csv, "--name", "mine", "--time", "t0", "--label", "y",
                                  "--t1", "t1", "--horizon", "11", "--features", "x"})
                    .exit_code == 0);
  const Json table = folder.splits({"--strategy", "cpcv", "--intervals", "mine/v1", "--name", "six"});
  const Json file = folder.splits({"--strategy", "cpcv", "--intervals", folder.csv});
  BOOST_TEST(table["splits"].size() == file["splits"].size());
  for (std::size_t i = 0; i < 15; ++i) BOOST_TEST(table["splits"][i]["train"] == file["splits"][i]["train"]);
  const Json kept = read_json(folder.workspace.path("data/splits/six.json"));
  BOOST_TEST(kept["labeled_version"] == "feature_table/mine/v1");
  BOOST_TEST(kept["content_sha256"] == table["content_sha256"]);
  BOOST_TEST(kept["strategy"] == "cpcv");
  BOOST_TEST(kept["splits"][4]["train"] == table["splits"][4]["train"]);
  BOOST_TEST(kept["splits"][4]["purged_indices"] == table["splits"][4]["purged_rows"]);
  BOOST_TEST(holds(folder.refused({"--strategy", "cpcv", "--intervals", "mine/v1", "--name", "six"}), "exists"));
  BOOST_TEST(holds(folder.refused({"--strategy", "cpcv", "--intervals", "mine/v1", "--horizon", "5"}), "11"));
  BOOST_TEST(holds(folder.refused({"--strategy", "cpcv", "--intervals", "mine/v1", "--t0", "t"}), "--t0"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_split_is_refused_in_one_paragraph) {
  const Folder folder;
  const auto refused = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--intervals", folder.csv});
    return folder.refused(arguments);
  };
  BOOST_TEST(holds(refused({}), "--strategy"));
  BOOST_TEST(holds(folder.refused({"--strategy", "cpcv"}), "--intervals"));
  BOOST_TEST(holds(refused({"--strategy", "cpvc"}), "'cpcv'"));
  BOOST_TEST(holds(refused({"--strategy", "cpcv", "--groups", "400"}), "400"));
  BOOST_TEST(holds(refused({"--strategy", "cpcv", "--groups", "4", "--test-groups", "4"}), "group"));
  BOOST_TEST(holds(refused({"--strategy", "cpcv", "--folds", "4"}), "purged-kfold"));
  BOOST_TEST(holds(refused({"--strategy", "purged-kfold", "--rolling"}), "walk-forward"));
  BOOST_TEST(holds(refused({"--strategy", "cpcv", "--embargo", "five"}), "five"));
  BOOST_TEST(holds(refused({"--strategy", "purged-kfold", "--purge", "30d"}), "none of 5 splits"));
  BOOST_TEST(holds(refused({"--strategy", "cpcv", "--t0", "tt"}), "Did you mean"));
  BOOST_TEST(holds(refused({"--strategy", "cpcv", "--name", "six"}), "--out"));
  BOOST_TEST(holds(refused({"--strategy", "cpcv", "--horizon", "5"}), "--horizon"));
  BOOST_TEST(holds(refused({"--strategy", "chronological", "--train", "5d"}), "share"));
  BOOST_TEST(holds(folder.refused({"--strategy", "cpcv", "--intervals", "nothing.csv"}), "no file"));
  const auto bad = [&](const std::string& csv) {
    write_file(folder.csv, csv);
    return refused({"--strategy", "purged-kfold", "--folds", "2"});
  };
  BOOST_TEST(holds(bad("t0,t1\n2020-01-02,2020-01-03\n2020-01-01,2020-01-03\n"), "row 2"));
  BOOST_TEST(holds(bad("t0,t1\n2020-01-02,2020-01-01\n2020-01-03,2020-01-04\n"), "row 1"));
  BOOST_TEST(holds(bad("t0,t1\n2020-01-02,2020-01-05\n,2020-01-04\n"), "row 2"));
  BOOST_TEST(holds(bad("t0,t1\n"), "no rows"));
  BOOST_TEST(holds(bad("t0\n1\n2\n"), "'t1'"));
  BOOST_TEST(holds(bad("t0,t1\n0.5,1\n1,2\n"), "whole number"));
}

BOOST_AUTO_TEST_SUITE_END()
