#include "data/files/safetensors.h"

#include <boost/test/unit_test.hpp>

#include "base/json.h"
#include "base/subprocess.h"
#include "tests/support/temporary_folder.h"

using namespace moola;

namespace {

// A Python with numpy; an empty text when there is none.
std::string python() {
  for (const std::string name : {"/usr/bin/python3", "python3"}) {
    if (find_program(name) && run_process({name, "-c", "import numpy"}).exit_code == 0) return name;
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(safetensors_in_python)

BOOST_AUTO_TEST_CASE(python_reads_what_we_write) {
  if (python().empty()) {
    BOOST_TEST_MESSAGE("SKIPPED: this machine has no python3 with numpy");
    return;
  }
  const std::vector<float> weights{1, -2, 0.5F, 1e-3F, 3e38F, 7};
  const std::vector<double> losses{1.0 / 3};
  const std::vector<std::int64_t> steps{-1, 1LL << 40};
  const std::vector<std::uint8_t> mask{0, 1, 255};
  using data::ElementType;
  const std::vector<data::TensorToWrite> tensors{
      {.name = "lstm.weight_ih_l0",
       .type = ElementType::f32,
       .shape = {2, 3},
       .bytes = std::as_bytes(std::span(weights))},
      {.name = "mask", .type = ElementType::u8, .shape = {3}, .bytes = std::as_bytes(std::span(mask))},
      {.name = "loss", .type = ElementType::f64, .shape = {}, .bytes = std::as_bytes(std::span(losses))},
      {.name = "empty", .type = ElementType::f32, .shape = {0, 4}, .bytes = {}},
      {.name = "steps", .type = ElementType::i64, .shape = {2, 1}, .bytes = std::as_bytes(std::span(steps))}};
  const test::TemporaryFolder folder;
  data::write_safetensors(folder / "a.safetensors", tensors, {{"schema", "demo/1"}, {"text", "é \"quoted\"\n"}});
  const auto script = std::filesystem::path(MOOLA_SOURCE_DIR) / "tests/interop/read_safetensors.py";
  const auto result = run_process({python(), script.string(), (folder / "a.safetensors").string()});
  BOOST_TEST_REQUIRE(result.exit_code == 0, result.errors);
  const Json found = parse_json(result.output, "Python's view");
  BOOST_TEST(found.at("metadata").at("text").get<std::string>() == "é \"quoted\"\n");
  const auto check = [&](const std::string& name, const std::vector<std::int64_t>& shape, const auto& values) {
    const Json& tensor = found.at("tensors").at(name);
    BOOST_TEST(tensor.at("shape").get<std::vector<std::int64_t>>() == shape, boost::test_tools::per_element());
    const auto read = tensor.at("values").get<std::vector<double>>();
    BOOST_TEST(read == std::vector<double>(values.begin(), values.end()), boost::test_tools::per_element());
  };
  check("lstm.weight_ih_l0", {2, 3}, weights);
  check("mask", {3}, mask);
  check("loss", {}, losses);
  check("empty", {0, 4}, std::vector<double>{});
  check("steps", {2, 1}, steps);
}

BOOST_AUTO_TEST_SUITE_END()
