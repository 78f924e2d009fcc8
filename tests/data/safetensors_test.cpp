#include "data/files/safetensors.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/keyed_random.h"
#include "base/sha256.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::data;
namespace bdata = boost::unit_test::data;

namespace {

const std::vector<float> kWeights{1, -2, 0.5F, 1e-40F, 3e38F, -0.0F};
const std::vector<std::int64_t> kSteps{-1, 1LL << 62};

std::vector<TensorToWrite> tensors() {
  return {
      {.name = "weight", .type = ElementType::f32, .shape = {2, 3}, .bytes = std::as_bytes(std::span(kWeights))},
      {.name = "empty", .type = ElementType::u8, .shape = {0, 7}, .bytes = {}},
      {.name = "step", .type = ElementType::i64, .shape = {2}, .bytes = std::as_bytes(std::span(kSteps))},
      {.name = "scalar", .type = ElementType::f32, .shape = {}, .bytes = std::as_bytes(std::span(kWeights).first(1))}};
}

std::string content_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string content(reinterpret_cast<const char*>(&length), sizeof length);
  return content + header + data;
}

void put(const std::filesystem::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

// What the DataError says that opening such a file throws.
std::string refusal(const std::string& content) {
  const test::TemporaryFolder folder;
  put(folder / "a.safetensors", content);
  try {
    const SafetensorsFile file(folder / "a.safetensors");
  } catch (const DataError& error) {
    BOOST_TEST((std::string(error.what()).find("a.safetensors") != std::string::npos));
    return error.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(safetensors)

BOOST_AUTO_TEST_CASE(what_was_written_is_read_back_to_the_bit) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", tensors(), {{"schema", "demo/1"}, {"note", "ünïcödé \" \n"}});
  const SafetensorsFile file(folder / "a");
  BOOST_TEST(file.tensors().size() == 4U);
  const auto& weight = file.tensor("weight");
  BOOST_TEST(weight.shape == (std::vector<std::int64_t>{2, 3}), boost::test_tools::per_element());
  BOOST_TEST(std::memcmp(weight.bytes.data(), kWeights.data(), weight.bytes.size()) == 0);
  BOOST_TEST(weight.floats() == kWeights, boost::test_tools::per_element());
  BOOST_TEST((file.tensor("step").type == ElementType::i64));
  BOOST_TEST(std::memcmp(file.tensor("step").bytes.data(), kSteps.data(), 16) == 0);
  BOOST_TEST(file.tensor("empty").elements() == 0);
  BOOST_TEST(file.tensor("scalar").elements() == 1);
  BOOST_TEST(file.tensor("scalar").shape.empty());
  BOOST_TEST(file.meta("schema") == "demo/1");
  BOOST_TEST(file.meta("note") == "ünïcödé \" \n");
}

BOOST_AUTO_TEST_CASE(the_bytes_are_those_of_the_format) {
  const test::TemporaryFolder folder;
  const std::vector<float> one{1};
  const std::vector<TensorToWrite> list{{.name = "w", .shape = {1}, .bytes = std::as_bytes(std::span(one))}};
  write_safetensors(folder / "a", list, {{"k", "v"}});
  std::string header = R"({"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  BOOST_TEST((read_file(folder / "a") == content_of(header, std::string("\x00\x00\x80\x3f", 4))));
  write_safetensors(folder / "b", list, {{"k", "v"}});
  BOOST_TEST(sha256_of_file(folder / "a") == sha256_of_file(folder / "b"));
}

BOOST_AUTO_TEST_CASE(a_file_without_tensors_or_metadata_is_one) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", {}, {});
  const SafetensorsFile file(folder / "a");
  BOOST_TEST(file.tensors().empty());
  BOOST_TEST(file.metadata().empty());
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_of_another_type_is_named) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", tensors(), {});
  const SafetensorsFile file(folder / "a");
  const auto message = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  BOOST_TEST((message([&] { file.tensor("wieght"); }).find("Did you mean 'weight'?") != std::string::npos));
  BOOST_TEST((message([&] { file.meta("schema"); }).find("says nothing of 'schema'") != std::string::npos));
  BOOST_TEST((message([&] { file.tensor("step").floats(); }).find("expected a tensor of type F32, found I64") !=
              std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_file_that_could_not_be_read_is_not_written) {
  const test::TemporaryFolder folder;
  const auto write = [&](TensorToWrite tensor, std::map<std::string, std::string> metadata = {}) {
    const std::vector<TensorToWrite> list{{.name = "w", .shape = {0}, .bytes = {}}, std::move(tensor)};
    write_safetensors(folder / "a", list, metadata);
  };
  const auto bytes = std::as_bytes(std::span(kWeights));
  BOOST_CHECK_THROW(write({.name = "w", .shape = {6}, .bytes = bytes}), ConfigError);
  BOOST_CHECK_THROW(write({.name = "v", .shape = {5}, .bytes = bytes}), ConfigError);
  BOOST_CHECK_THROW(write({.name = "v", .shape = {-2, -3}, .bytes = bytes}), ConfigError);
  BOOST_CHECK_THROW(write({.name = "__metadata__", .shape = {6}, .bytes = bytes}), ConfigError);
  BOOST_CHECK_THROW(write({.name = "\xff", .shape = {6}, .bytes = bytes}), ConfigError);
  BOOST_CHECK_THROW(write({.name = "v", .shape = {6}, .bytes = bytes}, {{"k", "\xff"}}), ConfigError);
  BOOST_CHECK_NO_THROW(write({.name = "v", .shape = {6}, .bytes = bytes}));
  BOOST_CHECK_THROW(write_safetensors(folder / "no-folder/a", {}, {}), IoError);
}

struct Hostile {
  std::string what, content, says;
};
std::ostream& operator<<(std::ostream& out, const Hostile& hostile) {
  return out << hostile.what;
}

std::string entry(const std::string& shape, const std::string& offsets, const std::string& type = "\"F32\"") {
  return R"({"dtype":)" + type + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}
std::string one(const std::string& shape, const std::string& offsets, const std::string& type = "\"F32\"") {
  return content_of("{\"w\":" + entry(shape, offsets, type) + "}", "12345678");
}

const std::vector<Hostile> kHostile{
    {"empty", "", "fewer than the 8"},
    {"cut in the length", "1234567", "fewer than the 8"},
    {"cut in the header", content_of("{\"w\":" + entry("[2]", "[0,8]") + "}", "").substr(0, 20), "header should have"},
    {"cut in the data", content_of("{\"w\":" + entry("[2]", "[0,8]") + "}", "1234567"), "do not fit"},
    {"bytes too many", content_of("{\"w\":" + entry("[2]", "[0,8]") + "}", "123456789"), "1 bytes follow"},
    {"a huge header", std::string(8, '\xff') + "{}", "header should have 18446744073709551615 bytes"},
    {"no header", content_of("", ""), "is not JSON"},
    {"no JSON", content_of("{\"w\":", ""), "is not JSON"},
    {"not UTF-8", content_of("{\"\xff\":1}", ""), "is not JSON"},
    {"too deep", content_of(std::string(1'000'000, '['), ""), "levels deep"},
    {"no object", content_of("[]", ""), "not a JSON object"},
    {"an entry that is a number", content_of("{\"w\":5}", ""), "entry w is malformed"},
    {"no dtype", content_of("{\"w\":{\"shape\":[0],\"data_offsets\":[0,0]}}", ""), "entry w is malformed"},
    {"dtype is a number", one("[2]", "[0,8]", "5"), "entry w is malformed"},
    {"an unknown dtype", one("[2]", "[0,8]", "\"F8\""), "has the type F8"},
    {"another dtype", one("[2]", "[0,8]", "\"F64\""), "shape larger than the file|do not fit"},
    {"a negative size", one("[-2]", "[0,8]"), "a whole number from 0 up, found -2"},
    {"two negative sizes", one("[-1,-2]", "[0,8]"), "a whole number from 0 up, found -1"},
    {"half a size", one("[2.5]", "[0,8]"), "a whole number from 0 up, found 2.5"},
    {"a size beyond 63 bits", one("[9223372036854775808]", "[0,8]"), "found 9223372036854775808"},
    {"a size beyond 64 bits", one("[1e300]", "[0,8]"), "found 1e+300"},
    {"a size that is a truth", one("[true,2]", "[0,8]"), "found true"},
    {"sizes whose product wraps", one("[4611686018427387905,4]", "[0,8]"), "shape larger than the file"},
    {"a shape that is a text", one("\"2\"", "[0,8]"), "entry w is malformed"},
    {"a shape that is an object", one("{\"0\":2}", "[0,8]"), "entry w is malformed"},
    {"one offset", one("[2]", "[0]"), "do not fit"},
    {"three offsets", one("[2]", "[0,8,8]"), "do not fit"},
    {"offsets in reverse", one("[2]", "[8,0]"), "do not fit"},
    {"a negative offset", one("[2]", "[-8,0]"), "found -8"},
    {"offsets past the end", one("[2]", "[8,16]"), "do not fit"},
    {"offsets that wrap", one("[2]", "[9223372036854775800,9223372036854775807]"), "do not fit"},
    {"a hole before", one("[1]", "[4,8]"), "overlap or leave a hole"},
    {"overlapping tensors",
     content_of("{\"v\":" + entry("[2]", "[0,8]") + ",\"w\":" + entry("[1]", "[4,8]") + "}", "12345678"), "overlap"},
    {"a name twice",
     content_of("{\"w\":" + entry("[1]", "[0,4]") + ",\"w\":" + entry("[1]", "[4,8]") + "}", "12345678"), "twice"},
    {"metadata of numbers", content_of("{\"__metadata__\":{\"k\":5}}", ""), "entry __metadata__ is malformed"},
    {"metadata that is a list", content_of("{\"__metadata__\":[]}", ""), "entry __metadata__ is malformed"},
};

BOOST_DATA_TEST_CASE(a_hostile_file_is_refused_with_what_is_wrong, bdata::make(kHostile), hostile) {
  const std::string message = refusal(hostile.content);
  const std::size_t bar = hostile.says.find('|');
  const bool said = message.find(hostile.says.substr(0, bar)) != std::string::npos ||
                    (bar != std::string::npos && message.find(hostile.says.substr(bar + 1)) != std::string::npos);
  BOOST_TEST(said, hostile.what << ": " << message);
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_no_damaged_one) {
  const test::TemporaryFolder folder;
  BOOST_CHECK_THROW(SafetensorsFile(folder / "missing"), IoError);
  BOOST_CHECK_THROW(SafetensorsFile(folder.path()), IoError);
}

// Flipped, overwritten, cut and inserted bytes: each file opens with tensors inside it, or is refused as data.
BOOST_AUTO_TEST_CASE(no_mutation_of_a_file_does_anything_but_open_or_be_refused) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "a", tensors(), {{"schema", "demo/1"}});
  const std::string good = read_file(folder / "a");
  static constexpr std::string_view kTokens = "0123456789-+.eE{}[]\",:\\ \xff\x80\x00ntf";
  int opened = 0, refused = 0;
  for (std::uint64_t round = 0; round < 6000; ++round) {
    KeyedRandom random(1, Stream::augmentation, 0, round);
    std::string content = good;
    const auto place = [&] { return random.below(static_cast<std::uint32_t>(content.size())); };
    for (std::uint32_t changes = 1 + random.below(4); changes > 0 && !content.empty(); --changes) {
      const char token = kTokens[random.below(static_cast<std::uint32_t>(kTokens.size()))];
      switch (random.below(5)) {
        case 0:
          content[place()] ^= static_cast<char>(1U << random.below(8));
          break;
        case 1:
          content[place()] = token;
          break;
        case 2:
          content.insert(place(), 1, token);
          break;
        case 3:
          content.erase(place(), 1 + random.below(8));
          break;
        default:
          content.resize(place());
          break;
      }
    }
    put(folder / "b", content);
    try {
      const SafetensorsFile file(folder / "b");
      ++opened;
      for (const auto& [name, tensor] : file.tensors()) {
        std::int64_t elements = 1;
        for (const std::int64_t n : tensor.shape) elements *= n;
        BOOST_REQUIRE(elements == tensor.elements());
        BOOST_REQUIRE(sha256_hex({reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size()}).size() ==
                      64U);
      }
    } catch (const DataError&) {
      ++refused;
    }
  }
  BOOST_TEST_MESSAGE(opened << " opened, " << refused << " refused");
  BOOST_TEST(opened > 100);
  BOOST_TEST(refused > 1000);
}

BOOST_AUTO_TEST_SUITE_END()
