#include <fmt/format.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "base/error.h"
#include "base/json.h"
#include "sweep/pruners/hyperband.h"
#include "sweep/pruners/pruner_table.h"
#include "sweep/pruners/running_percentile.h"
#include "sweep/pruners/signed_rank.h"
#include "sweep/samplers/draws.h"
#include "tests/support/messages.h"
#include "tests/sweep/problems.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();
const double kInfinity = std::numeric_limits<double>::infinity();

Json vectors(const std::string& name) {
  return read_json(fmt::format("{}/tests/sweep/vectors/{}", MOOLA_SOURCE_DIR, name));
}

PrunerOptions options_of(const Json& study) {
  PrunerOptions out{.maximise = study["maximise"]};
  for (const auto& [key, value] : study["options"].items()) {
    if (key == "startup_trials") out.startup_trials = value;
    if (key == "warmup_steps") out.warmup_steps = value;
    if (key == "interval_steps") out.interval_steps = value;
    if (key == "min_trials") out.min_trials = value;
    if (key == "percentile") out.percentile = value;
    if (key == "min_resource") out.min_resource = value.get<std::int64_t>();
    if (key == "max_resource") out.max_resource = value.get<std::int64_t>();
    if (key == "reduction_factor") out.reduction_factor = value;
    if (key == "min_early_stopping_rate") out.min_early_stopping_rate = value;
    if (key == "bootstrap_count") out.bootstrap_count = value;
    if (key == "wrapped") out.wrapped = parse_pruner(value.get<std::string>());
    if (key == "patience") out.patience = value;
    if (key == "min_delta") out.min_delta = value;
    if (key == "lower") out.lower = value.get<double>();
    if (key == "upper") out.upper = value.get<double>();
    if (key == "p_threshold") out.p_threshold = value;
    if (key == "startup_steps") out.startup_steps = value;
  }
  return out;
}

std::unique_ptr<Pruner> pruner_of(const Json& study) {
  return make_pruner(parse_pruner(study["kind"].get<std::string>()), options_of(study),
                     study["study"].get<std::string>());
}

// As a journal would tell it to a process that starts now.
History replayed(const History& history) {
  History out(history.space(), history.objectives());
  for (const std::uint64_t number : history.finished()) out.add(history.trials()[number]);
  for (const Observation& each : history.trials()) {
    if (each.state == TrialState::running) out.add(each);
  }
  return out;
}

void pass(History& history, std::uint64_t number, const Judgement& judgement) {
  for (const double loss : judgement.rungs) history.pass_rung(number, loss);
}

// One event of a study; calls `told(number, prune, rungs)` after a report.
template <class Told>
void play(History& history, const Json& event, double sign, Told told) {
  if (!event[0].is_string()) {
    const std::uint64_t number = event[0];
    history.report(number, event[1], sign * json_number(event[2]).value());
    told(number, event[3].get<int>() != 0, event[4].get<std::size_t>());
    return;
  }
  const std::string what = event[0];
  const std::uint64_t number = event[1];
  if (what == "begin") history.begin(number, {0.5});
  if (what == "pruned") history.finish(number, TrialState::pruned, {});
  if (what == "failed") history.finish(number, TrialState::failed, {});
  if (what == "complete") history.finish(number, TrialState::complete, {sign * event[2].get<double>()});
}

bool same(const Judgement& a, const Judgement& b) {
  return a.prune == b.prune && a.rungs == b.rungs;
}

// A study of `trials` complete trials with a report at each step below `steps`.
History complete_study(const SearchSpace& space, std::size_t trials, std::int64_t steps, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  History out(space, 1);
  for (std::size_t i = 0; i < trials; ++i) {
    out.begin(i, {0.5});
    for (std::int64_t step = 0; step < steps; ++step) out.report(i, step, uniform(random));
    out.finish(i, TrialState::complete, {uniform(random)});
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pruners)

BOOST_AUTO_TEST_CASE(every_pruner_judges_as_optuna_does) {
  const SearchSpace space = box(1, 0, 1);
  std::size_t judged = 0, pruned = 0;
  const Json all = vectors("pruner_decisions.json");
  for (const Json& study : all["studies"]) {
    History history(space, 1);
    const std::unique_ptr<Pruner> pruner = pruner_of(study);
    std::size_t at = 0;
    for (const Json& event : study["events"]) {
      play(history, event, study["maximise"] ? -1 : 1, [&](std::uint64_t number, bool prune, std::size_t rungs) {
        const Judgement said = pruner->judge(history, number);
        BOOST_TEST_CONTEXT(study["study"] << ", " << study["kind"] << " " << study["options"] << ", event " << at) {
          BOOST_TEST(said.prune == prune);
          BOOST_TEST(said.rungs.size() == rungs);
          for (const double loss : said.rungs) BOOST_TEST(loss == history.trials()[number].reports.back().value);
        }
        pass(history, number, said);
        ++judged;
        pruned += prune ? 1U : 0U;
      });
      ++at;
    }
  }
  BOOST_TEST(judged > 8000U);
  BOOST_TEST(pruned > 1000U);
}

BOOST_AUTO_TEST_CASE(a_pruner_that_starts_now_on_a_replayed_history_judges_as_the_one_that_was_there) {
  const SearchSpace space = box(1, 0, 1);
  std::mt19937_64 random(1);
  const Json all = vectors("pruner_decisions.json");
  for (const Json& study : all["studies"]) {
    History history(space, 1);
    const std::unique_ptr<Pruner> warm = pruner_of(study);
    for (const Json& event : study["events"]) {
      play(history, event, study["maximise"] ? -1 : 1, [&](std::uint64_t number, bool, std::size_t) {
        // A trial may be lost before it is judged, and what it has passed with it.
        const Judgement said = warm->judge(history, number);
        if (random() % 4 == 0) BOOST_TEST(same(pruner_of(study)->judge(replayed(history), number), said));
        pass(history, number, said);
        if (random() % 40 != 0) return;
        history.retry(number);
        history.begin(number, {0.5});
        history.report(number, 1000, 0.3);
        const Judgement again = warm->judge(history, number);
        BOOST_TEST(same(pruner_of(study)->judge(replayed(history), number), again));
        pass(history, number, again);
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(a_pruner_notices_that_it_is_given_another_history) {
  const SearchSpace space = box(1, 0, 1);
  std::mt19937_64 random(2);
  for (const char* kind : {"median", "successive_halving", "hyperband", "wilcoxon"}) {
    const auto fresh = [&] { return make_pruner(parse_pruner(kind), {.startup_trials = 1}, "s"); };
    const std::unique_ptr<Pruner> kept = fresh();
    for (int i = 0; i < 200; ++i) {
      History history = complete_study(space, 1 + random() % 12, 5, random);
      const std::uint64_t number = history.trials().size();
      history.begin(number, {0.5});
      for (std::int64_t step = 0; step < 5; ++step) {
        history.report(number, step, static_cast<double>(random() % 100) / 100);
        const Judgement said = kept->judge(history, number);
        BOOST_REQUIRE(same(said, fresh()->judge(history, number)));
        const History copy = history;
        BOOST_REQUIRE(same(said, kept->judge(copy, number)));
        pass(history, number, said);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(rungs_let_pass_whom_a_full_sort_lets_pass) {
  const SearchSpace space = box(1, 0, 1);
  std::mt19937_64 random(3);
  for (const std::int64_t factor : {2, 3, 4}) {
    const std::unique_ptr<Pruner> pruner = make_pruner(
        PrunerKind::successive_halving, {.min_resource = 1, .reduction_factor = factor, .bootstrap_count = 2}, "s");
    History history(space, 1);
    std::vector<double> reached;
    for (std::uint64_t number = 0; number < 600; ++number) {
      history.begin(number, {0.5});
      const double loss = static_cast<double>(random() % 200);
      history.report(number, 1, loss);
      const Judgement said = pruner->judge(history, number);
      reached.push_back(loss);
      std::ranges::sort(reached);
      const std::size_t best = std::max<std::size_t>(reached.size() / static_cast<std::size_t>(factor), 1);
      BOOST_REQUIRE_EQUAL(said.prune, reached.size() <= 2 || loss > reached[best - 1]);
      BOOST_REQUIRE_EQUAL(said.rungs.size(), 1U);
      pass(history, number, said);
    }
  }
}

BOOST_AUTO_TEST_CASE(steps_beyond_all_rungs_end_the_climb) {
  const SearchSpace space = box(1, 0, 1);
  const std::unique_ptr<Pruner> pruner = make_pruner(PrunerKind::successive_halving, {.min_resource = 1}, "s");
  History history(space, 1);
  history.begin(0, {0.5});
  history.report(0, std::numeric_limits<std::int64_t>::max(), 1);
  BOOST_TEST(pruner->judge(history, 0).rungs.size() == 32U);  // 4^0 to 4^31 are below 2^63
}

BOOST_AUTO_TEST_CASE(hyperband_shares_its_brackets_as_optuna_does) {
  const Json all = vectors("pruner_decisions.json");
  for (const Json& row : all["brackets"]) {
    BOOST_TEST(bracket_shares(row[0], row[1], row[2]) == row[3].get<std::vector<std::uint64_t>>(),
               boost::test_tools::per_element());
  }
  BOOST_TEST(bracket_shares(5, 3, 3).empty());
}

BOOST_AUTO_TEST_CASE(a_running_percentile_is_that_of_the_sorted_numbers) {
  std::mt19937_64 random(4);
  for (const double fraction : {0.0, 0.1, 0.25, 0.333, 0.5, 0.75, 0.9, 0.9999999999999999, 1.0}) {
    RunningPercentile running(fraction);
    BOOST_TEST(std::isnan(running.value()));
    std::vector<double> sorted;
    for (int i = 0; i < 500; ++i) {
      const double value = std::round(std::normal_distribution<double>(0, 30)(random)) / 7;
      running.insert(value);
      sorted.insert(std::ranges::upper_bound(sorted, value), value);
      const double place = static_cast<double>(sorted.size() - 1) * fraction;
      const auto below = static_cast<std::size_t>(place);
      const double a = sorted[below], b = sorted[std::min(below + 1, sorted.size() - 1)], t = place - std::floor(place);
      BOOST_REQUIRE_EQUAL(running.value(), t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t);
    }
  }
  RunningPercentile infinite(0.5);
  infinite.insert(kInfinity);
  BOOST_TEST(std::isnan(infinite.value()));
}

BOOST_AUTO_TEST_CASE(the_signed_rank_test_is_scipys) {
  std::size_t checked = 0;
  for (const Json& row : vectors("signed_rank.json")) {
    const auto differences = row[0].get<std::vector<double>>();
    const double expected = row[1];
    BOOST_TEST(std::fabs(signed_rank_p(differences) - expected) <= 1e-12 * std::max(expected, 1e-3));
    ++checked;
  }
  BOOST_TEST(checked > 90U);
  BOOST_CHECK_THROW(signed_rank_p(std::vector<double>{}), std::invalid_argument);
  BOOST_CHECK_THROW(signed_rank_p(std::vector<double>{1, kNaN}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_signed_rank_test_counts_all_choices_of_signs) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 300; ++i) {
    const std::size_t count = 1 + random() % 11;
    std::vector<double> differences(count);
    for (double& each : differences) each = static_cast<double>(static_cast<int>(random() % 13) - 6);
    const auto sum_above = [&](const std::vector<double>& d) {
      double sum = 0;
      for (const double each : d) {
        double below = 0, equal = 0;
        for (const double other : d) {
          below += std::fabs(other) < std::fabs(each) ? 1 : 0;
          equal += std::fabs(other) == std::fabs(each) ? 1 : 0;
        }
        sum += (below + (equal + 1) / 2) * (each > 0 ? 1 : each == 0 ? 0.5 : 0);
      }
      return sum;
    };
    const double observed = sum_above(differences);
    std::size_t as_much = 0;
    for (std::size_t signs = 0; signs < std::size_t{1} << count; ++signs) {
      std::vector<double> flipped = differences;
      for (std::size_t k = 0; k < count; ++k) flipped[k] *= (signs >> k & 1) != 0 ? -1 : 1;
      as_much += sum_above(flipped) >= observed ? 1U : 0U;
    }
    BOOST_TEST(signed_rank_p(differences) ==
               static_cast<double>(as_much) / static_cast<double>(std::size_t{1} << count));
  }
}

BOOST_AUTO_TEST_CASE(a_best_trial_of_a_few_lucky_instances_can_be_kept_out) {
  const SearchSpace space = box(1, 0, 1);
  History history(space, 1);
  history.begin(0, {0.5});
  for (std::int64_t step = 0; step < 10; ++step) history.report(0, step, 0.5);
  history.finish(0, TrialState::complete, {0.5});
  history.begin(1, {0.5});  // given up on three easy instances, and told as complete
  for (std::int64_t step = 0; step < 3; ++step) history.report(1, step, 0.1 + 0.01 * static_cast<double>(step));
  history.finish(1, TrialState::complete, {0.11});
  history.begin(2, {0.5});
  for (std::int64_t step = 0; step < 3; ++step) history.report(2, step, 0.3 + 0.03 * static_cast<double>(step));
  const PrunerOptions any{.p_threshold = 0.2};
  PrunerOptions whole = any;
  whole.instances = 10;
  BOOST_TEST(make_pruner(PrunerKind::wilcoxon, any, "s")->judge(history, 2).prune);
  BOOST_TEST(!make_pruner(PrunerKind::wilcoxon, whole, "s")->judge(history, 2).prune);
}

BOOST_AUTO_TEST_CASE(the_best_trial_is_a_feasible_one) {
  const SearchSpace space = box(1, 0, 1);
  for (const double violation : {0.0, 1.0}) {
    History history(space, 1);
    history.begin(0, {0.5});
    for (std::int64_t step = 0; step < 8; ++step) history.report(0, step, 0.01 * static_cast<double>(step));
    history.finish(0, TrialState::complete, {0.1}, violation);
    history.begin(1, {0.5});
    for (std::int64_t step = 0; step < 8; ++step) history.report(1, step, 1 + 0.1 * static_cast<double>(step));
    BOOST_TEST(make_pruner(PrunerKind::wilcoxon, {}, "s")->judge(history, 1).prune == (violation == 0));
  }
}

BOOST_AUTO_TEST_CASE(much_of_the_budget_is_saved_on_learning_curves_that_cross_and_a_good_trial_found) {
  constexpr std::size_t kStudies = 40, kTrials = 60;
  constexpr std::int64_t kSteps = 50;
  const SearchSpace space = box(1, 0, 1);
  struct Case {
    PrunerKind kind;
    PrunerOptions options;
    double saved;
  };
  for (const Case& each : {Case{PrunerKind::median, {.warmup_steps = 5}, 0.5},
                           Case{PrunerKind::successive_halving, {.min_resource = 4, .reduction_factor = 3}, 0.6},
                           Case{PrunerKind::hyperband, {.min_resource = 4, .max_resource = kSteps}, 0.5}}) {
    double steps = 0, ranks = 0;
    for (std::size_t study = 0; study < kStudies; ++study) {
      KeyedRandom random = draws(study, 0, 0);
      const std::unique_ptr<Pruner> pruner = make_pruner(each.kind, each.options, fmt::format("s{}", study));
      History history(space, 1);
      std::vector<double> ends;
      std::uint64_t winner = 0;
      double least = kInfinity;
      for (std::uint64_t number = 0; number < kTrials; ++number) {
        const double end = 0.1 + 0.4 * random.uniform_double(), height = 0.3 + 0.7 * random.uniform_double();
        const double speed = 0.2 + random.uniform_double();
        ends.push_back(end + height * std::pow(kSteps, -speed));
        history.begin(number, {0.5});
        bool pruned = false;
        for (std::int64_t step = 1; step <= kSteps && !pruned; ++step) {
          const double noise = 0.02 * (random.uniform_double() - 0.5);
          history.report(number, step, end + height * std::pow(static_cast<double>(step), -speed) + noise);
          const Judgement said = pruner->judge(history, number);
          pass(history, number, said);
          pruned = said.prune;
          ++steps;
        }
        const double last = history.trials()[number].reports.back().value;
        history.finish(number, pruned ? TrialState::pruned : TrialState::complete,
                       pruned ? std::vector<double>{} : std::vector<double>{last});
        if (pruned || last >= least) continue;
        least = last;
        winner = number;
      }
      ranks += static_cast<double>(std::ranges::count_if(ends, [&](double end) { return end < ends[winner]; })) + 1;
    }
    const double saved = 1 - steps / static_cast<double>(kStudies * kTrials * kSteps);
    BOOST_TEST_MESSAGE(fmt::format("saved {:.3f}, mean rank {:.2f}", saved, ranks / kStudies));
    BOOST_TEST(saved > each.saved);
    BOOST_TEST(ranks / kStudies < 4);
  }
}

BOOST_AUTO_TEST_CASE(the_table_names_every_pruner) {
  for (const PrunerDescription& each : pruner_table()) BOOST_TEST((parse_pruner(each.name) == each.kind));
  BOOST_TEST(holds_all(refusal_of([] { parse_pruner("hyperbnd"); }), {"none, median", "Did you mean 'hyperband'?"}));
}

BOOST_AUTO_TEST_CASE(options_that_make_no_sense_are_refused_by_name) {
  const auto refused = [](PrunerKind kind, const PrunerOptions& options, const std::string& part) {
    BOOST_TEST(holds(refusal_of([&] { make_pruner(kind, options, "s"); }), part));
  };
  refused(PrunerKind::percentile, {.percentile = 101}, "percentile of the pruner must be from 0 to 100");
  refused(PrunerKind::percentile, {.percentile = kNaN}, "percentile");
  refused(PrunerKind::median, {.startup_trials = -1}, "startup_trials");
  refused(PrunerKind::median, {.interval_steps = 0}, "interval_steps of the pruner must be 1 or more, not 0");
  refused(PrunerKind::median, {.min_trials = 0}, "min_trials");
  refused(PrunerKind::threshold, {.warmup_steps = -1, .lower = 0}, "warmup_steps");
  refused(PrunerKind::threshold, {}, "needs lower, upper or both");
  refused(PrunerKind::threshold, {.lower = 2, .upper = 1}, "lower = 2");
  refused(PrunerKind::threshold, {.lower = kNaN}, "lower");
  refused(PrunerKind::successive_halving, {.min_resource = 0}, "min_resource");
  refused(PrunerKind::successive_halving, {.reduction_factor = 1}, "reduction_factor");
  refused(PrunerKind::successive_halving, {.bootstrap_count = 3}, "needs min_resource as a number");
  refused(PrunerKind::hyperband, {.bootstrap_count = 3}, "needs max_resource as a number");
  refused(PrunerKind::hyperband, {.min_resource = 5, .max_resource = 3}, "max_resource");
  refused(PrunerKind::patient, {.wrapped = PrunerKind::patient}, "can't wrap another");
  refused(PrunerKind::patient, {.patience = -1}, "patience");
  refused(PrunerKind::patient, {.min_delta = -0.5}, "min_delta");
  refused(PrunerKind::patient, {.percentile = -1, .wrapped = PrunerKind::percentile}, "percentile");
  refused(PrunerKind::wilcoxon, {.p_threshold = 2}, "p_threshold");
  refused(PrunerKind::wilcoxon, {.instances = -2}, "instances");
}

BOOST_AUTO_TEST_SUITE_END()
