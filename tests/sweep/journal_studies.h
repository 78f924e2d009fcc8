#pragma once
// Random studies, written record by record, and what two readings have in common.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/keyed_random.h"
#include "sweep/journal/record_text.h"
#include "sweep/study/trial.h"

namespace moola::test {

inline bool same_number(double a, double b) {
  return std::isnan(a) ? std::isnan(b) : std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

/// Equal to the bit, NaN being NaN.
inline bool same_trial(const sweep::Trial& a, const sweep::Trial& b) {
  const auto same_parameter = [](const sweep::TrialParameter& x, const sweep::TrialParameter& y) {
    return x.parameter == y.parameter && same_number(x.value, y.value);
  };
  const auto same_report = [](const sweep::Report& x, const sweep::Report& y) {
    return x.step == y.step && same_number(x.value, y.value);
  };
  return a.state == b.state && std::ranges::equal(a.values, b.values, same_number) &&
         std::ranges::equal(a.parameters, b.parameters, same_parameter) &&
         std::ranges::equal(a.reports, b.reports, same_report) && a.user == b.user && a.system == b.system &&
         a.started == b.started && a.completed == b.completed;
}

inline bool same_study(const sweep::Study& a, const sweep::Study& b) {
  return a.name == b.name && a.directions == b.directions && a.parameters == b.parameters && a.user == b.user &&
         a.system == b.system && a.deleted == b.deleted && std::ranges::equal(a.trials, b.trials, same_trial);
}

inline bool same_studies(const std::vector<sweep::Study>& a, const std::vector<sweep::Study>& b) {
  return std::ranges::equal(a, b, same_study);
}

/// Draws of one kind after the other.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed, Stream::bootstrap, 0, 0) {}
  std::uint64_t below(std::uint64_t n) {
    if (n <= UINT32_MAX) return random_.below(static_cast<std::uint32_t>(n));
    return (std::uint64_t{random_.below(UINT32_MAX)} << 32 | random_.below(UINT32_MAX)) % n;
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& values) {
    return values[below(values.size())];
  }
  double number() {
    static const std::vector<double> kOdd{0,
                                          -0.0,
                                          1,
                                          -1,
                                          0.1,
                                          1e-5,
                                          1e16,
                                          123456789.125,
                                          5e-324,
                                          1.7976931348623157e308,
                                          1e22,
                                          1e23,
                                          1e-300,
                                          -1e-7,
                                          4.35,
                                          2.5e-5,
                                          std::numeric_limits<double>::infinity(),
                                          -std::numeric_limits<double>::infinity()};
    return one_in(3) ? of(kOdd) : random_.normal() * std::pow(10, static_cast<double>(below(30)) - 15);
  }

 private:
  KeyedRandom random_;
};

/// Texts that a careless reader or writer stumbles over.
inline std::string odd_text(Dice& dice) {
  static const std::vector<std::string> kTexts{
      "lr",      "",      "a b",    "\"quoted\"", "back\\slash", "tab\tline\nreturn\r", "\x01\x1f",
      "\x7f",    "größe", "学習率", "🦊 fox",     "op_code",     "{\"op_code\":4}",     "NaN",
      "\\u0041", "/",     "\b\f"};
  return dice.of(kTexts);
}

struct RandomJournal {
  std::string lines;
  std::vector<sweep::Study> studies;
};

/// A journal of some studies, their records mixed up, and the studies that it must come to. Times are whole
/// microseconds; where the zone sets its clocks back, some may not come back.
inline RandomJournal random_journal(std::uint64_t seed, std::size_t steps) {
  using namespace sweep;
  Dice dice(seed);
  RecordText text("test-" + std::to_string(seed), dice.one_in(2) ? StampForm::utc : StampForm::local);
  std::vector<Study> studies;
  std::vector<std::pair<std::size_t, std::size_t>> places;
  const auto time = [&] {
    // From 1990 to 2050, in steps of a microsecond.
    return (631'152'000'000'000 + static_cast<std::int64_t>(dice.below(1'893'456'000'000'000))) * 1000;
  };
  const auto attribute = [&] {
    static const std::vector<std::string> kJson{
        "null", "true", "[1,2.5,\"a\"]", "{\"b\":{\"c\":[]}}", "\"\\ud83e\\udd8a\"", "-12", "NaN", "1e-05", "{}"};
    return Attribute{odd_text(dice), dice.of(kJson)};
  };
  const auto put = [](std::vector<Attribute>& all, const Attribute& one) {
    const auto at = std::ranges::find(all, one.key, &Attribute::key);
    if (at == all.end()) {
      all.push_back(one);
    } else {
      at->json = one.json;
    }
  };
  const auto distribution = [&]() -> std::pair<std::string, Distribution> {
    switch (dice.below(5)) {
      case 0:
        return {"lr", FloatDistribution{.low = 1e-5, .high = dice.one_in(4) ? 0.01 : 0.1, .log = true}};
      case 1:
        return {"drop", FloatDistribution{.low = 0, .high = 0.5, .step = 0.05}};
      case 2:
        return {"größe",
                IntDistribution{.low = -4, .high = 64 + 2 * static_cast<std::int64_t>(dice.below(3)), .step = 2}};
      case 3:
        return {"n \"x\"", IntDistribution{.low = 1, .high = 1 << 20, .log = true}};
      default:
        return {"opt", CategoricalDistribution{
                           {std::string("ad\"am"), std::monostate{}, true, std::int64_t{3}, 0.5, std::string("学")}}};
    }
  };
  const auto value_of = [&](const Distribution& of) {
    if (std::holds_alternative<FloatDistribution>(of)) return dice.number();
    if (std::holds_alternative<IntDistribution>(of)) return static_cast<double>(dice.below(100)) - 4;
    return static_cast<double>(dice.below(6));
  };
  const auto set = [&](Study& study, Trial& trial, const std::string& name, const Distribution& of, double value) {
    const StudyParameter wanted{name, of};
    auto at = std::ranges::find(study.parameters, wanted);
    if (at == study.parameters.end()) at = study.parameters.insert(at, wanted);
    const auto index = static_cast<std::uint32_t>(at - study.parameters.begin());
    for (TrialParameter& each : trial.parameters) {
      if (study.parameters[each.parameter].name == name) return void(each = {index, value});
    }
    trial.parameters.push_back({index, value});
  };
  const auto report = [](Trial& trial, Report one) {
    const auto at = std::ranges::lower_bound(trial.reports, one.step, {}, &Report::step);
    if (at != trial.reports.end() && at->step == one.step) {
      at->value = one.value;
    } else {
      trial.reports.insert(at, one);
    }
  };
  const auto values = [&](std::size_t count) {
    std::vector<double> out;
    while (out.size() < count) out.push_back(dice.number());
    return out;
  };

  for (std::size_t step = 0; step < steps; ++step) {
    if (studies.empty() || dice.one_in(40)) {
      const std::string name = "study " + std::to_string(dice.below(6)) + odd_text(dice);
      const std::vector<Direction> directions(1 + dice.below(2),
                                              dice.one_in(2) ? Direction::minimize : Direction::maximize);
      text.create_study(name, directions);
      const bool is_known = std::ranges::any_of(studies, [&](const Study& s) { return s.name == name && !s.deleted; });
      if (!is_known) studies.push_back({.name = name, .directions = directions});
      continue;
    }
    if (dice.one_in(60)) {
      const std::size_t id = dice.below(studies.size() + 1);
      text.delete_study(id);
      if (id < studies.size()) studies[id].deleted = true;
      continue;
    }
    if (dice.one_in(20)) {
      const std::size_t id = dice.below(studies.size() + 1);
      const Attribute one = attribute();
      const bool user = dice.one_in(2);
      user ? text.set_study_user(id, one) : text.set_study_system(id, one);
      if (id < studies.size() && !studies[id].deleted) put(user ? studies[id].user : studies[id].system, one);
      continue;
    }
    if (places.empty() || dice.one_in(8)) {
      const std::size_t id = dice.below(studies.size() + (dice.one_in(5) ? 1 : 0));
      Trial trial;
      Study made;  // keeps the trial's parameters where there is no study
      if (dice.one_in(2)) {
        trial.started = time();
        text.create_trial(id, trial.started);
      } else {
        static const std::vector<TrialState> kStates{TrialState::running, TrialState::waiting, TrialState::complete,
                                                     TrialState::failed};
        trial.state = dice.of(kStates);
        if (trial.state != TrialState::waiting) trial.started = time();
        if (is_finished(trial.state)) trial.completed = time();
        if (trial.state == TrialState::complete) trial.values = values(2);
        Study& home = id < studies.size() && !studies[id].deleted ? studies[id] : made;
        std::vector<std::string> names;
        for (std::uint64_t n = dice.below(4); n > 0; --n) {
          const auto [name, of] = distribution();
          if (std::ranges::find(names, name) != names.end()) continue;
          names.push_back(name);
          set(home, trial, name, of, value_of(of));
        }
        for (std::uint64_t n = dice.below(3); n > 0; --n) put(trial.user, attribute());
        for (std::uint64_t n = dice.below(3); n > 0; --n) put(trial.system, attribute());
        for (std::uint64_t n = dice.below(3); n > 0; --n)
          report(trial, {static_cast<std::int64_t>(dice.below(9)) - 2, dice.number()});
        text.create_trial(id, trial, home.parameters);
      }
      if (id < studies.size() && !studies[id].deleted) {
        places.emplace_back(id, studies[id].trials.size());
        studies[id].trials.push_back(trial);
      }
      continue;
    }
    const std::size_t id = dice.below(places.size() + (dice.one_in(20) ? 1 : 0));
    Study nowhere;
    Trial lost{.state = TrialState::failed};
    Study& study = id < places.size() ? studies[places[id].first] : nowhere;
    Trial& trial = id < places.size() ? study.trials[places[id].second] : lost;
    const bool open = !is_finished(trial.state);
    switch (dice.below(6)) {
      case 0: {
        const auto [name, of] = distribution();
        const double value = value_of(of);
        text.set_parameter(id, name, of, value);
        if (open) set(study, trial, name, of, value);
        break;
      }
      case 1: {
        const Report one{static_cast<std::int64_t>(dice.below(5)), dice.one_in(4) ? std::nan("") : dice.number()};
        text.report(id, one.step, one.value);
        if (open) report(trial, one);
        break;
      }
      case 2: {
        const Attribute one = attribute();
        const bool user = dice.one_in(2);
        user ? text.set_trial_user(id, one) : text.set_trial_system(id, one);
        if (open) put(user ? trial.user : trial.system, one);
        break;
      }
      case 3: {
        const std::int64_t now = time();
        text.set_running(id, now);
        if (open && trial.state == TrialState::waiting) {
          trial.state = TrialState::running;
          trial.started = now;
        }
        break;
      }
      case 4:
        text.set_waiting(id);
        if (open) trial.state = TrialState::waiting;
        break;
      default: {
        static const std::vector<TrialState> kEnds{TrialState::complete, TrialState::pruned, TrialState::failed};
        const TrialState end = dice.of(kEnds);
        const std::int64_t now = time();
        const std::vector<double> losses = values(end == TrialState::complete ? 1 : dice.below(2));
        text.finish(id, end, losses, dice.one_in(2) ? trial.started : kNoTime, now);
        if (!open) break;
        trial.state = end;
        trial.completed = now;
        if (!losses.empty()) trial.values = losses;
      }
    }
  }
  return {text.take(), studies};
}

}  // namespace moola::test
