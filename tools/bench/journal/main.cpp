// Journals of sweeps.
//   bench-journal make FILE TRIALS            a journal of a study with 5 parameters and 10 reports a trial
//   bench-journal replay FILE THREADS ROUNDS  reads it; prints "ours-replay: S s" of the best round
//   bench-journal writes FILE THREADS TRIALS  begins and ends trials of 5 parameters, two durable writes for each;
//   prints
//                                             "ours-writes-THREADS: S s a trial"
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include "base/keyed_random.h"
#include "base/utc_time.h"
#include "sweep/journal/journal_writer.h"
#include "sweep/journal/record_text.h"
#include "sweep/space/unit_interval.h"

namespace {

using namespace moola;
using namespace moola::sweep;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

std::vector<StudyParameter> parameters() {
  return {{"lr", FloatDistribution{.low = 1e-5, .high = 0.1, .log = true}},
          {"momentum", FloatDistribution{.low = 0, .high = 1}},
          {"layers", IntDistribution{.low = 1, .high = 16}},
          {"drop", FloatDistribution{.low = 0, .high = 0.5, .step = 0.05}},
          {"optimiser", CategoricalDistribution{{std::string("adam"), std::string("sgd"), std::string("lion")}}}};
}

void begin_trial(RecordText& text, std::uint64_t id, const std::vector<StudyParameter>& space, KeyedRandom& random) {
  text.create_trial(0, utc_now());
  for (const StudyParameter& parameter : space) {
    text.set_parameter(id, parameter.name, parameter.distribution,
                       from_unit(parameter.distribution, random.uniform_double()));
  }
}

std::string study_line() {
  RecordText text("8a1f3c52-5d2c-4f0e-9c61-1f7e2a3b4c5d-140553491098496");
  text.create_study("demo", std::vector{Direction::minimize});
  return text.take();
}

void make(const std::string& file, std::uint64_t trials) {
  const std::vector<StudyParameter> space = parameters();
  RecordText text("8a1f3c52-5d2c-4f0e-9c61-1f7e2a3b4c5d-140553491098496");
  JournalWriter writer(file);
  writer.append(study_line());
  for (std::uint64_t id = 0; id < trials; ++id) {
    KeyedRandom random(1, Stream::sampler, 0, id);
    begin_trial(text, id, space, random);
    for (std::int64_t step = 0; step < 10; ++step) text.report(id, step, random.uniform_double());
    text.finish(id, TrialState::complete, std::vector{random.uniform_double()}, kNoTime, utc_now());
    if (id % 1000 == 999 || id + 1 == trials) writer.append(text.take());
  }
}

void replay(const std::string& file, unsigned threads, int rounds) {
  double best = 1e30;
  for (int round = 0; round < rounds; ++round) {
    const auto began = Clock::now();
    JournalReader reader(file, threads);
    reader.update();
    best = std::min(best, seconds_since(began));
  }
  fmt::print("ours-replay: {:.5f} s\n", best);
}

void writes(const std::string& file, unsigned threads, std::uint64_t trials) {
  const std::vector<StudyParameter> space = parameters();
  JournalWriter writer(file);
  writer.append(study_line());
  std::atomic<std::uint64_t> next{0};
  const auto began = Clock::now();
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i) {
      workers.emplace_back([&, i] {
        RecordText text("w" + std::to_string(i));
        for (std::uint64_t id = next++; id < trials; id = next++) {
          KeyedRandom random(1, Stream::sampler, 0, id);
          begin_trial(text, id, space, random);
          writer.append(text.take());
          text.finish(id, TrialState::complete, std::vector{random.uniform_double()}, kNoTime, utc_now());
          writer.append(text.take());
        }
      });
    }
  }
  fmt::print("ours-writes-{}: {:.7f} s a trial\n", threads, seconds_since(began) / static_cast<double>(trials));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  try {
    if (what == "make" && argc == 4) return make(argv[2], std::stoull(argv[3])), 0;
    if (what == "replay" && argc == 5)
      return replay(argv[2], static_cast<unsigned>(std::stoul(argv[3])), std::stoi(argv[4])), 0;
    if (what == "writes" && argc == 5)
      return writes(argv[2], static_cast<unsigned>(std::stoul(argv[3])), std::stoull(argv[4])), 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-journal: {}\n", error.what());
    return 1;
  }
  fmt::print(stderr,
             "usage: bench-journal make FILE TRIALS | replay FILE THREADS ROUNDS | writes FILE THREADS TRIALS\n");
  return 2;
}
