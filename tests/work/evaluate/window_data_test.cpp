// What an evaluation makes of labelled windows: rows, values, and what splits keep apart.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "market/window_features/window_feature_set.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "tests/work/evaluate/planted_windows.h"
#include "work/evaluate/folds/fold_samples.h"
#include "work/evaluate/rows/evaluation_splits.h"
#include "work/evaluate/rows/related_rows.h"
#include "work/evaluate/rows/window_normaliser.h"

using namespace moola;
using namespace moola::test;
using work::EvaluationData;

namespace {

struct Loaded {
  TemporaryFolder workspace;
  work::LoadedEvaluateConfig config;
  EvaluationData data;

  Loaded(const data::WindowTable& table, std::vector<std::string> settings,
         work::SplitStrategy strategy = work::SplitStrategy::purged_k_fold)
      : config(configured(strategy, std::move(settings))) {
    store_windows(workspace.path(), "mine", table);
    data = work::read_evaluation_data(workspace.path(), config.values);
  }

  static work::LoadedEvaluateConfig configured(work::SplitStrategy strategy, std::vector<std::string> settings) {
    settings.emplace_back("data.windows=mine/v1");
    return work::load_evaluate_config(strategy, std::nullopt, settings);
  }
};

// Windows of all lengths of time, in no order, some of one base wherever they lie, some whose stamps do not say which
// bars they share.
data::WindowTable tangled_windows(std::size_t windows) {
  std::mt19937_64 random(12);
  data::WindowTable table{.windows = windows, .length = 3, .channels = 1};
  table.channel_names = {"value"};
  table.label_names = {"a", "b"};
  for (std::size_t i = 0; i < windows; ++i) {
    for (int bar = 0; bar < 3; ++bar) table.x.push_back(static_cast<float>(random() % 1000));
    table.labels.push_back(random() % 2 == 0 ? "a" : "b");
    table.t0.push_back(kBegin + static_cast<std::int64_t>(random() % 3000) * kMinute);
    table.t1.push_back(table.t0.back() + static_cast<std::int64_t>(1 + random() % 40) * kMinute);
    table.window_ids.push_back(fmt::format("{}_exp_{}", random() % 4 == 0 ? random() % 20 : 1000 + i, i));
    const auto first = static_cast<std::int64_t>(random() % 20'000);
    table.raw_start.push_back(i % 5 == 0 ? data::kNoValue : first);
    table.raw_end.push_back(i % 5 == 0 ? data::kNoValue : first + 2);
  }
  return table;
}

enum class Shared { nothing, moment, group, bar };

Shared shared(const EvaluationData& data, std::size_t a, std::size_t b) {
  if (data.time[a] <= data.t1[b] && data.time[b] <= data.t1[a]) return Shared::moment;
  if (data.group[a] == data.group[b]) return Shared::group;
  if (data.first_bar[a] >= 0 && data.first_bar[b] >= 0 && data.first_bar[a] <= data.last_bar[b] &&
      data.first_bar[b] <= data.last_bar[a])
    return Shared::bar;
  return Shared::nothing;
}

std::vector<std::size_t> rows_in(const std::vector<validation::RowRange>& ranges) {
  std::vector<std::size_t> out;
  for (const auto& range : ranges) {
    for (std::size_t row = range.begin; row < range.end; ++row) out.push_back(row);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(windows_of_an_evaluation)

BOOST_AUTO_TEST_CASE(rows_are_in_the_order_of_t0_then_group_then_number) {
  const data::WindowTable table = tangled_windows(300);
  const Loaded loaded(table, {});
  const EvaluationData& data = loaded.data;
  BOOST_TEST(data.size() == 300U);
  BOOST_TEST(data.classes() == 2U);
  BOOST_TEST(data.symbols == std::vector<std::string>{"mine"}, boost::test_tools::per_element());
  for (std::size_t row = 1; row < data.size(); ++row) {
    BOOST_TEST(data.time[row - 1] <= data.time[row]);
    if (data.time[row - 1] == data.time[row]) BOOST_TEST(data.group[row - 1] <= data.group[row]);
  }
  // Each row is a window of the set, whole: its values are there with its times and its class.
  for (std::size_t row = 0; row < data.size(); ++row) {
    bool found = false;
    for (std::size_t i = 0; i < table.windows && !found; ++i) {
      found = table.t0[i] == data.time[row] && table.t1[i] == data.t1[row] &&
              table.labels[i] == data.class_names[static_cast<std::size_t>(data.label[row])] &&
              std::equal(data.x.begin() + static_cast<std::ptrdiff_t>(3 * row),
                         data.x.begin() + static_cast<std::ptrdiff_t>(3 * row + 3),
                         table.x.begin() + static_cast<std::ptrdiff_t>(3 * i));
    }
    BOOST_TEST(found);
  }
}

BOOST_AUTO_TEST_CASE(no_split_has_what_two_windows_share_on_both_sides) {
  const data::WindowTable table = tangled_windows(400);
  std::size_t groups = 0, bars = 0;
  const auto hold = [&](const EvaluationData& data, const std::vector<std::size_t>& train,
                        const std::vector<std::size_t>& test) {
    std::size_t meetings = 0;
    for (const std::size_t a : train) {
      for (const std::size_t b : test) meetings += shared(data, a, b) == Shared::nothing ? 0U : 1U;
    }
    BOOST_TEST(meetings == 0U);
    for (std::size_t a = 0; a < data.size(); ++a) {
      for (const std::size_t b : test) {
        if (std::ranges::binary_search(test, a)) continue;
        groups += shared(data, a, b) == Shared::group ? 1 : 0;
        bars += shared(data, a, b) == Shared::bar ? 1 : 0;
      }
    }
  };
  for (const auto strategy :
       {work::SplitStrategy::purged_k_fold, work::SplitStrategy::walk_forward, work::SplitStrategy::combinatorial}) {
    const Loaded loaded(table, {"splits.embargo=0bars"}, strategy);
    for (const validation::Split& split : work::make_splits(loaded.config, loaded.data).splits) {
      BOOST_TEST(split.fault == "");
      const std::vector<std::size_t> train = rows_in(split.train), test = rows_in(split.test);
      BOOST_TEST(train.size() > 20U);
      hold(loaded.data, train, test);
      // What is held out of the train part for early stopping and calibration is kept from the rest in the same way.
      const work::FoldRows rows = work::fold_rows(
          loaded.data, split, {.held_out = 0.4, .early_stopping = true, .calibration = true, .steps = 3});
      hold(loaded.data, rows.fit, rows.early_stopping);
      hold(loaded.data, rows.fit, rows.calibration);
      BOOST_TEST(rows.calibration.size() > 5U);
      BOOST_TEST((rows.test == test));
    }
  }
  // Times alone would not have kept them apart.
  BOOST_TEST(groups > 50U);
  BOOST_TEST(bars > 50U);
}

BOOST_AUTO_TEST_CASE(rows_that_are_kept_back_take_those_related_to_them_out_of_the_train_part) {
  const EvaluationData data = Loaded(tangled_windows(300), {}).data;
  validation::Split split{.train = {{0, 150}}, .test = {{150, 200}}};
  const std::vector<validation::RowRange> kept_back{{200, 300}};
  work::part_from_related(data, split, kept_back);
  const auto groups_with = [&](const std::vector<std::size_t>& rows, std::size_t from) {
    std::size_t out = 0;
    for (const std::size_t row : rows) {
      for (std::size_t other = from; other < 300; ++other) out += data.group[row] == data.group[other] ? 1 : 0;
    }
    return out;
  };
  BOOST_TEST(groups_with(rows_in(split.train), 150) == 0U);
  BOOST_TEST(groups_with(rows_in(split.purged), 200) > 0U);
  BOOST_TEST(validation::count_rows(split.train) + validation::count_rows(split.purged) == 150U);
}

BOOST_AUTO_TEST_CASE(a_window_that_ends_at_the_moment_another_begins_is_parted_from_it) {
  data::WindowTable table = planted_windows({.windows = 60, .stride = 20});
  const auto train_rows = [&] {
    const Loaded loaded(table, {"splits.folds=2", "splits.embargo=0bars"});
    return validation::count_rows(work::make_splits(loaded.config, loaded.data).splits.front().train);
  };
  BOOST_TEST(train_rows() == 30U);
  table.t1[29] += 1;  // the first moment of window 30
  BOOST_TEST(train_rows() == 29U);
}

BOOST_AUTO_TEST_CASE(bars_of_the_same_numbers_are_others_where_the_symbol_is_another) {
  EvaluationData data;
  data.time = {1, 2, 3, 4};
  data.symbol = {0, 1, 0, 1};
  data.first_bar = {10, 100, 12, 14};
  data.last_bar = {13, 103, 15, -1};
  const std::vector<std::size_t> first{0};
  const work::RelatedRows related(data, first);
  BOOST_TEST(related.holds(0));
  BOOST_TEST(related.holds(2));
  BOOST_TEST(!related.holds(1));
  data.first_bar[1] = 11;
  BOOST_TEST(!related.holds(1));
  data.symbol[1] = 0;
  BOOST_TEST(related.holds(1));
  data.first_bar[2] = 14;  // the one after
  BOOST_TEST(!related.holds(2));
}

BOOST_AUTO_TEST_CASE(windows_are_log_returns_since_their_first_close_by_channel_and_step) {
  data::WindowTable table = planted_windows({.windows = 30});
  table.feature_names = {"more", "range"};
  for (std::size_t i = 0; i < table.windows; ++i) table.feats.insert(table.feats.end(), {static_cast<float>(i), 0.5F});
  const Loaded loaded(table, {R"(data.features=["close","low","more"])"});
  const EvaluationData& data = loaded.data;
  const std::size_t columns = 2 * table.length + 1;
  BOOST_REQUIRE(data.features.size() == columns);
  BOOST_TEST(data.features[0] == "low_0");
  BOOST_TEST(data.features[7] == "close_3");
  BOOST_TEST(data.features.back() == "more");
  for (std::size_t row = 0; row < data.size(); ++row) {
    const float* const candle = table.x.data() + row * table.length * 4;
    for (std::size_t step = 0; step < table.length; ++step) {
      for (const std::size_t c : {std::size_t{0}, std::size_t{1}}) {
        const double expected =
            std::log(static_cast<double>(candle[4 * step + 2 + c]) / static_cast<double>(candle[3]));
        BOOST_TEST(std::fabs(static_cast<double>(data.x[row * columns + 2 * step + c]) - expected) < 1e-7);
      }
    }
    BOOST_TEST(data.x[row * columns + columns - 1] == static_cast<float>(row));
  }
  // Models of windows get them without the feature.
  const std::vector<std::size_t> rows{3, 11, 12};
  const std::vector<float> windows = work::windows_of(data, data.x, rows);
  BOOST_REQUIRE(windows.size() == rows.size() * (columns - 1));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    BOOST_TEST(std::equal(windows.begin() + static_cast<std::ptrdiff_t>(i * (columns - 1)),
                          windows.begin() + static_cast<std::ptrdiff_t>((i + 1) * (columns - 1)),
                          data.x.begin() + static_cast<std::ptrdiff_t>(rows[i] * columns)));
  }
}

BOOST_AUTO_TEST_CASE(a_channel_is_scaled_alike_at_all_its_steps) {
  data::WindowTable table = planted_windows({.windows = 80});
  table.feature_names = {"more"};
  for (std::size_t i = 0; i < table.windows; ++i) table.feats.push_back(static_cast<float>(100 + i * i));
  const Loaded loaded(table, {"fit.clip=0.0"});
  const EvaluationData& data = loaded.data;
  std::vector<std::size_t> fit(50);
  for (std::size_t row = 0; row < fit.size(); ++row) fit[row] = row;
  work::FoldFeatures features(data, loaded.config.values, 2);
  const std::span<const float> scaled = features.wanted(models::find_model("logistic"), fit);
  const std::size_t columns = data.features.size(), length = table.length;
  for (std::size_t channel = 0; channel < 4; ++channel) {
    // Less the median, over the distance of the quartiles, of all steps of the rows that are fitted on.
    std::vector<double> all;
    for (const std::size_t row : fit) {
      for (std::size_t step = 0; step < length; ++step)
        all.push_back(static_cast<double>(data.x[row * columns + 4 * step + channel]));
    }
    std::ranges::sort(all);
    const auto quantile = [&](double share) {
      const double at = share * static_cast<double>(all.size() - 1);
      const auto below = static_cast<std::size_t>(at);
      return all[below] + (at - static_cast<double>(below)) * (all[std::min(below + 1, all.size() - 1)] - all[below]);
    };
    const double centre = quantile(0.5), width = quantile(0.75) - quantile(0.25);
    for (std::size_t row = 0; row < data.size(); ++row) {
      for (std::size_t step = 0; step < length; ++step) {
        const std::size_t at = row * columns + 4 * step + channel;
        BOOST_TEST(std::fabs(static_cast<double>(scaled[at]) - (static_cast<double>(data.x[at]) - centre) / width) <
                   1e-4);
      }
    }
  }
  BOOST_TEST(scaled[columns - 1] < scaled[2 * columns - 1]);
}

BOOST_AUTO_TEST_CASE(features_are_known_to_be_of_the_window_alone_where_moola_has_computed_them) {
  data::WindowTable table = planted_windows({.windows = 40});
  const auto& sets = market::window_feature_sets();
  const auto set = std::ranges::find(sets, "feats20", &market::WindowFeatureSet::name);
  BOOST_REQUIRE((set != sets.end()));
  table.feature_names = set->names(table.length);
  table.feats.assign(table.windows * table.feature_names.size(), 1.0F);
  const work::LoadedEvaluateConfig config = Loaded::configured(work::SplitStrategy::purged_k_fold, {});
  const auto pedigree = [&](const std::vector<std::string>& computed) {
    const TemporaryFolder workspace;
    store_windows(workspace.path(), "mine", table, computed);
    return work::read_evaluation_data(workspace.path(), config.values).pedigree;
  };
  BOOST_TEST((pedigree({"feats20"}) == data::Pedigree::recorded));
  BOOST_TEST((pedigree({"relativity"}) == data::Pedigree::unknown));
  BOOST_TEST((pedigree({}) == data::Pedigree::unknown));
  table.feature_names.front() = "mine";
  BOOST_TEST((pedigree({"feats20"}) == data::Pedigree::unknown));
}

BOOST_AUTO_TEST_CASE(only_windows_that_lie_whole_between_from_and_to_are_taken) {
  const data::WindowTable table = planted_windows({.windows = 60, .stride = 10});
  // Window i begins after 10 i minutes and ends after 10 i + 20, exclusive.
  const Loaded loaded(table, {"data.from=2019-01-01T00:30:00Z", "data.to=2019-01-01T02:00:00Z"});
  BOOST_TEST(loaded.data.size() == 8U);
  BOOST_TEST(loaded.data.time.front() == kBegin + 30 * kMinute);
  BOOST_TEST(loaded.data.t1.back() == kBegin + 120 * kMinute - 1);
}

BOOST_AUTO_TEST_CASE(windows_depend_on_those_that_begin_before_they_end) {
  const auto dependent = [](std::size_t stride) {
    return Loaded(planted_windows({.windows = 60, .stride = stride}), {}).data.dependent_rows();
  };
  BOOST_TEST(dependent(20) == 1U);  // they are 20 bars long
  BOOST_TEST(dependent(19) == 2U);
  BOOST_TEST(dependent(5) == 4U);
  BOOST_TEST(dependent(1) == 6U);  // a tenth of them
}

BOOST_AUTO_TEST_CASE(classes_have_a_direction_where_their_names_say_so) {
  const auto directions = [](const std::vector<std::string>& names) {
    return Loaded(planted_windows({.classes = names}), {}).data.direction;
  };
  using Signs = std::vector<std::int8_t>;
  BOOST_TEST((directions({"-1", "0", "1"}) == Signs{-1, 0, 1}));
  BOOST_TEST((directions({"long", "short"}) == Signs{1, -1}));
  BOOST_TEST((directions({"down", "flat", "up"}) == Signs{-1, 0, 1}));
  BOOST_TEST((directions({"0", "1"}) == Signs{0, 0}));
  BOOST_TEST((directions({"short", "up"}) == Signs{0, 0}));
}

BOOST_AUTO_TEST_CASE(prices_are_normalised_and_other_channels_left_as_they_are) {
  const std::vector<float> window{10, 12, 9, 11, 500, 11, 13, 10, 12, 700};  // two bars
  const std::vector<std::string> names{"open", "high", "low", "close", "volume"};
  const auto made = [&](const std::string& how) {
    const work::WindowNormaliser normaliser(how, names);
    std::vector<float> out(2 * normaliser.channel_names().size());
    BOOST_TEST(!normaliser(window, out));
    return out;
  };
  for (const char* how : {"usual", "window_log_return"}) {
    const std::vector<float> out = made(how);
    BOOST_TEST(out[3] == 0.0F);
    BOOST_TEST(out[8] == static_cast<float>(std::log(12.0 / 11.0)));
    BOOST_TEST(out[4] == 500.0F);
    BOOST_TEST(out[9] == 700.0F);
  }
  BOOST_TEST((made("none") == window));
  BOOST_TEST(made("zscore")[4] == -1.0F);
  const std::vector<float> relative = made("relative");
  BOOST_TEST(relative.size() == 24U);
  BOOST_TEST(relative[11] == 500.0F);
  BOOST_TEST(relative[23] == 700.0F);
  BOOST_TEST((work::WindowNormaliser("usual", {"a", "b"}).channel_names() == std::vector<std::string>{"a", "b"}));
  std::vector<float> same(4);
  BOOST_TEST(!work::WindowNormaliser("usual", {"a", "b"})(std::span(window).first(4), same));
  BOOST_TEST((same == std::vector<float>{10, 12, 9, 11}));
  BOOST_TEST(holds(refusal_of([] { work::WindowNormaliser("relative", {"a", "b"}); }), "open, high, low and close"));
}

BOOST_AUTO_TEST_SUITE_END()
