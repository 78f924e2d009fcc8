// Leaks that were planted on purpose: each is refused or named, and what it would have gained is shown where that costs
// little. The bars are a walk, so that whatever gains has seen what is to come.
#include <boost/test/unit_test.hpp>
#include <numeric>

#include "tests/support/messages.h"
#include "tests/work/evaluate/evaluation_workspace.h"
#include "tests/work/evaluate/planted_table.h"
#include "work/evaluate/folds/fold_samples.h"
#include "work/evaluate/rows/evaluation_splits.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;
using validation::RowRange;

namespace {

const std::vector<std::string> kModels{R"(models.names=["prior","logistic"])"};

struct Leak {
  BarsWorkspace workspace;

  explicit Leak(const PlantedTable& table) { table.store(workspace); }

  Json answer(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = EvaluationWorkspace::sets(with(kModels, more));
    arguments.insert(arguments.end(), {"--ranks", "1"});
    return workspace.answer("cv", arguments);
  }
  std::string refused(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = EvaluationWorkspace::sets(with(kModels, more));
    arguments.insert(arguments.end(), {"--ranks", "1"});
    const ProcessResult result = workspace.run("cv", arguments);
    BOOST_TEST(result.exit_code == 2, result.errors);
    BOOST_TEST(result.errors.find("\n\n") == std::string::npos);
    return result.errors;
  }
};

double least_gain(const Json& found) {
  return found["models"]["logistic"]["intervals"]["log_loss_gain"][0].get<double>();
}

bool is_named(const Json& found, const std::string& where, const std::string& words) {
  for (const Json& each : found[where]) {
    if (each.get<std::string>().find(words) != std::string::npos) return true;
  }
  return false;
}

// The share of test rows whose label is that of the train row nearest in time: what a model gains that remembers.
double gained_by_neighbours(const PlantedTable& table, const std::vector<std::size_t>& train,
                            const std::vector<std::size_t>& test) {
  double right = 0;
  for (const std::size_t row : test) {
    const auto behind = std::ranges::lower_bound(train, row);
    const bool before = behind == train.end() || (behind != train.begin() && row - *(behind - 1) <= *behind - row);
    right += table.rows.horizons[0].label[row] == table.rows.horizons[0].label[before ? *(behind - 1) : *behind];
  }
  return right / static_cast<double>(test.size());
}

std::vector<std::size_t> rows_of(const std::vector<RowRange>& ranges) {
  std::vector<std::size_t> out;
  for (const RowRange& range : ranges) {
    for (std::size_t row = range.begin; row < range.end; ++row) out.push_back(row);
  }
  return out;
}

// A table's rows without its features, cut by its t1 in one of the ways that there are.
struct Cut {
  LoadedEvaluateConfig config;
  EvaluationData data = {};
  EvaluationSplits splits = {};

  Cut(const PlantedTable& table, SplitStrategy strategy)
      : config{.values = {}, .strategy = strategy, .configurations = {}, .resolved = {}, .identity = {}} {
    data.horizon = static_cast<std::int32_t>(table.horizon);
    data.symbols = {"SYM"};
    data.class_names = {"-1", "1"};
    data.direction = {-1, 1};
    data.time = table.rows.time;
    data.t1 = table.t1();
    for (const std::int8_t label : table.rows.horizons[0].label) data.label.push_back(label > 0 ? 1 : 0);
    data.symbol.assign(data.size(), 0);
    data.position.resize(data.size());
    std::iota(data.position.begin(), data.position.end(), std::size_t{0});
    data.run_begin.assign(data.size(), 0);
    splits = make_splits(config, data);
  }
};

// Ends of labels come from `reach`, not from what the table says of them.
std::size_t train_rows_that_reach_into_tests(const EvaluationSplits& splits, const PlantedTable& table,
                                             std::size_t reach) {
  std::size_t out = 0;
  for (const validation::Split& split : splits.splits) {
    for (const std::size_t row : rows_of(split.train)) {
      for (const RowRange& test : split.test)
        out += row < test.begin && table.bars.time[row + reach] >= table.rows.time[test.begin] ? 1 : 0;
    }
  }
  return out;
}

void write_split(const BarsWorkspace& workspace, const Json& train, const Json& test) {
  const data::FeatureTableFile table(workspace.folder(), data::parse_dataset_id("feature_table/mine/v1"));
  std::filesystem::create_directories(workspace.path("data/splits"));
  write_file(workspace.path("data/splits/own.json"),
             json_text({{"name", "own"},
                        {"labeled_version", "feature_table/mine/v1"},
                        {"content_sha256", table.content_sha256()},
                        {"strategy", "own"},
                        {"splits", Json::array({{{"train", train}, {"test", test}}})}}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(leaks)

BOOST_AUTO_TEST_CASE(an_honest_table_of_a_walk_is_believed_and_gains_nothing) {
  const Json found = Leak(PlantedTable()).answer();
  BOOST_TEST(found["has_verdict"] == true);
  BOOST_TEST(found["contamination"].empty());
  for (const char* words : {"alone tells", "beyond", "after their t1"}) BOOST_TEST(!is_named(found, "warnings", words));
  BOOST_TEST(least_gain(found) <= 0);
}

BOOST_AUTO_TEST_CASE(features_that_were_scaled_before_take_the_verdict) {
  PlantedTable table;
  table.info.scaled = true;
  const Json found = Leak(table).answer();
  BOOST_TEST(found["has_verdict"] == false);
  BOOST_TEST(is_named(found, "contamination", "scaled already"));
}

// Each block of rows is encoded by the mean of its labels, those that are tested among them.
BOOST_AUTO_TEST_CASE(an_encoder_that_was_fitted_on_tested_rows_takes_the_verdict_of_what_it_gains) {
  PlantedTable table;
  constexpr std::size_t kBlock = 40;
  std::vector<double> encoded(table.size());
  for (std::size_t begin = 0; begin < table.size(); begin += kBlock) {
    const std::size_t end = std::min(table.size(), begin + kBlock);
    const double sum = std::accumulate(table.label().begin() + static_cast<std::ptrdiff_t>(begin),
                                       table.label().begin() + static_cast<std::ptrdiff_t>(end), 0.0);
    for (std::size_t row = begin; row < end; ++row) encoded[row] = sum / static_cast<double>(end - begin);
  }
  table.add("encoded", std::move(encoded));
  table.info.fitted.push_back({.name = "encoder", .seen = {{table.rows.time.front(), table.t1().back()}}});
  const Leak leak(table);
  const Json found = leak.answer();
  BOOST_TEST(least_gain(found) > 0);
  BOOST_TEST(found["has_verdict"] == false);
  BOOST_TEST(is_named(found, "contamination", "encoder of feature_table/mine/v1 was fitted on"));
  BOOST_TEST(is_named(found, "contamination", "5 of 5 splits"));
  // The column is what gains.
  BOOST_TEST(least_gain(leak.answer({R"(data.exclude=["encoded"])"})) <= 0);
}

BOOST_AUTO_TEST_CASE(a_split_whose_train_rows_know_what_is_tested_is_refused) {
  const PlantedTable table;
  const Leak leak(table);
  const std::size_t n = table.size(), middle = n / 2;
  const auto refused_up_to = [&](std::size_t end) {
    write_split(leak.workspace, {{0, end}}, {{middle, n}});
    return holds(leak.refused({"splits.name=own"}), "knows moments of a test row");
  };
  BOOST_TEST(refused_up_to(middle));
  BOOST_TEST(refused_up_to(middle - table.horizon + 1));  // the last label ends at the first test row
  write_split(leak.workspace, {{0, middle - table.horizon}}, {{middle, n}});
  BOOST_TEST(leak.answer({"splits.name=own"})["models"]["logistic"]["folds"] == 1);
}

BOOST_AUTO_TEST_CASE(rows_that_are_dealt_out_are_refused_for_their_neighbours_give_the_answer) {
  const PlantedTable table;
  const Leak leak(table);
  std::vector<std::size_t> train, test;
  std::mt19937_64 random(2);
  for (std::size_t row = 0; row < table.size(); ++row) (random() % 4 == 0 ? test : train).push_back(row);
  write_split(leak.workspace, train, test);
  BOOST_TEST(holds(leak.refused({"splits.name=own"}), "pieces"));
  std::ranges::shuffle(train, random);
  write_split(leak.workspace, train, test);
  BOOST_TEST(holds(leak.refused({"splits.name=own"}), "back to row"));
  std::ranges::sort(train);
  BOOST_TEST(gained_by_neighbours(table, train, test) > 0.8);
  const Cut honest(table, SplitStrategy::purged_k_fold);
  double gained = 0;
  for (const validation::Split& split : honest.splits.splits)
    gained += gained_by_neighbours(table, rows_of(split.train), rows_of(split.test));
  BOOST_TEST(gained / static_cast<double>(honest.splits.splits.size()) < 0.65);
}

BOOST_AUTO_TEST_CASE(rows_in_any_order_make_the_same_table) {
  const PlantedTable table;
  const BarsWorkspace workspace;
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < table.size(); ++row) {
    lines.push_back(fmt::format("{},{},{},{}\n", table.rows.time[row], table.columns[0][row],
                                table.rows.horizons[0].label[row], table.t1()[row]));
  }
  std::vector<std::string> content;
  for (const char* name : {"sorted", "shuffled"}) {
    std::string csv = "time,noise,label,t1\n";
    for (const std::string& line : lines) csv += line;
    write_file(workspace.path("table.csv"), csv);
    const ProcessResult imported =
        workspace.run("data", {"import", "table", workspace.path("table.csv"), "--name", name, "--horizon", "10",
                               "--symbol-name", "SYM", "--t1", "t1", "--label", "label"});
    BOOST_REQUIRE_MESSAGE(imported.exit_code == 0, imported.errors);
    content.push_back(
        data::FeatureTableFile(workspace.folder(), data::parse_dataset_id(fmt::format("feature_table/{}/v1", name)))
            .content_sha256());
    std::ranges::shuffle(lines, std::mt19937_64(3));
  }
  BOOST_TEST(content[0] == content[1]);
}

BOOST_AUTO_TEST_CASE(labels_that_reach_further_than_their_t1_are_named) {
  PlantedTable table;
  for (std::size_t row = 0; row < table.size(); ++row) table.t1()[row] = table.bars.time[row + 1];
  BOOST_TEST(is_named(Leak(table).answer(), "warnings", "know what comes after their t1"));
  // It matters: what t1 lets train knows prices of the test parts.
  const Cut wrong(table, SplitStrategy::purged_k_fold), right(PlantedTable(), SplitStrategy::purged_k_fold);
  BOOST_TEST(train_rows_that_reach_into_tests(wrong.splits, table, table.horizon) >= 4 * (table.horizon - 2));
  BOOST_TEST(train_rows_that_reach_into_tests(right.splits, table, table.horizon) == 0U);
}

BOOST_AUTO_TEST_CASE(a_feature_that_knows_what_is_to_come_is_asked_about) {
  PlantedTable table;
  std::mt19937_64 random(8);
  std::normal_distribution<double> normal(0, 1);
  std::vector<double> ahead(table.size()), late(table.size());
  for (std::size_t row = 0; row < table.size(); ++row) {
    ahead[row] = table.move(row) + 0.003 * normal(random);
    late[row] = row >= table.horizon ? table.move(row - table.horizon) : 0;
  }
  table.add("ahead", std::move(ahead));
  table.add("late", std::move(late));  // the same, known when it is: no question is asked
  const Json found = Leak(table).answer();
  BOOST_TEST(is_named(found, "warnings", "feature 'ahead' alone tells the label"));
  BOOST_TEST(is_named(found, "warnings", "does it know what is to come?"));
  BOOST_TEST(!is_named(found, "warnings", "'late'"));
  BOOST_TEST(least_gain(found) > 0);
}

// What stops a model early and what calibrates it is never scored, nor do its labels reach into what is, and the label
// of every row that is fitted on is known before.
BOOST_AUTO_TEST_CASE(rows_for_early_stopping_and_calibration_are_never_scored) {
  const PlantedTable table;
  using enum SplitStrategy;
  for (const SplitStrategy strategy : {purged_k_fold, walk_forward, combinatorial, chronological}) {
    const Cut cut(table, strategy);
    for (const auto& [stops, calibrates] : {std::pair(true, false), {false, true}, {true, true}}) {
      for (const validation::Split& split : cut.splits.splits) {
        const FoldRows rows =
            fold_rows(cut.data, split, {.held_out = 0.3, .early_stopping = stops, .calibration = calibrates});
        BOOST_TEST(rows.early_stopping.empty() == !stops);
        BOOST_TEST(rows.calibration.empty() == !calibrates);
        std::vector<int> parts(table.size());
        for (const auto* part : {&rows.fit, &rows.early_stopping, &rows.calibration, &rows.test}) {
          for (const std::size_t row : *part) ++parts[row];
        }
        BOOST_TEST(*std::ranges::max_element(parts) == 1);
        std::size_t shared = 0, late = 0;
        for (const auto* part : {&rows.fit, &rows.early_stopping, &rows.calibration}) {
          for (const std::size_t row : *part) {
            for (const RowRange& test : split.test) {
              const std::int64_t begin = cut.data.time[test.begin], end = cut.data.t1[test.end - 1];
              shared += cut.data.t1[row] >= begin && cut.data.time[row] <= end ? 1 : 0;
            }
          }
        }
        for (const auto* held : {&rows.early_stopping, &rows.calibration}) {
          for (const std::size_t row : rows.fit)
            late += !held->empty() && cut.data.t1[row] >= cut.data.time[held->front()];
        }
        BOOST_TEST(shared == 0U, job_name(strategy));
        BOOST_TEST(late == 0U, job_name(strategy));
        for (const std::size_t row : rows_of(cut.splits.sealed)) BOOST_TEST_REQUIRE(parts[row] == 0);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(barriers_that_were_searched_for_on_tested_rows_take_the_verdict) {
  for (const bool searched : {true, false}) {
    const BarsWorkspace workspace(walking_bars(4, 2500, true));
    const ProcessResult prepared = workspace.run(
        "prepare", {"--set", "data.bars=SYM/v1", "--set", R"(features.columns=["rsi_14", "return_1"])", "--set",
                    "labels.horizons=[10]", "--set", fmt::format("barriers.optimise={}", searched), "--set",
                    "splits.embargo=20bars", "--set", "weights.method=none", "--ranks", "1", "--quiet"});
    BOOST_REQUIRE_MESSAGE(prepared.exit_code == 0, prepared.errors);
    const Json found = workspace.answer(
        "cv", {"--set", "data.table=SYM-5m/v1", "--set", R"(models.names=["prior","logistic"])", "--set",
               "backtest.costs=[\"SYM=0%\"]", "--set", "bootstrap.replicates=20", "--quiet", "--ranks", "1"});
    BOOST_TEST(found["has_verdict"] == !searched);
    BOOST_TEST(is_named(found, "contamination", "barriers of feature_table/SYM-5m/v1 were fitted on") == searched);
  }
}

BOOST_AUTO_TEST_SUITE_END()
