// moola encode as its users call it.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <random>

#include "base/json.h"
#include "data/files/safetensors.h"
#include "data/tables/embeddings_file.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/planted_windows.h"
#include "tests/work/pretrain_workspace.h"

using namespace moola;
using namespace moola::test;

namespace {

// An encoder of the sample, and labelled windows of something else.
struct Encoder {
  Workspace workspace;

  explicit Encoder(const data::WindowTable& table = planted_windows({.windows = 40})) {
    const ProcessResult trained = workspace.pretrain({"--ranks", "1", "--quiet"});
    BOOST_REQUIRE_MESSAGE(trained.exit_code == 0, trained.errors);
    store_windows(workspace.path, "mine", table);
  }
  ProcessResult run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--workspace", workspace.path.string(), "--device", "cpu"});
    return run_program("moola-encode", arguments);
  }
  Json answer(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--json", "--quiet"});
    const ProcessResult result = run(arguments);
    BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
    return parse_json(result.output, "standard output");
  }
  data::EmbeddingsFile read(const Json& answer) const {
    return data::EmbeddingsFile(workspace.path, data::parse_dataset_id(answer.at("id").get<std::string>()));
  }
  std::string refused(std::vector<std::string> arguments) const {
    const ProcessResult result = run(std::move(arguments));
    BOOST_TEST(result.exit_code == 2, result.errors);
    BOOST_TEST(result.output == "");
    BOOST_TEST(result.errors.find("\n\n") == std::string::npos);
    BOOST_TEST(!fs::exists(workspace.path / "data/embeddings"));
    return result.errors;
  }
};

const std::vector<std::string> kMine{"--encoder", "tiny", "--data", "labeled_windows/mine/v1"};

std::vector<std::string> mine(const std::vector<std::string>& more) {
  std::vector<std::string> out = kMine;
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(encoding)

BOOST_AUTO_TEST_CASE(windows_become_rows_on_any_number_of_threads_and_only_once) {
  const Encoder encoder;
  const Json one = encoder.answer(mine({"--threads", "1"}));
  BOOST_TEST(one["id"] == "embeddings/mine-tiny-v1/v1");
  BOOST_TEST(one["rows"] == 40);
  BOOST_TEST(one["dims"] == 16);
  BOOST_TEST(one["pooling"] == "mean");
  BOOST_TEST(encoder.answer(mine({"--threads", "3"}))["id"] == one["id"]);  // the same content is the same version
  BOOST_TEST(encoder.answer(mine({"--pool", "last"}))["id"] == "embeddings/mine-tiny-v1/v2");
  BOOST_TEST(encoder.answer(mine({"--pool", "last", "--name", "other"}))["id"] == "embeddings/other/v1");
}

BOOST_AUTO_TEST_CASE(what_the_encoder_has_seen_goes_with_them) {
  const Encoder encoder;
  const fs::path file = encoder.workspace.path / "artifacts/encoders/tiny-v1.safetensors";
  const data::SafetensorsFile trained(file);
  const data::EmbeddingsFile made = encoder.read(encoder.answer(kMine));
  BOOST_TEST(made.info().seen == parse_json(trained.metadata().at("seen"), "seen"));
  BOOST_TEST(!made.info().seen.empty());
  BOOST_TEST(made.info().selected_on == parse_json(trained.metadata().at("selected_on"), "selected_on"));
  BOOST_TEST(made.info().encoder == "tiny-v1");
  BOOST_TEST(made.info().encoder_sha256 == sha256_of_file(file));
  BOOST_TEST(to_string(made.info().data.id) == "labeled_windows/mine/v1");
}

// A row depends on its window alone: neither on its neighbours nor on its place.
BOOST_AUTO_TEST_CASE(rows_are_in_the_order_of_the_windows) {
  const data::WindowTable table = planted_windows({.windows = 300});
  const Encoder encoder(table);
  std::vector<std::uint64_t> order(table.windows);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(8));
  store_windows(encoder.workspace.path, "shuffled", table.chosen(order));
  const data::EmbeddingsFile sorted = encoder.read(encoder.answer(kMine));
  const data::EmbeddingsFile shuffled =
      encoder.read(encoder.answer({"--encoder", "tiny", "--data", "labeled_windows/shuffled/v1"}));
  BOOST_REQUIRE(sorted.size() == 300U);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto row = [&](const data::EmbeddingsFile& of, std::size_t number) {
      return std::span(of.z()).subspan(number * of.dims(), of.dims());
    };
    BOOST_TEST(std::ranges::equal(row(shuffled, i), row(sorted, order[i])));
  }
}

BOOST_AUTO_TEST_CASE(views_are_encoded_and_channels_are_taken_by_their_names) {
  const data::WindowTable table = planted_windows({.windows = 40});
  const Encoder encoder(table);
  // Low, volume, open, close, high.
  data::WindowTable turned = table;
  turned.channels = 5;
  turned.channel_names = {"low", "volume", "open", "close", "high"};
  turned.x.clear();
  for (std::size_t bar = 0; bar < table.x.size(); bar += 4) {
    for (const std::size_t c : {2U, 9U, 0U, 3U, 1U}) turned.x.push_back(c == 9 ? 7.0F : table.x[bar + c]);
  }
  store_windows(encoder.workspace.path, "turned", turned);
  const std::vector<float> straight = encoder.read(encoder.answer(kMine)).z();
  BOOST_TEST(
      (encoder.read(encoder.answer({"--encoder", "tiny", "--data", "labeled_windows/turned/v1"})).z() == straight));
  const Json view = encoder.answer({"--encoder", "tiny-v1", "--data", "unlabeled_windows/TX/v1"});
  BOOST_TEST(view["rows"].get<std::size_t>() > 1000U);
  BOOST_TEST(encoder.read(view).size() == view["rows"].get<std::size_t>());
}

BOOST_AUTO_TEST_CASE(another_length_is_said_and_taken) {
  const Encoder encoder;
  const ProcessResult result = encoder.run(kMine);
  BOOST_TEST(result.exit_code == 0);
  BOOST_TEST(holds(result.errors, "was trained on windows of 105 bars; it takes any length"), result.errors);
  BOOST_TEST(holds(result.errors, "have 20"), result.errors);
}

BOOST_AUTO_TEST_CASE(a_name_without_a_version_is_the_newest) {
  const Encoder encoder;
  const fs::path folder = encoder.workspace.path / "artifacts/encoders";
  for (const char* name : {"tiny-v9", "tiny-v10", "tiny-vague-v11"})
    fs::copy_file(folder / "tiny-v1.safetensors", folder / (std::string(name) + ".safetensors"));
  BOOST_TEST(encoder.answer(kMine)["encoder"] == "tiny-v10");
  BOOST_TEST(encoder.answer({"--encoder", "tiny-v9", "--data", "labeled_windows/mine/v1"})["encoder"] == "tiny-v9");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_encoded_is_refused_with_a_reason) {
  data::WindowTable other = planted_windows({.windows = 40});
  other.channel_names = {"open", "high", "low", "last"};
  const Encoder encoder(other);
  const std::string channels = encoder.refused(kMine);
  BOOST_TEST(holds(channels, "reads the channels open, high, low, close"), channels);
  BOOST_TEST(holds(channels, "has open, high, low, last: 'close' is missing"), channels);
  BOOST_TEST(
      holds(encoder.refused({"--encoder", "tine-v1", "--data", "labeled_windows/mine/v1"}), "Did you mean 'tiny-v1'?"));
  BOOST_TEST(holds(encoder.refused({"--encoder", "tiny", "--data", "bars/TX/v1"}), "an encoder reads windows"));
  BOOST_TEST(
      holds(encoder.refused({"--encoder", encoder.workspace.config.string(), "--data", "labeled_windows/mine/v1"}),
            "tiny.toml"));
  BOOST_TEST(holds(encoder.refused(mine({"--name", "../up"})), "--name"));
}

BOOST_AUTO_TEST_SUITE_END()
