#include "learn/trainer.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>

#include "base/error.h"
#include "base/keyed_random.h"
#include "base/stop_flag.h"
#include "learn/masked_objective.h"

using namespace moola;
using namespace moola::learn;

namespace {

constexpr std::int64_t kLength = 21, kChannels = 4;

// Window `number` of a made-up set: a walk of its own.
void fill_window(std::uint64_t number, float* out) {
  KeyedRandom random(77, Stream::augmentation, 0, number);
  double level = 0;
  for (std::int64_t t = 0; t < kLength; ++t) {
    level += 0.3 * random.normal();
    for (std::int64_t c = 0; c < kChannels; ++c) *out++ = static_cast<float>(level);
  }
}

struct Training {
  models::Parameters parameters;
  std::unique_ptr<models::Encoder> encoder;
  std::unique_ptr<MaskedObjective> objective;
  comm::Communicator solo;
  std::unique_ptr<comm::Collectives> collectives = comm::host_collectives(solo);
  std::vector<std::string> lines;  // of metrics
  std::vector<Checkpoint> checkpoints;
  std::int64_t checkpoint_at = -1;
  std::function<void(std::int64_t)> on_step;
  std::unique_ptr<Trainer> trainer;

  explicit Training(TrainerOptions options, bool holdout = true, std::function<void(float*, std::int64_t)> spoil = {}) {
    encoder = models::make_encoder({.channels = kChannels, .hidden = 8}, parameters);
    objective = std::make_unique<MaskedObjective>(
        *encoder, parameters, kLength,
        MaskedOptions{.mask = {.strategy = MaskStrategy::patch, .ratio = 0.5, .patch = 7}});
    parameters.allocate(at::kCPU);
    encoder->initialise(1);
    objective->initialise();
    options.length = kLength;
    options.channels = kChannels;
    const std::int64_t batch = options.batch;
    TrainingWindows training{.count = 100,
                             .fill = [batch, spoil](std::int64_t step, std::int64_t first,
                                                    std::span<const std::uint8_t> hidden, std::span<float> out) {
                               BOOST_TEST(hidden.size() * kChannels == out.size());
                               for (std::size_t i = 0; i * kLength * kChannels < out.size(); ++i) {
                                 fill_window(static_cast<std::uint64_t>(step * batch + first) + i,
                                             out.data() + i * kLength * kChannels);
                               }
                               if (spoil) spoil(out.data(), step);
                             }};
    HoldoutWindows held{.count = holdout ? 20 : 0,
                        .fill = [](std::int64_t first, std::span<const std::uint8_t> hidden, std::span<float> out) {
                          BOOST_TEST(hidden.size() * kChannels == out.size());
                          for (std::size_t i = 0; i * kLength * kChannels < out.size(); ++i) {
                            fill_window(1'000'000 + static_cast<std::uint64_t>(first) + i,
                                        out.data() + i * kLength * kChannels);
                          }
                        }};
    TrainerListener listener;
    listener.metrics = [this](std::int64_t step, std::int64_t epoch, const std::string& split, const Metrics& metrics) {
      std::string line = std::to_string(step) + " " + std::to_string(epoch) + " " + split;
      for (const auto& [name, value] : metrics) line += fmt::format(" {}={:a}", name, value);
      lines.push_back(line);
    };
    listener.step = [this](std::int64_t step, std::int64_t, double) {
      if (on_step) on_step(step);
    };
    listener.checkpoint_due = [this](std::int64_t step) { return step == checkpoint_at; };
    listener.checkpoint = [this](Checkpoint checkpoint) { checkpoints.push_back(std::move(checkpoint)); };
    trainer = std::make_unique<Trainer>(solo, *collectives, parameters, *objective, training, held, options, listener);
  }
};

TrainerOptions short_training() {
  TrainerOptions options;
  options.batch = 10;
  options.microbatch = 4;
  options.epochs = 2;
  options.schedule = {.peak = 1e-2, .floor = 1e-4};
  options.evaluate_every = 6;
  options.log_every = 4;
  return options;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Under a stop flag of its own, so that no signal of an earlier run is left.
TrainingResult run(Training& training) {
  const StopFlag flag;
  return training.trainer->run();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trainer)

BOOST_AUTO_TEST_CASE(the_loss_falls) {
  TrainerOptions options = short_training();
  options.epochs = 20;
  options.evaluate_every = options.log_every = 100;
  Training training(options);
  const TrainingResult result = run(training);
  BOOST_TEST(result.step == 200);
  BOOST_TEST((result.end == TrainingEnd::all_steps));
  const auto loss_of = [&](std::size_t line) {
    return std::strtod(training.lines[line].c_str() + training.lines[line].find("loss=") + 5, nullptr);
  };
  BOOST_TEST(training.lines.size() == 4U);  // two of training, two of the hold-out
  BOOST_TEST(loss_of(3) < loss_of(1));
}

BOOST_AUTO_TEST_CASE(a_training_continued_from_a_checkpoint_ends_with_the_same_bits_and_lines) {
  Training whole(short_training());
  whole.checkpoint_at = 7;  // between two lines of metrics and two evaluations
  const TrainingResult expected = run(whole);
  BOOST_REQUIRE(whole.checkpoints.size() == 2U);
  BOOST_TEST(whole.checkpoints[0].step == 7);

  Training rest(short_training());
  rest.trainer->restore(whole.checkpoints[0]);
  const TrainingResult result = run(rest);
  BOOST_TEST(same_bits(result.values, expected.values));
  BOOST_TEST(same_bits(rest.checkpoints.back().second_moment, whole.checkpoints.back().second_moment));
  const std::vector<std::string> late(whole.lines.end() - static_cast<std::ptrdiff_t>(rest.lines.size()),
                                      whole.lines.end());
  BOOST_TEST(rest.lines == late, boost::test_tools::per_element());
  BOOST_TEST(rest.lines.size() < whole.lines.size());
}

BOOST_AUTO_TEST_CASE(a_stop_signal_leaves_a_checkpoint_of_the_last_whole_step) {
  Training stopped(short_training());
  stopped.on_step = [](std::int64_t step) {
    if (step == 9) std::raise(SIGTERM);
  };
  const TrainingResult result = run(stopped);
  BOOST_TEST((result.end == TrainingEnd::stop_signal));
  BOOST_TEST(result.step == 9);
  BOOST_REQUIRE(stopped.checkpoints.size() == 1U);
  BOOST_TEST(stopped.checkpoints[0].step == 9);
}

BOOST_AUTO_TEST_CASE(what_a_stop_signal_interrupted_goes_on_to_the_same_bits) {
  Training whole(short_training());
  const TrainingResult expected = run(whole);
  Training stopped(short_training());
  {
    // Step 6 is followed by an evaluation: the signal lands in it.
    stopped.on_step = [](std::int64_t step) {
      if (step == 6) std::raise(SIGTERM);
    };
    BOOST_TEST((run(stopped).end == TrainingEnd::stop_signal));
  }
  Training rest(short_training());
  rest.trainer->restore(stopped.checkpoints.back());
  BOOST_TEST(same_bits(run(rest).values, expected.values));
  std::vector<std::string> lines = stopped.lines;
  lines.insert(lines.end(), rest.lines.begin(), rest.lines.end());
  BOOST_TEST(lines == whole.lines, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(without_a_better_evaluation_the_training_ends_early_with_the_best_weights) {
  TrainerOptions options = short_training();
  options.epochs = 100;
  options.evaluate_every = 1;
  options.patience = 3;
  options.schedule = {.kind = ScheduleKind::constant, .peak = 0.5};  // far too high: it soon gets worse
  Training training(options);
  std::map<std::int64_t, std::vector<float>> values_at;
  training.on_step = [&](std::int64_t step) {
    const at::Tensor values = training.parameters.values();
    const auto* begin = values.const_data_ptr<float>();
    values_at[step] = {begin, begin + values.numel()};
  };
  const TrainingResult result = run(training);
  BOOST_TEST((result.end == TrainingEnd::no_improvement));
  BOOST_TEST(result.step == result.best_step + 3);
  BOOST_TEST(same_bits(result.values, values_at.at(result.best_step)));
  BOOST_TEST(!same_bits(result.values, values_at.at(result.step)));
}

BOOST_AUTO_TEST_CASE(a_value_that_is_not_finite_ends_the_training_with_the_step_named) {
  Training training(short_training(), true, [](float* first, std::int64_t step) {
    if (step == 3) *first = NAN;
  });
  BOOST_CHECK_EXCEPTION(run(training), ConfigError, [](const ConfigError& error) {
    return std::string(error.what()).find("step 3") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(a_batch_larger_than_the_set_is_refused) {
  TrainerOptions options = short_training();
  options.batch = 101;
  BOOST_CHECK_THROW(Training{options}, ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()
