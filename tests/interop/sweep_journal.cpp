// What tests/interop/journal_test.py holds beside Optuna:
//   sweep-journal show FILE                 what the journal comes to, as JSON
//   sweep-journal write FILE                a journal with everything in it that can be written
//   sweep-journal work FILE STUDY TRIALS    takes part in a study until it has so many trials; prints how many were
//   ours
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "base/utc_time.h"
#include "sweep/journal/journal_writer.h"
#include "sweep/journal/record_text.h"

namespace {

using namespace moola;
using namespace moola::sweep;

std::string json_text_of(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string list_of(const auto& values, const auto& text_of) {
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : ",") + text_of(value);
  return out;
}

std::string attributes_of(const std::vector<Attribute>& attributes) {
  return "{" + list_of(attributes, [](const Attribute& a) { return json_text_of(a.key) + ":" + a.json; }) + "}";
}

// Python's JSON, with bare NaN and Infinity; times in seconds.
void show(const std::string& file) {
  fmt::print("[");
  bool first = true;
  for (const Study& study : read_journal(file)) {
    if (study.deleted) continue;
    const auto trial_text = [&](const Trial& trial) {
      const auto time = [](std::int64_t t) { return t == kNoTime ? "null" : fmt::format("{}", t / 1000); };
      return fmt::format(
          R"({{"state":"{}","values":{},"params":{{{}}},"distributions":{{{}}},"reports":{{{}}},"user":{},"system":{},"started":{},"completed":{}}})",
          name_of(trial.state),
          trial.values.empty() ? "null"
                               : "[" + list_of(trial.values, [](double v) { return json_number_text(v); }) + "]",
          list_of(trial.parameters,
                  [&](const TrialParameter& set) {
                    const StudyParameter& parameter = study.parameters[set.parameter];
                    return json_text_of(parameter.name) + ":" + json_of(outer(parameter.distribution, set.value));
                  }),
          list_of(trial.parameters,
                  [&](const TrialParameter& set) {
                    const StudyParameter& parameter = study.parameters[set.parameter];
                    return json_text_of(parameter.name) + ":" + json_text_of(json_of(parameter.distribution));
                  }),
          list_of(trial.reports,
                  [](const Report& r) { return fmt::format("\"{}\":{}", r.step, json_number_text(r.value)); }),
          attributes_of(trial.user), attributes_of(trial.system), time(trial.started), time(trial.completed));
    };
    fmt::print(R"({}{{"name":{},"directions":[{}],"user":{},"system":{},"trials":[{}]}})", first ? "" : ",",
               json_text_of(study.name),
               list_of(study.directions, [](Direction d) { return std::to_string(static_cast<int>(d)); }),
               attributes_of(study.user), attributes_of(study.system), list_of(study.trials, trial_text));
    first = false;
  }
  fmt::print("]\n");
}

const std::vector<StudyParameter>& parameters() {
  static const std::vector<StudyParameter> kParameters{
      {"lr", FloatDistribution{.low = 1e-5, .high = 0.1, .log = true}},
      {"drop", FloatDistribution{.low = 0, .high = 0.5, .step = 0.05}},
      {"n", IntDistribution{.low = 2, .high = 16, .step = 2}},
      {"größe 🦊", IntDistribution{.low = 1, .high = 64, .log = true}},
      {"opt", CategoricalDistribution{
                  {std::string("ad\"am"), std::monostate{}, true, std::int64_t{3}, 0.5, std::string("学")}}}};
  return kParameters;
}

void write(const std::string& file) {
  constexpr std::int64_t now = 1'800'000'000'123'456'000;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  RecordText text("moola-test");
  text.create_study("one \"objective\"", std::vector{Direction::maximize});
  text.set_study_user(0, {"note", R"({"a": [1, null, "ü"]})"});
  text.set_study_system(0, {"qmc", "3"}, std::vector<std::string>{"accuracy"});
  text.create_study("two", std::vector{Direction::minimize, Direction::maximize});
  text.create_study("two", std::vector{Direction::minimize});
  text.create_study("gone", std::vector{Direction::minimize});
  text.delete_study(2);
  for (std::uint64_t trial = 0; trial < 6; ++trial) {
    text.create_trial(0, now + static_cast<std::int64_t>(trial) * 1'000'000'000);
    for (std::size_t i = 0; i < parameters().size(); ++i) {
      const double values[] = {0.1 / static_cast<double>(trial + 3), 0.05 * static_cast<double>(trial),
                               2.0 * static_cast<double>(trial + 1), 1.0 + static_cast<double>(trial),
                               static_cast<double>(trial % 6)};
      text.set_parameter(trial, parameters()[i].name, parameters()[i].distribution, values[i]);
    }
    for (std::int64_t step = 0; step < 4; ++step)
      text.report(trial, step, step == 2 ? std::nan("") : 1.0 / static_cast<double>(step + 3));
    text.report(trial, 1, -infinity);
    text.set_trial_user(trial, {"node", "\"gpü-1\""});
    text.set_trial_system(trial, {"completed_rung_0", "0.25"});
  }
  text.finish(0, TrialState::complete, std::vector{0.1 + 0.2}, now, now + 5'000'000);
  text.finish(1, TrialState::complete, std::vector{infinity}, now, now);
  text.finish(2, TrialState::pruned, std::vector{0.25}, now, now);
  text.finish(3, TrialState::failed, {}, now, now);
  text.set_waiting(4);
  Trial whole{.state = TrialState::complete,
              .values = {1, -2.5e-300},
              .parameters = {{0, 0.01}, {4, 5}},
              .reports = {{-1, 0.5}, {7, std::nan("")}},
              .user = {{"k", "[ 1 , 2 ]"}},
              .started = now,
              .completed = now};
  text.create_trial(1, whole, parameters());
  text.create_trial(1, Trial{.state = TrialState::waiting, .system = {{"fixed_params", R"({"lr": 0.01})"}}}, {});
  JournalWriter(file).append(text.take());
}

void work(const std::string& file, const std::string& name, std::size_t wanted) {
  JournalWriter writer(file);
  JournalReader reader(file);
  RecordText text("moola-" + std::to_string(::getpid()));
  std::size_t ours = 0;
  for (bool more = true; more;) {
    std::uint64_t id = 0;
    const std::int64_t started = utc_now();
    writer.append_after_reading(reader, [&](const JournalReader& now) -> std::string {
      std::size_t study = 0;
      while (now.studies()[study].deleted || now.studies()[study].name != name) ++study;
      more = now.studies()[study].trials.size() < wanted;
      if (!more) return "";
      id = now.state().trials().size();
      text.take();
      text.create_trial(study, started);
      text.set_parameter(id, "x", FloatDistribution{.low = -5, .high = 5}, 0.25);
      return text.take();
    });
    if (!more) break;
    text.report(id, 0, 1);
    writer.append(text.take());
    text.finish(id, TrialState::complete, std::vector{0.0625}, started, utc_now());
    writer.append(text.take());
    ++ours;
  }
  fmt::print("{}\n", ours);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  try {
    if (what == "show" && argc == 3) return show(argv[2]), 0;
    if (what == "write" && argc == 3) return write(argv[2]), 0;
    if (what == "work" && argc == 5) return work(argv[2], argv[3], std::stoul(argv[4])), 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "sweep-journal: {}\n", error.what());
    return 1;
  }
  fmt::print(stderr, "usage: sweep-journal show FILE | write FILE | work FILE STUDY TRIALS\n");
  return 2;
}
