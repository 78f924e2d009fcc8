#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <cmath>
#include <limits>

#include "tests/support/messages.h"
#include "work/evaluate/report/evaluation_report.h"
#include "work/evaluate/report/report_source.h"
#include "work/pages/report_chart.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kHour = 3'600'000'000'000, kYear2024 = 1'704'067'200'000'000'000;
constexpr std::size_t kRows = 100;

// A baseline and two that were tried, over 100 hours and two splits, with prices.
struct Sample {
  LoadedEvaluateConfig config{.values = {},
                              .strategy = SplitStrategy::combinatorial,
                              .configurations = {},
                              .resolved = "[data]\ntable = \"demo/v1\"\n",
                              .identity = {}};
  EvaluationData data = {};
  std::optional<Prices> prices = {};
  EvaluationSplits splits = {};
  EvaluationResults results = {};

  Sample() {
    data.table = {.id = {.kind = "feature_tables", .name = "demo", .version = 1}, .content_sha256 = "3f9a00112233"};
    data.horizon = 12;
    data.features = {"rsi_14", "atr_20"};
    data.symbols = {"MES"};
    data.class_names = {"-1", "1"};
    for (std::size_t i = 0; i < kRows; ++i) data.time.push_back(kYear2024 + static_cast<std::int64_t>(i) * kHour);
    data.t1 = data.time;
    results.clock = data.time;
    prices.emplace();
    prices->timeframe = "1h";
    prices->symbols.push_back(
        {.name = "MES",
         .source = {.id = {.kind = "bars", .name = "MES", .version = 2}, .content_sha256 = "81c0"},
         .bars = {},
         .cost = {.price = 0.625, .share = 0}});
    splits.splits = {{.train = {{60, 100}}, .test = {{0, 50}}, .purged = {{50, 52}}, .embargoed = {{52, 60}}},
                     {.train = {{0, 48}}, .test = {{50, 100}}, .purged = {{48, 50}}}};
    splits.paths = {{{.split = 0, .rows = {0, 50}}, {.split = 1, .rows = {50, 100}}}};
    results.periods_per_year = 10'000;
    add("majority", true, 0.002);
    add("forest", false, 0.010);
    add("ridge", false, 0.005);
    results.hold = summary(0.004);
    results.hold_returns.assign(kRows, 0.0001);
    results.best = 1;
    results.configurations[0].reliability = results.configurations[1].reliability = reliability();
    results.configurations[1].conformal = {.calibrated = 40, .purged = 10, .measured = 50, .from = data.time[50]};
    results.configurations[1].conformal->lac = {
        .coverage = 0.875, .mean_size = 1.25, .singletons = 0.75, .empty = 0, .coverage_by_class = {0.8, 0.95}};
    results.configurations[1].conformal->aps = results.configurations[1].conformal->lac;
    results.has_verdict = true;
    results.verdict = "forest cannot be told from luck.";
    results.trials = 2;
    // Three of four logits at or below 0 would be 75 %.
    results.overfitting.emplace();
    results.overfitting->pbo = 0.25;
    results.overfitting->configurations = 2;
    results.overfitting->combinations = 4;
    results.overfitting->inside = {0.01, 0.02, 0.03, 0.04};
    results.overfitting->outside = {0.02, -0.01, 0.01, 0.015};
    results.overfitting->logit = {-0.6931471805599453, 0.6931471805599453, 0.6931471805599453, 0.6931471805599453};
    results.overfitting->slope = -0.1;
    results.overfitting->at = {-0.01, 0.01, 0.015, 0.02};
    results.overfitting->winners_below = {0.25, 0.5, 0.75, 1};
    results.overfitting->all_below = {0.5, 0.6, 0.8, 1};
  }

  static validation::PathSummary summary(double sharpe) {
    validation::PathSummary out;
    out.rows = kRows;
    out.total = 0.1;
    out.sharpe = sharpe;
    out.no_variance = false;
    out.drawdown.depth = 0.05;
    return out;
  }

  // 60 rows that were 55 % sure and right in 50 %, and 40 that were 75 % sure and right in 70 %.
  static ReliabilityResult reliability() {
    ReliabilityResult out;
    out.by_mass.bins = {
        {.low = 0.5, .high = 0.6, .weight = 60, .confidence = 0.55, .share = 0.5, .share_low = 0.4, .share_high = 0.6},
        {.low = 0.6,
         .high = 0.8,
         .weight = 40,
         .confidence = 0.75,
         .share = 0.7,
         .share_low = 0.55,
         .share_high = 0.8}};
    out.by_mass.ece = 0.05;
    out.by_width = out.by_mass;
    out.histogram = {{.low = 0.55, .high = 0.575, .weight = 60}, {.low = 0.75, .high = 0.775, .weight = 40}};
    return out;
  }

  void add(const std::string& name, bool baseline, double sharpe) {
    ConfigurationResult out;
    out.configuration = config.configurations.size();
    config.configurations.push_back({.name = name, .model = name, .parameters = Json::object(), .baseline = baseline});
    out.folds = 2;
    validation::ForecastScores scores;
    scores.accuracy = 0.5;
    scores.log_loss = 0.7 - sharpe;
    scores.by_class = {{.precision = 0.5, .recall = 0.5, .f1 = 0.5}, {.precision = 0.5, .recall = 0.5, .f1 = 0.5}};
    scores.confusion = {30, 20, 10, 40};
    out.scores = scores;
    out.intervals = {{"accuracy", {.low = 0.45, .high = 0.55, .replicates = 500}},
                     {"log_loss", {.low = 0.68, .high = 0.71, .replicates = 500}},
                     {"log_loss_gain", {.low = 0.001, .high = 0.009, .replicates = 500}}};
    if (!baseline) out.importance = {3, 1};
    out.paths = {summary(sharpe - 0.001), summary(sharpe + 0.001)};
    out.median_path = summary(sharpe);
    out.by_split = {{.rows = 50, .accuracy = 0.5, .log_loss = 0.7 - sharpe},
                    {.rows = 50, .accuracy = 0.5, .log_loss = 0.7}};
    for (std::size_t i = 0; i < kRows; ++i) out.returns.push_back(i % 2 == 0 ? 0.002 : -0.001);
    out.trades = 40;
    out.hit_rate = 0.55;
    out.break_even_cost = 0.0004;
    if (!baseline) {
      out.costs = {{.multiple = 0, .total = 0.3, .sharpe = 2 * sharpe},
                   {.multiple = 1, .total = 0.1, .sharpe = sharpe}};
      out.break_even_multiple = 1.5;
      out.psr = 0.8;
      out.dsr = 0.6;
      out.sharpe_error = 0.005;
    }
    results.configurations.push_back(std::move(out));
  }

  void forget_prices() {
    prices.reset();
    results.clock.clear();
    results.hold.reset();
    results.hold_returns.clear();
    results.overfitting.reset();
    results.trials = 0;
    for (ConfigurationResult& each : results.configurations) {
      each.paths.clear();
      each.returns.clear();
      each.median_path = {};
      each.trades = 0;
      each.costs.clear();
    }
  }

  std::string page(const std::string& run = "run-1") const {
    return evaluation_report(config, data, prices, splits, results, run);
  }
};

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++out;
  return out;
}

bool has_section(const std::string& page, const std::string& id) {
  return page.find("<section id=\"" + id + "\">") != std::string::npos;
}

// From the heading of a section to the next one's.
std::string section_of(const std::string& page, const std::string& id) {
  const std::size_t begin = page.find("<section id=\"" + id + "\">");
  if (begin == std::string::npos) return "";
  return page.substr(begin, page.find("</section>", begin) - begin);
}

// What a reader sees: without markup, with one space where there are several.
std::string words_of(const std::string& markup) {
  std::string out = " ";
  bool inside = false;
  for (const char c : markup) {
    if (c == '<') inside = true;
    const bool space = inside || c == ' ' || c == '\n';
    if (!space) out += c;
    if (space && out.back() != ' ') out += ' ';
    if (c == '>') inside = false;
  }
  return out;
}

std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Coordinates as well as words: none of them may be no number.
bool has_no_nan(const std::string& page) {
  const std::string all = lowered(page);
  return all.find("nan") == std::string::npos && all.find("not a number") == std::string::npos;
}

validation::Interval nowhere() {
  return {.low = kNone, .high = kNone, .replicates = 0};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(evaluation_report_page)

BOOST_AUTO_TEST_CASE(the_verdict_comes_first_and_the_configuration_last) {
  Sample sample;
  sample.results.gates = {{.name = "sharpe", .asked = 1, .found = 1.2, .met = true}};
  const std::string page = sample.page();
  std::size_t last = page.find("forest cannot be told from luck.");
  BOOST_TEST(last != std::string::npos);
  for (const char* id : {"gates", "configurations", "equity", "paths", "costs", "overfitting", "classes", "reliability",
                         "splits", "importance", "drawdown", "lineage", "configuration"}) {
    const std::size_t at = page.find(fmt::format("<section id=\"{}\">", id));
    BOOST_TEST(at != std::string::npos, id << " is missing");
    BOOST_TEST(at > last, id << " comes too early");
    last = at;
  }
}

BOOST_AUTO_TEST_CASE(the_page_needs_no_network_and_no_script) {
  std::string page = Sample().page();
  for (const char* outside : {"<script", "<link", "src=", "@import", "url(", "http://", "https://", "href="})
    BOOST_TEST(page.find(outside) == std::string::npos, outside << " is in the page");
}

BOOST_AUTO_TEST_CASE(the_same_results_make_the_same_page) {
  const Sample sample;
  BOOST_TEST(sample.page() == sample.page());
}

BOOST_AUTO_TEST_CASE(names_that_are_markup_are_escaped_wherever_they_stand) {
  Sample sample;
  const std::string evil = "<script>alert('x')</script>\"&";
  for (Configuration& each : sample.config.configurations) {
    each.name = evil + each.name;
    each.parameters = {{evil, evil}};
  }
  sample.config.resolved = evil;
  sample.config.values.splits.purge = sample.config.values.splits.embargo = evil;
  sample.config.values.overfitting.metric = evil;
  sample.data.table.id.name = sample.data.table.content_sha256 = evil;
  sample.data.features = {evil, evil + "2"};
  sample.data.class_names = {evil, evil + "2"};
  sample.data.symbols = {evil};
  sample.prices->timeframe = evil;
  sample.prices->symbols[0].name = evil;
  sample.prices->symbols[0].source = {.id = {.kind = "bars", .name = evil, .version = 1}, .content_sha256 = evil};
  sample.splits.splits[0].fault = sample.splits.splits[1].warning = evil;
  sample.results.verdict = evil;
  sample.results.contamination = {evil};
  sample.results.warnings = {evil};
  sample.results.gates = {{.name = evil, .asked = 1}};
  const std::string page = sample.page(evil);
  BOOST_TEST(page.find("<script") == std::string::npos);
  BOOST_TEST(page.find("alert('x')") == std::string::npos);
  // Of title, heading, verdict, contamination, warning, gate, and the rest more than twice each.
  BOOST_TEST(count_of(page, "&lt;script&gt;alert(&#39;x&#39;)") > 30U);
  sample.results.overfitting.reset();
  sample.results.no_overfitting = evil;
  BOOST_TEST(sample.page().find("<script") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_prices_nothing_is_said_of_money) {
  Sample sample;
  sample.forget_prices();
  sample.results.verdict = "forest forecasts best: log-loss 0.6900.";
  const std::string page = sample.page();
  for (const char* id : {"equity", "paths", "costs", "overfitting", "drawdown"})
    BOOST_TEST(!has_section(page, id), id << " is there");
  for (const char* id : {"configurations", "classes", "splits", "importance", "lineage"})
    BOOST_TEST(has_section(page, id), id << " is missing");
  for (const char* word : {"Sharpe", "PBO", "buy and hold", "drawdown"})
    BOOST_TEST(words_of(page).find(word) == std::string::npos, word << " is in the page");
  BOOST_TEST(has_no_nan(page));
}

BOOST_AUTO_TEST_CASE(a_page_without_a_best_leaves_out_what_is_told_of_it) {
  Sample sample;
  sample.results.best.reset();
  sample.results.has_verdict = false;
  const std::string page = sample.page();
  for (const char* id : {"classes", "drawdown"}) BOOST_TEST(!has_section(page, id), id << " is there");
  for (const char* id : {"configurations", "equity", "paths", "splits", "lineage"})
    BOOST_TEST(has_section(page, id), id << " is missing");
  BOOST_TEST(count_of(page, "class=\"card ") == 0U);
}

BOOST_AUTO_TEST_CASE(results_of_baselines_alone_make_a_page) {
  Sample sample;
  sample.config.configurations.resize(1);
  sample.results.configurations.resize(1);
  sample.results.best.reset();
  sample.results.overfitting.reset();
  sample.results.no_overfitting = "no configuration ever traded";
  const std::string page = sample.page();
  BOOST_TEST(holds(words_of(section_of(page, "overfitting")), "no configuration ever traded."));
  BOOST_TEST(holds(words_of(section_of(page, "equity")), "majority"));
  BOOST_TEST(!has_section(page, "importance"));
}

BOOST_AUTO_TEST_CASE(one_class_alone_makes_a_page) {
  Sample sample;
  sample.data.class_names = {"1"};
  for (ConfigurationResult& each : sample.results.configurations) {
    each.scores->confusion = {100};
    each.scores->by_class.resize(1);
  }
  const std::string classes = words_of(section_of(sample.page(), "classes"));
  BOOST_TEST(holds(classes, "100.0\u00a0%"));
}

BOOST_AUTO_TEST_CASE(nothing_at_all_makes_a_page_without_sections_of_results) {
  Sample sample;
  sample.config.configurations.clear();
  sample.config.resolved.clear();
  sample.data = {};
  sample.prices.reset();
  sample.splits = {};
  sample.results = {};
  const std::string page = sample.page();
  BOOST_TEST(count_of(page, "<section") == 1U);
  BOOST_TEST(has_section(page, "lineage"));
  sample.prices.emplace();
  BOOST_TEST(count_of(sample.page(), "<section") == 1U);
}

BOOST_AUTO_TEST_CASE(configurations_that_have_no_result_are_dashes) {
  Sample sample;
  ConfigurationResult& empty = sample.results.configurations[2];
  empty = {.configuration = 2, .missing = 2};
  const std::string configurations = words_of(section_of(sample.page(), "configurations"));
  BOOST_TEST(holds(configurations, "2 folds missing"));
  BOOST_TEST(holds(configurations, "–"));
}

BOOST_AUTO_TEST_CASE(what_is_no_number_is_a_dash) {
  Sample sample;
  for (const double bad : {kNone, kInfinity, -kInfinity}) {
    for (ConfigurationResult& each : sample.results.configurations) {
      for (double validation::ForecastScores::*field :
           {&validation::ForecastScores::accuracy, &validation::ForecastScores::macro_f1,
            &validation::ForecastScores::mcc, &validation::ForecastScores::log_loss,
            &validation::ForecastScores::ece_width})
        (*each.scores).*field = bad;
      each.scores->confusion.assign(4, bad);
      for (validation::ClassScores& of : each.scores->by_class) of = {bad, bad, bad, bad, bad, bad};
      each.intervals = {{"accuracy", nowhere()}, {"log_loss", nowhere()}, {"log_loss_gain", nowhere()}};
      each.importance = {bad, 1};
      for (validation::PathSummary* path : {&each.median_path, &each.paths[0], &each.paths[1]})
        path->sharpe = path->total = path->drawdown.depth = bad;
      std::ranges::fill(each.returns, bad);
      each.returns[7] = 0.01;
      for (double* value : {&each.hit_rate, &each.profit_factor, &each.break_even_cost, &each.psr, &each.dsr,
                            &each.sharpe_error, &each.gross_total})
        *value = bad;
      each.break_even_multiple = bad;
      for (validation::CostPoint& point : each.costs) point.total = point.sharpe = bad;
      for (FoldScore& score : each.by_split) score.accuracy = score.log_loss = bad;
      if (each.reliability) {
        for (validation::ReliabilityCurve* curve : {&each.reliability->by_mass, &each.reliability->by_width}) {
          curve->ece = curve->bins[0].confidence = curve->bins[0].share = curve->bins[0].share_low = bad;
        }
      }
      if (each.conformal) {
        for (validation::SetScores* sets : {&each.conformal->lac, &each.conformal->aps})
          *sets = {bad, bad, bad, bad, {bad, bad}};
      }
    }
    sample.results.hold = sample.results.configurations[0].median_path;
    std::ranges::fill(sample.results.hold_returns, bad);
    validation::Overfitting& found = *sample.results.overfitting;
    for (double* value : {&found.pbo, &found.prob_loss, &found.slope, &found.intercept, &found.r_squared}) *value = bad;
    for (auto* list : {&found.inside, &found.outside, &found.at, &found.winners_below, &found.all_below})
      list->front() = bad;
    found.logit.front() = kNone;
    for (double* value : {&sample.results.effective_trials, &sample.results.deflation}) *value = bad;
    sample.results.gates = {{.name = "pbo", .asked = bad, .found = bad}, {.name = "dsr", .asked = 0.9, .found = {}}};
    const std::string page = sample.page();
    BOOST_TEST(has_no_nan(page));
    BOOST_TEST(holds(words_of(page), std::isnan(bad) ? "–" : "∞"));
    // Infinite coordinates are no coordinates either.
    for (const char* letter : {"M", "L", "H", "V", " "}) {
      BOOST_TEST(page.find(std::string(letter) + "inf\"") == std::string::npos);
      BOOST_TEST(page.find(std::string(letter) + "inf ") == std::string::npos);
      BOOST_TEST(page.find(std::string(letter) + "-inf") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(with_prices_the_highest_sharpe_ratio_comes_first_and_buy_and_hold_stands_among_them) {
  // 0.010, 0.005, 0.004 (held), 0.002.
  const std::string words = words_of(section_of(Sample().page(), "configurations"));
  const std::string earned = words.substr(0, words.find("What they forecast"));
  const std::size_t forest = earned.find("forest"), ridge = earned.find("ridge"), hold = earned.find("buy and hold"),
                    majority = earned.find("majority");
  BOOST_TEST(forest < ridge);
  BOOST_TEST(ridge < hold);
  BOOST_TEST(hold < majority);
  BOOST_TEST(majority != std::string::npos);
  BOOST_TEST(count_of(earned, " baseline ") == 2U);
}

BOOST_AUTO_TEST_CASE(without_prices_the_smallest_log_loss_comes_first) {
  Sample sample;
  sample.forget_prices();
  sample.results.configurations[0].scores->log_loss = 0.1;
  sample.results.configurations[1].scores->log_loss = kNone;
  const std::string words = words_of(section_of(sample.page(), "configurations"));
  const std::size_t majority = words.find("majority"), ridge = words.find("ridge"), forest = words.find("forest");
  BOOST_TEST(majority < ridge);
  BOOST_TEST(ridge < forest);
  BOOST_TEST(forest != std::string::npos);
}

BOOST_AUTO_TEST_CASE(returns_that_never_change_have_no_sharpe_ratio) {
  Sample sample;
  BOOST_TEST(holds(words_of(section_of(sample.page(), "configurations")), " ridge 0.50 "));
  sample.results.configurations[2].median_path.no_variance = true;
  BOOST_TEST(holds(words_of(section_of(sample.page(), "configurations")), " ridge – "));
}

BOOST_AUTO_TEST_CASE(sixty_configurations_are_shown_and_the_rest_is_counted) {
  Sample sample;
  for (int i = 0; i < 57; ++i) sample.add(fmt::format("more-{:02}", i), false, 0.011);
  const std::string all = words_of(section_of(sample.page(), "configurations"));
  BOOST_TEST(all.find("are shown") == std::string::npos);
  BOOST_TEST(holds(all, "ridge"));
  sample.add("one-more", false, 0.011);
  const std::string most = words_of(section_of(sample.page(), "configurations"));
  BOOST_TEST(holds(most, "60 of them are shown; results.json has the other 1."));
  // The last of those tried goes, not the baseline behind it.
  BOOST_TEST(most.find("ridge") == std::string::npos);
  BOOST_TEST(holds(most, "majority"));
}

BOOST_AUTO_TEST_CASE(the_interval_of_the_sharpe_ratio_is_that_of_its_error) {
  // 0.010 and 0.005 times sqrt(10,000): 1 ± 1.6449 x 0.5.
  const std::string page = words_of(Sample().page());
  BOOST_TEST(holds(page, "1.00"));
  BOOST_TEST(holds(page, "90 %: 0.18 to 1.82; all paths: 0.90 to 1.10"));
}

BOOST_AUTO_TEST_CASE(columns_of_intervals_are_left_out_where_nothing_has_one) {
  Sample sample;
  BOOST_TEST(count_of(sample.page(), "90 % interval") == 3U);
  sample.config.values.bootstrap.level = 0.8;
  BOOST_TEST(count_of(sample.page(), "80 % interval") == 2U);
  for (ConfigurationResult& each : sample.results.configurations) {
    each.intervals.clear();
    each.sharpe_error = 0;
  }
  BOOST_TEST(count_of(sample.page(), "% interval") == 0U);
}

BOOST_AUTO_TEST_CASE(a_contaminated_run_says_what_to_do_and_praises_nothing) {
  Sample sample;
  sample.results.configurations[1].dsr = 0.99;
  BOOST_TEST(count_of(sample.page(), "card good") > 0U);
  sample.results.contamination = {"barriers were fitted on 2024"};
  sample.results.has_verdict = false;
  sample.results.verdict = "No verdict.";
  const std::string page = sample.page();
  BOOST_TEST(holds(page, "<div class=\"callout bad\">No verdict.</div>"));
  BOOST_TEST(holds(words_of(page), "barriers were fitted on 2024"));
  BOOST_TEST(holds(words_of(page), "What to do:"));
  for (const char* tone : {"card good", "card warning", "card bad", "callout good"})
    BOOST_TEST(count_of(page, tone) == 0U, tone << " is in the page");
}

BOOST_AUTO_TEST_CASE(the_verdict_is_good_only_where_luck_is_ruled_out_both_ways) {
  Sample sample;
  const auto tone = [&](double dsr, double pbo, double total) {
    sample.results.configurations[1].dsr = dsr;
    sample.results.configurations[1].median_path.total = total;
    sample.results.overfitting->pbo = pbo;
    const std::string page = sample.page();
    const std::size_t end = page.find("\">forest cannot"), begin = page.rfind("callout ", end) + 8;
    return page.substr(begin, end - begin);
  };
  BOOST_TEST(tone(0.95, 0.2, 0.1) == "good");
  BOOST_TEST(tone(0.9499, 0.2, 0.1) == "warning");
  BOOST_TEST(tone(0.95, 0.2001, 0.1) == "warning");
  BOOST_TEST(tone(0.95, 0.2, 0) == "bad");
  sample.forget_prices();
  // By the log-loss gain, 0.001 to 0.009 of the sample.
  BOOST_TEST(holds(sample.page(), "callout good\">forest"));
  sample.results.configurations[1].intervals = {{"log_loss_gain", {.low = 0, .high = 0.01, .replicates = 9}}};
  BOOST_TEST(holds(sample.page(), "callout warning\">forest"));
  sample.results.configurations[1].intervals = {{"log_loss_gain", {.low = -0.01, .high = 0, .replicates = 9}}};
  BOOST_TEST(holds(sample.page(), "callout bad\">forest"));
}

BOOST_AUTO_TEST_CASE(gates_are_told_with_what_was_found) {
  Sample sample;
  BOOST_TEST(!has_section(sample.page(), "gates"));
  sample.results.gates = {{.name = "pbo", .asked = 0.2, .found = 0.25, .met = false},
                          {.name = "sharpe", .asked = 0.5, .found = 1, .met = true},
                          {.name = "win_rate", .asked = 0.5, .found = {}, .met = false}};
  const std::string gates = section_of(sample.page(), "gates");
  BOOST_TEST(holds(gates, "callout bad"));
  BOOST_TEST(holds(gates, "2 of 3 gates are not met"));
  BOOST_TEST(holds(words_of(gates), "20.0\u00a0% 25.0\u00a0% not met"));
  BOOST_TEST(holds(words_of(gates), "50.0\u00a0% – not met"));
  for (GateResult& each : sample.results.gates) each.met = true;
  BOOST_TEST(holds(section_of(sample.page(), "gates"), "All gates are met."));
}

BOOST_AUTO_TEST_CASE(forty_splits_are_shown) {
  Sample sample;
  sample.splits.splits.resize(40, sample.splits.splits[0]);
  BOOST_TEST(section_of(sample.page(), "splits").find("are shown") == std::string::npos);
  sample.splits.splits.resize(41, sample.splits.splits[0]);
  const std::string splits = section_of(sample.page(), "splits");
  BOOST_TEST(holds(words_of(splits), "The first 40 are shown."));
  BOOST_TEST(count_of(splits, "<tr>") == 41U);  // a heading and 40
  BOOST_TEST(holds(splits, ">split 39</text>"));
  BOOST_TEST(splits.find(">split 40</text>") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_split_tells_its_rows_and_why_it_is_not_used) {
  Sample sample;
  sample.splits.splits[1].fault = "no row is left to train on";
  const std::string splits = words_of(section_of(sample.page(), "splits"));
  BOOST_TEST(holds(splits, "2024-01-01 00:00 – 2024-01-03 01:00 50 40 2 8"));
  BOOST_TEST(holds(splits, "2024-01-03 02:00 – 2024-01-05 03:00 50 48 2 0 not used: no row is left to train on"));
}

BOOST_AUTO_TEST_CASE(one_purged_row_among_thousands_is_drawn) {
  Sample sample;
  sample.data.time.clear();
  for (std::int64_t i = 0; i < 20'000; ++i) sample.data.time.push_back(kYear2024 + i * kHour);
  sample.splits.splits = {{.train = {{10'001, 20'000}}, .test = {{0, 10'000}}}};
  const std::string purged = "style=\"fill:var(--plot-second)\"";
  BOOST_TEST(count_of(section_of(sample.page(), "splits"), purged) == 0U);
  sample.splits.splits[0].purged = {{10'000, 10'001}};
  BOOST_TEST(count_of(section_of(sample.page(), "splits"), purged) == 1U);
}

BOOST_AUTO_TEST_CASE(ranges_beyond_the_rows_are_not_looked_up) {
  Sample sample;
  sample.splits.splits = {{.train = {{0, 90}}, .test = {{90, 1000}}, .purged = {{5000, 6000}}}};
  BOOST_TEST(holds(words_of(section_of(sample.page(), "splits")), "– 2024-01-05 03:00"));
}

BOOST_AUTO_TEST_CASE(two_thousand_choices_are_drawn_of_more) {
  Sample sample;
  validation::Overfitting& found = *sample.results.overfitting;
  const auto draw = [&](std::size_t count) {
    found.inside.assign(count, 0.01);
    found.outside.assign(count, 0.02);
    return section_of(sample.page(), "overfitting");
  };
  const std::string all = draw(2000), most = draw(3000);
  BOOST_TEST(all.find("choices are drawn") == std::string::npos);
  BOOST_TEST(holds(most, "2,000 of 3,000 choices are drawn"));
  BOOST_TEST(count_of(all, "h0") == 2000U);
  BOOST_TEST(count_of(most, "h0") == 2000U);
}

BOOST_AUTO_TEST_CASE(the_bars_of_ranks_are_shares_of_the_choices_and_the_bad_ones_the_pbo) {
  // Two places, 1/3 and 2/3: one of four choices in the first, three in the second; the axis ends at 80 %.
  const std::string section = section_of(Sample().page(), "overfitting");
  BOOST_TEST(holds(words_of(section), "no better than the median: 25.0\u00a0%"));
  // 66 to 818 across is 0 to 1; from 226 up to 8 is 0 to 80.
  const auto bar = [](double from, double to, double height) {
    const auto x = [](double at) { return 66 + 752 * at; };
    return fmt::format("M{:.1f} 226.0H{:.1f}V{:.1f}H{:.1f}z", x(from) + 0.75, x(to) - 0.75, 226 - 218 * height / 80,
                       x(from) + 0.75);
  };
  BOOST_TEST(holds(section, bar(1.0 / 6, 0.5, 25) + "\" style=\"fill:var(--plot-second)\""));
  BOOST_TEST(holds(section, bar(0.5, 5.0 / 6, 75) + "\" style=\"fill:var(--plot-first)\""));
}

BOOST_AUTO_TEST_CASE(a_choice_that_ranks_in_the_very_middle_is_no_better_than_the_median) {
  // Three places, 1/4, 1/2 and 3/4, of which a logit of 0 is the second.
  Sample sample;
  sample.results.overfitting->configurations = 3;
  sample.results.overfitting->logit = {0, 0};
  const std::string section = section_of(sample.page(), "overfitting");
  BOOST_TEST(count_of(section, "z\" style=\"fill:var(--plot-second)\"") == 1U);
  BOOST_TEST(count_of(section, "z\" style=\"fill:var(--plot-first)\"") == 0U);
}

BOOST_AUTO_TEST_CASE(the_line_over_choices_is_in_the_units_of_the_axes) {
  // Inside 1 to 4 and outside -1 to 2 a year, by a factor of 100; -0.1 x + 1 there is 0.9 and 0.6.
  Sample sample;
  sample.results.overfitting->intercept = 0.01;
  const auto y = [](double value) { return 276 - 268 * (value + 1) / 3; };
  BOOST_TEST(holds(section_of(sample.page(), "overfitting"), fmt::format("M66.0 {:.1f}L818.0 {:.1f}", y(0.9), y(0.6))));
}

BOOST_AUTO_TEST_CASE(drawdown_is_measured_from_the_highest_so_far) {
  Sample sample;
  sample.results.hold_returns.clear();
  std::vector<double>& returns = sample.results.configurations[1].returns;
  std::ranges::fill(returns, 0);
  returns[3] = 0.25;
  returns[5] = -0.2;  // back to 1, a fifth below 1.25
  const std::string section = section_of(sample.page(), "drawdown");
  BOOST_TEST(holds(section, ">-20</text>"));
  BOOST_TEST(section.find(">-25</text>") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(equity_is_drawn_at_six_hundred_moments_at_most_and_breaks_where_nothing_was_tested) {
  Sample sample;
  sample.results.clock.clear();
  for (std::int64_t i = 0; i < 6000; ++i) sample.results.clock.push_back(kYear2024 + i * kHour);
  sample.results.hold_returns.clear();
  sample.results.best = 1;
  for (ConfigurationResult& each : sample.results.configurations) each.returns.clear();
  std::vector<double>& returns = sample.results.configurations[1].returns;
  returns.assign(6000, 0.001);
  const std::string whole = section_of(sample.page(), "equity");
  BOOST_TEST(count_of(whole, "L") == 600U);  // from the start on
  std::fill(returns.begin() + 2000, returns.begin() + 4000, kNone);
  const std::string broken = section_of(sample.page(), "equity");
  BOOST_TEST(count_of(broken, "L") == 399U);  // 400 moments and the start, in two lines
}

BOOST_AUTO_TEST_CASE(a_line_from_one_to_many_times_as_much_is_drawn_by_factors) {
  Sample sample;
  sample.results.hold_returns.clear();
  BOOST_TEST(section_of(sample.page(), "equity").find("equal factors") == std::string::npos);
  std::ranges::fill(sample.results.configurations[1].returns, 0.05);
  BOOST_TEST(holds(section_of(sample.page(), "equity"), "equal factors"));
  sample.results.configurations[1].returns[50] = -1;  // nothing has no logarithm
  BOOST_TEST(section_of(sample.page(), "equity").find("equal factors") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_path_each_is_no_drawing_of_paths) {
  Sample sample;
  for (ConfigurationResult& each : sample.results.configurations) each.paths.resize(1);
  BOOST_TEST(!has_section(sample.page(), "paths"));
}

BOOST_AUTO_TEST_CASE(confusion_is_told_in_shares_of_what_came) {
  // 30 and 20 of 50, 10 and 40 of 50; forecast were 40 and 60 of 100.
  const std::string classes = words_of(section_of(Sample().page(), "classes"));
  BOOST_TEST(holds(classes, " -1 60.0\u00a0% 30 40.0\u00a0% 20 50 "));
  BOOST_TEST(holds(classes, " 1 20.0\u00a0% 10 80.0\u00a0% 40 50 "));
  const std::string last = classes.substr(classes.find(" all "));
  BOOST_TEST(last.find("40.0\u00a0%") < last.find("60.0\u00a0%"));
}

BOOST_AUTO_TEST_CASE(thirty_features_are_drawn_the_heaviest_first) {
  Sample sample;
  sample.data.features.clear();
  std::vector<double>& importance = sample.results.configurations[1].importance;
  importance.clear();
  for (int i = 0; i < 31; ++i) {
    sample.data.features.push_back(fmt::format("feature_{:02}", i));
    importance.push_back(i);
  }
  const std::string section = section_of(sample.page(), "importance");
  BOOST_TEST(holds(section, "the first 30 of 31 features"));
  BOOST_TEST(section.find("feature_00") == std::string::npos);
  BOOST_TEST(section.find("feature_30") < section.find("feature_29"));
  // 30 of 465.
  BOOST_TEST(holds(section, ">6.45</text>"));
}

BOOST_AUTO_TEST_CASE(importance_is_that_of_the_next_where_the_best_cannot_tell) {
  Sample sample;
  sample.results.configurations[1].importance.clear();
  BOOST_TEST(holds(section_of(sample.page(), "importance"), "How much ridge leans"));
  sample.results.configurations[2].importance = {1, 2, 3};  // of other features than these
  BOOST_TEST(!has_section(sample.page(), "importance"));
}

BOOST_AUTO_TEST_CASE(costs_are_told_for_those_that_were_asked_with_where_they_break_even) {
  Sample sample;
  const std::string costs = words_of(section_of(sample.page(), "costs"));
  BOOST_TEST(holds(costs, " configuration 0 × 1 × breaks even "));
  // Sharpe ratios times sqrt(10,000), below the totals; the best is the first.
  BOOST_TEST(holds(costs, " forest 30.0\u00a0% 2.00 10.0\u00a0% 1.00 1.50 × "));
  BOOST_TEST(costs.find("forest") < costs.find("ridge"));
  BOOST_TEST(costs.find("majority") == std::string::npos);
  sample.results.configurations[1].break_even_multiple = kNone;
  sample.results.configurations[2].break_even_multiple = kInfinity;
  const std::string edges = words_of(section_of(sample.page(), "costs"));
  BOOST_TEST(holds(edges, " loses without costs "));
  BOOST_TEST(holds(edges, " at any costs "));
  for (ConfigurationResult& each : sample.results.configurations) each.costs.clear();
  BOOST_TEST(!has_section(sample.page(), "costs"));
}

BOOST_AUTO_TEST_CASE(reliability_is_told_of_the_best_and_a_baseline) {
  Sample sample;
  const std::string section = section_of(sample.page(), "reliability"), words = words_of(section);
  // 0.6 x 55 + 0.4 x 75 and 0.6 x 50 + 0.4 x 70.
  BOOST_TEST(holds(words, " forest 63.0\u00a0% 58.0\u00a0% 0.0500 0.0500 "));
  BOOST_TEST(holds(words, " majority baseline 63.0\u00a0% "));
  BOOST_TEST(holds(words, " forest LAC 87.5\u00a0% 1.25 75.0\u00a0% 0.0\u00a0% 80.0\u00a0% 95.0\u00a0% "));
  BOOST_TEST(holds(words, "the first half of the tested rows (40; 10 more"));
  BOOST_TEST(holds(words, "measured on the second (50, from 2024-01-03 on)"));
  // The bars of the histogram: those of 60 and 40 of 100 rows.
  BOOST_TEST(count_of(section, "z\" style=\"fill:var(--plot-first)\"") == 1U);
  sample.results.configurations[1].conformal.reset();
  BOOST_TEST(section_of(sample.page(), "reliability").find("LAC") == std::string::npos);
  sample.results.configurations[1].reliability.reset();
  BOOST_TEST(holds(words_of(section_of(sample.page(), "reliability")), "Of majority:"));
  sample.results.configurations[0].reliability.reset();
  BOOST_TEST(!has_section(sample.page(), "reliability"));
}

BOOST_AUTO_TEST_CASE(bins_of_equal_width_with_few_rows_are_not_drawn) {
  Sample sample;
  const auto line = [&] {
    const std::string section = section_of(sample.page(), "reliability");
    return count_of(section, "stroke:var(--plot-third)");
  };
  BOOST_TEST(line() == 1U);
  for (validation::ReliabilityBin& bin : sample.results.configurations[1].reliability->by_width.bins) bin.weight = 29;
  BOOST_TEST(line() == 0U);
}

BOOST_AUTO_TEST_CASE(every_split_is_told_beside_the_best_baseline) {
  // Of forest 0.7 - 0.010 beside 0.7 - 0.002 of the baseline, and then 0.7 each.
  Sample sample;
  const std::string splits = section_of(sample.page(), "splits");
  BOOST_TEST(holds(words_of(splits), "better than majority on 1 of 2 (bold)"));
  BOOST_TEST(holds(words_of(splits), " 0 50 50.0\u00a0% 0.6900 50.0\u00a0% 0.6980 0.0080 "));
  BOOST_TEST(holds(splits, "<b>0.0080</b>"));
  BOOST_TEST(splits.find("<b>0.0000</b>") == std::string::npos);
  sample.results.configurations[1].by_split.clear();
  BOOST_TEST(section_of(sample.page(), "splits").find("Split by split") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(evaluation_report_numbers)

BOOST_AUTO_TEST_CASE(numbers_are_short_and_never_minus_nothing) {
  BOOST_TEST(fixed_text(1.2345, 2) == "1.23");
  BOOST_TEST(fixed_text(-0.001, 2) == "0.00");
  BOOST_TEST(fixed_text(-0.006, 2) == "-0.01");
  BOOST_TEST(fixed_text(2e6, 2) == "2,000,000");
  BOOST_TEST(fixed_text(kNone, 2) == "–");
  BOOST_TEST(figure_text(-kInfinity) == "-∞");
  BOOST_TEST(share_text(0.25) == "25.0\u00a0%");
  BOOST_TEST(share_text(kNone) == "–");
  BOOST_TEST(between_text(-1, 2, 1) == "-1.0 to 2.0");
  BOOST_TEST(between_text(kNone, 2, 1) == "–");
  BOOST_TEST(between_shares_text(0.1, kNone) == "–");
}

BOOST_AUTO_TEST_CASE(a_chance_is_never_told_as_certain) {
  BOOST_TEST(chance_text(0.995) == "0.99");
  BOOST_TEST(chance_text(0.9951) == "> 0.99");
  BOOST_TEST(chance_text(1) == "> 0.99");
  BOOST_TEST(chance_text(0.005) == "0.01");
  BOOST_TEST(chance_text(0.0049) == "< 0.01");
  BOOST_TEST(chance_text(kNone) == "–");
}

BOOST_AUTO_TEST_CASE(a_row_without_a_time_has_a_dash) {
  BOOST_TEST(date_text(kYear2024) == "2024-01-01");
  BOOST_TEST(date_text(kYear2024 + kHour, true) == "2024-01-01 01:00");
  BOOST_TEST(date_text(std::numeric_limits<std::int64_t>::min()) == "–");
}

BOOST_AUTO_TEST_CASE(a_list_counts_what_it_leaves_out) {
  const std::vector<std::string> lines{"a", "b", "c"};
  BOOST_TEST(bullet_list(lines, 3, "!").markup.find("more") == std::string::npos);
  BOOST_TEST(holds(bullet_list(lines, 2, "!").markup, "<li>and 1 more!</li>"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(evaluation_report_charts)

namespace {

std::string labels(const ChartAxis& axis) {
  std::string out;
  for (const ChartAxis::Tick& tick : axis.ticks) out += (out.empty() ? "" : " ") + tick.label;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_axis_of_numbers_ends_at_round_ones) {
  const ChartAxis axis = number_axis("", -0.13, 0.41, 6);
  BOOST_TEST(labels(axis) == "-0.2 -0.1 0 0.1 0.2 0.3 0.4 0.5");
  BOOST_TEST(axis.low == -0.2, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(axis.high == 0.5, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(labels(number_axis("", 0, 1, 4)) == "0 0.25 0.50 0.75 1.00");
  BOOST_TEST(labels(number_axis("", 0, 5000, 5)) == "0 1,000 2,000 3,000 4,000 5,000");
}

BOOST_AUTO_TEST_CASE(an_axis_of_one_number_has_room_on_both_sides) {
  for (const double value : {0.0, 3.0, -1e-7, 1e9}) {
    const ChartAxis axis = number_axis("", value, value);
    BOOST_TEST(axis.low < value);
    BOOST_TEST(axis.high > value);
    BOOST_TEST(axis.ticks.size() >= 3U);
    BOOST_TEST(axis.ticks.size() < 20U);
  }
}

BOOST_AUTO_TEST_CASE(any_range_has_a_few_ticks_that_lie_in_it) {
  for (double span = 1e-9; span < 1e9; span *= 3.7) {
    for (const double low : {-span / 3, 0.0, 0.7 * span}) {
      const ChartAxis axis = number_axis("", low, low + span);
      BOOST_TEST(axis.low <= low + 1e-6 * span);
      BOOST_TEST(axis.high >= low + span - 1e-6 * span);
      BOOST_TEST(axis.ticks.size() >= 4U);
      BOOST_TEST(axis.ticks.size() <= 10U);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_axis_of_time_has_ticks_where_years_months_days_and_hours_begin) {
  const auto from = static_cast<double>(kYear2024);
  const double hour = static_cast<double>(kHour), day = 24 * hour;
  BOOST_TEST(labels(time_axis(from, from + 12 * hour)) ==
             "01-01 00:00 01-01 03:00 01-01 06:00 01-01 09:00 01-01 12:00");
  BOOST_TEST(labels(time_axis(from, from + 7 * day)) ==
             "2024-01-01 2024-01-02 2024-01-03 2024-01-04 2024-01-05 2024-01-06 2024-01-07 2024-01-08");
  // 366 days: 2024 has a 29th of February.
  BOOST_TEST(labels(time_axis(from, from + 366 * day)) == "2024-01 2024-03 2024-05 2024-07 2024-09 2024-11 2025-01");
  BOOST_TEST(labels(time_axis(from, from + 3653 * day)) == "2024 2026 2028 2030 2032 2034");
  // From the middle of December on.
  BOOST_TEST(labels(time_axis(from - 17 * day, from + 340 * day)) == "2024-01 2024-03 2024-05 2024-07 2024-09 2024-11");
  // Before 1970 as well.
  BOOST_TEST(labels(time_axis(-2192 * day, 0)) == "1964 1965 1966 1967 1968 1969 1970");
  BOOST_TEST(time_axis(from, from).high > from);
}

BOOST_AUTO_TEST_CASE(an_axis_of_factors_has_ones_twos_and_fives) {
  BOOST_TEST(labels(factor_axis("", 0.8, 12)) == "1 2 5 10");
  BOOST_TEST(labels(factor_axis("", 1, 1e5)) == "1 10 100 1,000 10,000 100,000");
}

BOOST_AUTO_TEST_CASE(an_axis_of_what_is_counted_ends_at_the_last_one_and_has_whole_ticks) {
  BOOST_TEST(labels(count_axis("", 19)) == "0 5 10 15");
  BOOST_TEST(labels(count_axis("", 999)) == "0 200 400 600 800");
  BOOST_TEST(count_axis("", 999).high == 999);
  BOOST_TEST(labels(count_axis("", 0)) == "0 1");
}

BOOST_AUTO_TEST_CASE(axes_hold_where_doubles_end) {
  constexpr double kMost = std::numeric_limits<double>::max(), kLeast = std::numeric_limits<double>::denorm_min();
  for (const auto& [low, high] :
       {std::pair(-kMost, kMost), {0.0, kMost}, {-kLeast, kLeast}, {kLeast, 3 * kLeast}, {kMost, kMost}, {5.0, 1.0}}) {
    const ChartAxis axis = number_axis("", low, high);
    BOOST_TEST((std::isfinite(axis.low) && axis.low < axis.high));
    BOOST_TEST((axis.ticks.size() >= 2U && axis.ticks.size() < 20U));
  }
  for (const auto& [low, high] : {std::pair(kLeast, kMost), {kMost, kMost}, {kLeast, kLeast}, {1e-12, 1e12}}) {
    const ChartAxis axis = factor_axis("", low, high);
    BOOST_TEST((std::isfinite(axis.high) && axis.low > 0 && axis.low < axis.high));
    BOOST_TEST(axis.ticks.size() < 12U);
  }
}

BOOST_AUTO_TEST_CASE(a_line_breaks_where_a_point_is_no_number_and_one_point_is_a_dot) {
  const auto markup = [](std::vector<ChartPoint> points) {
    return chart_figure({.title = "t",
                         .x = number_axis("", 0, 4),
                         .y = number_axis("", 0, 4),
                         .lines = {{.label = "a line", .points = std::move(points)}}},
                        "c")
        .markup;
  };
  // 66 to 818 across and 8 to 274 up, without a label below, are 0 to 4.
  BOOST_TEST(holds(markup({{0, 0}, {4, 4}, {kNone, 1}, {0, 4}, {2, 4}}),
                   "<path d=\"M66.0 274.0L818.0 8.0M66.0 8.0L442.0 8.0\""));
  BOOST_TEST(holds(markup({{2, 2}}), "M442.0 141.0h0"));
  BOOST_TEST(markup({{kNone, 2}}).find("stroke:var(--plot-first)") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(dots_bars_and_pieces_that_are_no_numbers_are_not_drawn) {
  const ChartAxis axis = number_axis("", 0, 4);
  for (const double bad : {kNone, kInfinity}) {
    const std::string chart = chart_figure({.title = "t",
                                            .x = axis,
                                            .y = axis,
                                            .dots = {{.label = "d", .points = {{bad, 1}, {1, bad}, {1, 1}}}},
                                            .bars = {{.label = "b", .bars = {{0, bad, 0, 1}, {0, 1, 0, 2}}}}},
                                           "c")
                                  .markup;
    BOOST_TEST(count_of(chart, "h0") == 1U);
    BOOST_TEST(count_of(chart, "z\"") == 1U);
    const std::string rows =
        row_chart_figure({.title = "t",
                          .x = axis,
                          .rows = {{.label = "r", .pieces = {{0, bad}, {0, 1}}, .dots = {bad, 1}, .mark = bad}}},
                         {}, "c")
            .markup;
    BOOST_TEST(count_of(rows, "h0") == 1U);
    BOOST_TEST(count_of(rows, "z\"") == 1U);
    BOOST_TEST(rows.find("stroke-width:3\"") == std::string::npos);
    BOOST_TEST(has_no_nan(chart + rows));
  }
}

BOOST_AUTO_TEST_CASE(a_long_label_keeps_its_ends_and_the_whole_of_it_in_a_tooltip) {
  const std::string name = "a_name_of_more_than_thirty-six_letters_ending_in_é_14";
  const std::string markup =
      row_chart_figure({.title = "t", .x = number_axis("", 0, 1), .rows = {{.label = name}}}, {}, "c").markup;
  BOOST_TEST(holds(markup, "<title>" + name + "</title>"));
  // 23 letters, the dots and the last 12.
  BOOST_TEST(holds(markup, ">a_name_of_more_than_thi…ding_in_é_14</text>"));
}

BOOST_AUTO_TEST_SUITE_END()
