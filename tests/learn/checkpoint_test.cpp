#include "learn/checkpoint.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <span>

#include "base/atomic_file.h"
#include "base/child_process.h"
#include "base/error.h"
#include "base/keyed_random.h"
#include "data/files/safetensors.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::learn;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

models::Parameters parameters_of(std::int64_t rows) {
  models::Parameters parameters;
  parameters.add("lstm.weight_ih_l0", {rows, 3});
  parameters.add("lstm.bias_ih_l0", {rows});
  parameters.allocate(at::kCPU);
  return parameters;
}

// A state that the step determines, with every kind of float in it.
Checkpoint state(const models::Parameters& parameters, std::int64_t step) {
  const auto fill = [&](std::uint64_t which) {
    std::vector<float> values(static_cast<std::size_t>(parameters.elements()));
    KeyedRandom random(which, Stream::augmentation, static_cast<std::uint64_t>(step), 0);
    for (float& value : values) value = static_cast<float>(random.normal());
    values[0] = -0.0F;
    values[1] = 1e-42F;
    return values;
  };
  return {.step = step,
          .values = fill(1),
          .first_moment = fill(2),
          .second_moment = fill(3),
          .best_values = fill(4),
          .best_loss = 0.1 + 0.2,
          .best_step = step / 2,
          .stale_evaluations = 3,
          .evaluated_step = step - 1,
          .metrics_bytes = 1LL << 40,
          .pending = {1.0 / 3, -0.0, 1e300, std::numeric_limits<double>::infinity()},
          .belongs_to = {{"data", "unlabeled_windows/x/v1 3f9a"}, {"config", "[train]\nlr = 0.001\n"}}};
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::equal(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)));
}

void check_same(const Checkpoint& a, const Checkpoint& b) {
  BOOST_TEST(a.step == b.step);
  BOOST_TEST(same_bits(a.values, b.values));
  BOOST_TEST(same_bits(a.first_moment, b.first_moment));
  BOOST_TEST(same_bits(a.second_moment, b.second_moment));
  BOOST_TEST(same_bits(a.best_values, b.best_values));
  BOOST_TEST(a.best_loss == b.best_loss);
  BOOST_TEST(a.best_step == b.best_step);
  BOOST_TEST(a.stale_evaluations == b.stale_evaluations);
  BOOST_TEST(a.evaluated_step == b.evaluated_step);
  BOOST_TEST(a.metrics_bytes == b.metrics_bytes);
  BOOST_TEST(same_bits(a.pending, b.pending));
  BOOST_TEST((a.belongs_to == b.belongs_to));
}

std::vector<std::string> names(const fs::path& folder) {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

std::string refusal(const fs::path& file, const models::Parameters& parameters) {
  try {
    read_checkpoint(file, parameters);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoint)

BOOST_AUTO_TEST_CASE(a_state_comes_back_to_the_bit) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(4);
  write_checkpoint(folder.path(), state(parameters, 1200), parameters);
  check_same(read_checkpoint(folder / "step-00001200.safetensors", parameters), state(parameters, 1200));
}

BOOST_AUTO_TEST_CASE(a_state_before_the_first_evaluation_has_no_best) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(4);
  Checkpoint early = state(parameters, 1);
  early.best_values.clear();
  early.best_step = -1;
  early.best_loss = std::numeric_limits<double>::infinity();
  early.pending.clear();
  early.belongs_to.clear();
  write_checkpoint(folder.path(), early, parameters);
  check_same(read_checkpoint(folder / "step-00000001.safetensors", parameters), early);
}

BOOST_AUTO_TEST_CASE(the_same_state_gives_the_same_bytes_and_may_be_written_again) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(4);
  write_checkpoint(folder / "a", state(parameters, 5), parameters);
  write_checkpoint(folder / "b", state(parameters, 5), parameters);
  write_checkpoint(folder / "b", state(parameters, 5), parameters);
  BOOST_TEST((read_file(folder / "a/step-00000005.safetensors") == read_file(folder / "b/step-00000005.safetensors")));
}

BOOST_AUTO_TEST_CASE(the_newest_is_the_one_with_the_highest_step) {
  const TemporaryFolder folder;
  BOOST_TEST(!newest_checkpoint(folder / "missing").has_value());
  BOOST_TEST(!newest_checkpoint(folder.path()).has_value());
  const models::Parameters parameters = parameters_of(4);
  for (const std::int64_t step : {900, 100'000'000, 99'999'999, 1000}) {  // nine digits sort before eight as text
    write_checkpoint(folder.path(), state(parameters, step), parameters);
  }
  for (const char* name :
       {"step-999999999.safetensors.tmp", ".step-999999999.safetensors.h.1.0.tmp", "step-x.safetensors",
        "step--5.safetensors", "best-999999999.safetensors", "step-.safetensors"}) {
    write_file(folder / name, "");
  }
  BOOST_TEST(newest_checkpoint(folder.path()).value().filename() == "step-100000000.safetensors");
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_anywhere_is_found) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(4);
  write_checkpoint(folder.path(), state(parameters, 5), parameters);
  const fs::path file = folder / "step-00000005.safetensors";
  const std::string sound = read_file(file);
  for (std::size_t at = 0; at < sound.size(); ++at) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    write_file(file, damaged);
    try {
      check_same(read_checkpoint(file, parameters), state(parameters, 5));  // a blank behind the header may change
    } catch (const DataError&) {
    }
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_checkpoint_is_put_aside_for_the_one_before_it) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(4);
  BOOST_TEST(!newest_sound_checkpoint(folder.path()).has_value());
  for (const std::int64_t step : {7, 8, 9}) write_checkpoint(folder.path(), state(parameters, step), parameters);
  BOOST_TEST(newest_sound_checkpoint(folder.path()).value().filename() == "step-00000009.safetensors");
  fs::resize_file(folder / "step-00000009.safetensors", 300);
  std::string flipped = read_file(folder / "step-00000008.safetensors");
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  write_file(folder / "step-00000008.safetensors", flipped);
  BOOST_TEST(newest_sound_checkpoint(folder.path()).value().filename() == "step-00000007.safetensors");
  BOOST_TEST(fs::exists(folder / "step-00000009.safetensors.damaged"));
  // Later ones are not pruned for the sake of it.
  write_checkpoint(folder.path(), state(parameters, 8), parameters);
  prune_checkpoints(folder.path(), 1);
  BOOST_TEST(newest_sound_checkpoint(folder.path()).value().filename() == "step-00000008.safetensors");
  fs::resize_file(folder / "step-00000008.safetensors", 300);
  BOOST_CHECK_THROW(newest_sound_checkpoint(folder.path()), DataError);
  BOOST_TEST(fs::exists(folder / "step-00000008.safetensors"));
}

BOOST_AUTO_TEST_CASE(pruning_keeps_the_newest_and_what_is_no_checkpoint) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(4);
  for (const std::int64_t step : {1, 2, 3, 4}) write_checkpoint(folder.path(), state(parameters, step), parameters);
  write_file(folder / "note.txt", "");
  prune_checkpoints(folder.path(), 4);
  BOOST_TEST(names(folder.path()).size() == 5U);
  prune_checkpoints(folder.path(), 2);
  BOOST_TEST(names(folder.path()) ==
                 (std::vector<std::string>{"note.txt", "step-00000003.safetensors", "step-00000004.safetensors"}),
             boost::test_tools::per_element());
  prune_checkpoints(folder.path(), 0);  // one always stays
  BOOST_TEST(names(folder.path()) == (std::vector<std::string>{"note.txt", "step-00000004.safetensors"}),
             boost::test_tools::per_element());
  BOOST_CHECK_NO_THROW(prune_checkpoints(folder / "missing", 2));
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_another_model_is_refused) {
  const TemporaryFolder folder;
  const models::Parameters small = parameters_of(4), large = parameters_of(5);
  write_checkpoint(folder.path(), state(small, 1), small);
  const std::string message = refusal(folder / "step-00000001.safetensors", large);
  BOOST_TEST(holds(message, "model.lstm.weight_ih_l0 has another shape than the model's"), message);
  BOOST_TEST(holds(message, "step-00000001.safetensors"), message);
}

BOOST_AUTO_TEST_CASE(a_damaged_or_foreign_file_is_refused) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(4);
  write_checkpoint(folder.path(), state(parameters, 1), parameters);
  const fs::path good = folder / "step-00000001.safetensors";
  const std::string content = read_file(good);
  write_file(folder / "cut", content.substr(0, content.size() / 2));
  BOOST_TEST(holds(refusal(folder / "cut", parameters), "is damaged"));
  data::write_safetensors(folder / "foreign", {}, {{"schema", "moola.encoder/1"}});
  BOOST_TEST(
      holds(refusal(folder / "foreign", parameters), "has the schema moola.encoder/1; expected moola.checkpoint/1"));
  data::write_safetensors(folder / "plain", {}, {});
  BOOST_TEST(holds(refusal(folder / "plain", parameters), "says nothing of 'schema'"));
  // A value of the header that no program of ours writes, but well sealed.
  const auto with = [&](const std::string& key, const std::string& value) {
    const data::SafetensorsFile file(good);
    std::map<std::string, std::string> metadata = file.metadata();
    BOOST_REQUIRE(metadata.contains(key));
    metadata[key] = value;
    std::vector<data::TensorToWrite> tensors;
    for (const auto& [name, tensor] : file.tensors())
      tensors.push_back({name, tensor.type, tensor.shape, tensor.bytes});
    data::write_sealed_safetensors(folder / "changed", tensors, metadata);
    return refusal(folder / "changed", parameters);
  };
  BOOST_TEST(holds(with("step", "x"), "'step' should be an integer, found 'x'"));
  BOOST_TEST(holds(with("best_loss", "zz1"), "'best_loss' should be numbers, found 'zz1"));
  BOOST_TEST(holds(with("pending", "inf?"), "'pending' should be numbers"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(checkpoint_writer)

BOOST_AUTO_TEST_CASE(everything_handed_over_is_on_disk_after_wait_and_old_ones_are_pruned) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(4);
  CheckpointWriter writer(folder / "checkpoints", parameters, 2);
  for (std::int64_t step = 1; step <= 6; ++step) writer.write(state(parameters, step));
  writer.wait();
  BOOST_TEST(names(folder / "checkpoints") ==
                 (std::vector<std::string>{"step-00000005.safetensors", "step-00000006.safetensors"}),
             boost::test_tools::per_element());
  check_same(read_checkpoint(newest_checkpoint(folder / "checkpoints").value(), parameters), state(parameters, 6));
}

BOOST_AUTO_TEST_CASE(the_end_of_the_writer_waits_for_what_was_handed_over) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(4);
  { CheckpointWriter(folder.path(), parameters, 2).write(state(parameters, 9)); }
  check_same(read_checkpoint(folder / "step-00000009.safetensors", parameters), state(parameters, 9));
}

BOOST_AUTO_TEST_CASE(an_error_of_the_writing_reaches_the_trainer_once) {
  const TemporaryFolder folder;
  write_file(folder / "file", "no folder");
  const models::Parameters parameters = parameters_of(4);
  CheckpointWriter writer(folder / "file", parameters, 2);
  writer.write(state(parameters, 1));
  BOOST_CHECK_THROW(writer.wait(), IoError);
  BOOST_CHECK_NO_THROW(writer.wait());
}

BOOST_AUTO_TEST_CASE(an_error_of_the_writing_reaches_the_next_writes_too) {
  const TemporaryFolder folder;
  write_file(folder / "file", "no folder");
  const models::Parameters parameters = parameters_of(4);
  CheckpointWriter writer(folder / "file", parameters, 2);
  // The third waits until the second is taken, so the first has failed by then.
  BOOST_CHECK_THROW(for (std::int64_t step = 1; step <= 3; ++step) writer.write(state(parameters, step)), IoError);
}

BOOST_AUTO_TEST_CASE(a_killed_process_leaves_whole_checkpoints_only) {
  const TemporaryFolder folder;
  const models::Parameters parameters = parameters_of(20'000);  // 320 kB a buffer
  for (std::uint64_t round = 0; round < 12; ++round) {
    test::ChildProcess training([&](const auto& ready) {
      for (std::int64_t step = 1; step < 1000; ++step) {
        write_checkpoint(folder.path(), state(parameters, step), parameters);
        prune_checkpoints(folder.path(), 2);
        if (step == 1) ready();
      }
    });
    BOOST_REQUIRE(training.ready());
    ::usleep(KeyedRandom(1, Stream::augmentation, 0, round).below(30'000));
    training.kill();
    const auto newest = newest_checkpoint(folder.path());
    BOOST_REQUIRE(newest.has_value());
    const Checkpoint read = read_checkpoint(*newest, parameters);
    check_same(read, state(parameters, read.step));
    remove_abandoned(folder.path());
    for (const std::string& name : names(folder.path())) BOOST_TEST(!name.ends_with(".tmp"));
    for (const std::string& name : names(folder.path())) fs::remove(folder / name);
  }
}

BOOST_AUTO_TEST_SUITE_END()
