#include "learn/encoder_file.h"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <functional>
#include <span>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/files/safetensors.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::learn;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

struct Trained {
  EncoderHeader header;
  models::Parameters parameters;
  std::unique_ptr<models::Encoder> encoder;

  Trained() {
    header.architecture = {.name = "bilstm", .channels = 3, .hidden = 5, .layers = 2, .dropout = 0.1};
    header.length = 20;
    header.channel_names = {"open", "high", "close"};
    header.normalize = "zscore";
    header.scale = 12.5;
    header.data = Json::array({{{"id", "bars/A/v1"}, {"content_sha256", "00"}}});
    header.seen = Json::array({{{"symbol", "A"}, {"times", Json::array({{"2020-01-01", "2020-02-01"}})}}});
    header.selected_on = Json::array({{{"symbol", "A"}, {"times", Json::array({{"2020-02-02", "2020-03-01"}})}}});
    header.objective = "masked";
    header.code_version = "test";
    encoder = models::make_encoder(header.architecture, parameters);
    parameters.add("decoder.weight", {7});  // what is no part of the encoder stays out of its file
    parameters.allocate(at::kCPU);
    encoder->initialise(4);
  }

  std::vector<float> values() const {
    const float* all = parameters.values().const_data_ptr<float>();
    return {all, all + parameters.elements()};
  }
  void write(const fs::path& path) const { write_encoder(path, header, parameters, values()); }
};

// The file of `Trained` with its header or tensors changed.
void write_changed(const fs::path& path, const std::function<void(std::map<std::string, std::string>& metadata,
                                                                  std::vector<data::TensorToWrite>& tensors)>& change) {
  const Trained trained;
  const fs::path sound = path.string() + ".sound";
  trained.write(sound);
  const data::SafetensorsFile file(sound);
  std::map<std::string, std::string> metadata = file.metadata();
  std::vector<data::TensorToWrite> tensors;
  for (const auto& [name, tensor] : file.tensors()) tensors.push_back({name, tensor.type, tensor.shape, tensor.bytes});
  change(metadata, tensors);
  data::write_sealed_safetensors(path, tensors, metadata);
}

std::string refusal(const fs::path& path) {
  try {
    read_encoder(path);
  } catch (const DataError& error) {
    return error.what();
  }
  return "read without an error";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(encoder_files)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_back_and_computes_the_same) {
  const TemporaryFolder folder;
  const Trained trained;
  trained.write(folder / "a.safetensors");
  const LoadedEncoder loaded = read_encoder(folder / "a.safetensors");
  BOOST_TEST(loaded.header.architecture.hidden == 5);
  BOOST_TEST(loaded.header.architecture.dropout == 0.1);
  BOOST_TEST(loaded.header.length == 20);
  BOOST_TEST(loaded.header.channel_names == trained.header.channel_names);
  BOOST_TEST(loaded.header.scale == 12.5);
  BOOST_TEST(loaded.header.seen == trained.header.seen);
  BOOST_TEST(loaded.header.selected_on == trained.header.selected_on);
  BOOST_TEST(loaded.header.data == trained.header.data);
  const at::Tensor windows = at::randn({20, 4, 3});
  BOOST_TEST(at::equal(loaded.encoder->encode(windows, {}), trained.encoder->encode(windows, {})));

  trained.write(folder / "b.safetensors");
  BOOST_TEST((read_file(folder / "a.safetensors") == read_file(folder / "b.safetensors")));
}

BOOST_AUTO_TEST_CASE(only_the_encoder_is_in_the_file_under_the_names_of_pytorch) {
  const TemporaryFolder folder;
  Trained().write(folder / "a.safetensors");
  const data::SafetensorsFile file(folder / "a.safetensors");
  BOOST_TEST(file.tensors().size() == 16U);
  BOOST_TEST(file.holds("weight_ih_l0"));
  BOOST_TEST(file.holds("bias_hh_l1_reverse"));
}

BOOST_AUTO_TEST_CASE(a_header_that_does_not_fit_its_tensors_is_refused_before_memory_is_taken) {
  const TemporaryFolder folder;
  const fs::path path = folder / "changed.safetensors";
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::int64_t>>{{"hidden", 6},
                                                         {"hidden", std::int64_t{1} << 62},
                                                         {"hidden", 1 << 23},
                                                         {"channels", 4},
                                                         {"channels", std::int64_t{1} << 62},
                                                         {"layers", 1},
                                                         {"layers", 3},
                                                         {"layers", std::int64_t{1} << 62}}) {
    BOOST_TEST_INFO_SCOPE(key << " = " << value);
    write_changed(path, [&](auto& metadata, auto&) {
      Json architecture = Json::parse(metadata["architecture"]);
      architecture[key] = value;
      metadata["architecture"] = architecture.dump();
    });
    BOOST_TEST(holds(refusal(path), path.string()), refusal(path));
  }
}

BOOST_AUTO_TEST_CASE(a_foreign_file_or_an_incomplete_header_is_said) {
  const TemporaryFolder folder;
  const fs::path path = folder / "changed.safetensors";
  write_changed(path, [](auto& metadata, auto&) { metadata.erase("schema"); });
  BOOST_TEST(holds(refusal(path), "no encoder of ours"));
  write_changed(path, [](auto& metadata, auto&) { metadata["input"] = R"({"length": "long"})"; });
  BOOST_TEST(holds(refusal(path), "header is incomplete"));
  write_changed(path, [](auto& metadata, auto&) { metadata["architecture"] = "[1"; });
  BOOST_TEST(holds(refusal(path), "architecture"));
  write_changed(path, [](auto&, auto& tensors) { tensors.pop_back(); });
  BOOST_TEST(holds(refusal(path), path.string()));
  const float one = 1;
  write_changed(path, [&](auto&, auto& tensors) {
    tensors.push_back({"more", data::ElementType::f32, {1}, std::as_bytes(std::span(&one, 1))});
  });
  BOOST_TEST(holds(refusal(path), "tensor more"), refusal(path));
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_in_the_weights_or_the_header_is_found) {
  const TemporaryFolder folder;
  const fs::path path = folder / "a.safetensors";
  Trained().write(path);
  const std::string sound = read_file(path);
  for (const std::size_t at : {sound.find("12.5"), sound.find("zscore") + 2, sound.size() - 1, sound.size() - 600}) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    write_file(path, damaged);
    BOOST_TEST(holds(refusal(path), "damaged"), refusal(path));
  }
}

BOOST_AUTO_TEST_CASE(publishing_takes_the_next_version_and_the_same_bytes_none) {
  const TemporaryFolder folder;
  Trained trained;
  trained.write(folder / "run.safetensors");
  BOOST_TEST(publish_encoder(folder / "run.safetensors", folder / "encoders", "e").filename().string() ==
             "e-v1.safetensors");
  BOOST_TEST(publish_encoder(folder / "run.safetensors", folder / "encoders", "e").filename().string() ==
             "e-v1.safetensors");
  trained.header.scale = 3;
  trained.write(folder / "run.safetensors");
  BOOST_TEST(publish_encoder(folder / "run.safetensors", folder / "encoders", "e").filename().string() ==
             "e-v2.safetensors");
  BOOST_TEST(read_encoder(folder / "encoders" / "e-v1.safetensors").header.scale == 12.5);
}

BOOST_AUTO_TEST_SUITE_END()
