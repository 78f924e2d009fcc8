#include "record/metrics.h"

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <random>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using moola::record::MetricsStream;
using moola::test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

Json step(std::int64_t number) {
  return {{"step", number}, {"split", "train"}, {"loss", 1.0 / static_cast<double>(number + 1)}};
}

bool names_the_third_line(const DataError& error) {
  return std::strstr(error.what(), "line 3") != nullptr;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_stream)

BOOST_AUTO_TEST_CASE(an_event_is_one_line_with_its_keys_in_the_order_given) {
  const TemporaryFolder folder;
  MetricsStream(folder / "m.jsonl")
      .write({{"step", 120}, {"epoch", 0}, {"split", "train"}, {"loss", 0.0123}, {"lr", 1e-3}});
  BOOST_TEST(read_file(folder / "m.jsonl") ==
             "{\"step\":120,\"epoch\":0,\"split\":\"train\",\"loss\":0.0123,\"lr\":0.001}\n");
}

BOOST_AUTO_TEST_CASE(every_double_reads_back_as_the_same_bits) {
  const TemporaryFolder folder;
  std::mt19937_64 random(7);
  std::vector<double> values{
      0.0, -0.0, 0.1, 1.0, 1e300, 5e-324, std::numeric_limits<double>::max(), 1.0 / 3, 123456789012345678.0};
  while (values.size() < 2000) {
    const std::uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (std::isfinite(value)) values.push_back(value);
  }
  {
    MetricsStream stream(folder / "m.jsonl");
    for (const double value : values) stream.write({{"loss", value}});
  }
  const std::vector<Json> events = record::read_events(folder / "m.jsonl");
  BOOST_REQUIRE(events.size() == values.size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double back = events[i]["loss"].get<double>();
    different += std::memcmp(&back, &values[i], sizeof back) != 0 || !events[i]["loss"].is_number_float();
  }
  BOOST_TEST(different == 0U);
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_no_number_stays_one_that_is_no_number) {
  const TemporaryFolder folder;
  const double infinity = std::numeric_limits<double>::infinity();
  MetricsStream(folder / "m.jsonl").write({{"a", std::nan("")}, {"b", infinity}, {"c", -infinity}});
  const Json event = record::read_events(folder / "m.jsonl").at(0);
  BOOST_TEST(std::isnan(json_number(event["a"]).value()));
  BOOST_TEST(json_number(event["b"]).value() == infinity);
  BOOST_TEST(json_number(event["c"]).value() == -infinity);
}

BOOST_AUTO_TEST_CASE(what_came_after_the_checkpoint_is_cut_off_and_its_own_step_stays) {
  const TemporaryFolder folder;
  MetricsStream stream(folder / "m.jsonl");
  for (int i = 1; i <= 5; ++i) stream.write(step(i));
  const std::string all = read_file(folder / "m.jsonl");
  stream.cut_after(5);
  BOOST_TEST(read_file(folder / "m.jsonl") == all);
  stream.cut_after(3);
  BOOST_TEST(record::read_events(folder / "m.jsonl").size() == 3U);
  stream.write(step(4));
  stream.write(step(5));
  BOOST_TEST(read_file(folder / "m.jsonl") == all);  // the same steps again give the same bytes
}

BOOST_AUTO_TEST_CASE(without_a_checkpoint_every_step_is_cut_off) {
  const TemporaryFolder folder;
  MetricsStream stream(folder / "m.jsonl");
  stream.write(step(0));
  stream.cut_after(-1);
  BOOST_TEST(read_file(folder / "m.jsonl").empty());
}

BOOST_AUTO_TEST_CASE(a_torn_last_line_is_not_read_and_is_gone_when_the_stream_goes_on) {
  const TemporaryFolder folder;
  const fs::path file = folder / "m.jsonl";
  MetricsStream(file).write(step(1));
  const std::string whole = read_file(file);
  MetricsStream(file).write(step(2));
  const std::string both = read_file(file);
  // Whatever byte the write broke off at.
  for (std::size_t cut = whole.size(); cut < both.size(); ++cut) {
    write_file(file, both.substr(0, cut));
    BOOST_TEST(record::read_events(file).size() == 1U);
    BOOST_TEST(record::last_event(file)["step"] == 1);
    MetricsStream(file).write(step(2));
    BOOST_TEST(read_file(file) == both);
  }
}

BOOST_AUTO_TEST_CASE(a_broken_line_within_is_named) {
  const TemporaryFolder folder;
  const fs::path file = folder / "m.jsonl";
  for (const char* broken : {"{\"step\":", "[1]", "", "\x01\xff"}) {
    write_file(file, "{\"step\":1}\n{\"step\":2}\n" + std::string(broken) + "\n{\"step\":4}\n");
    BOOST_CHECK_EXCEPTION(record::read_events(file), DataError, names_the_third_line);
    BOOST_CHECK_EXCEPTION(MetricsStream(file).cut_after(9), DataError, names_the_third_line);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_file_has_no_events) {
  const TemporaryFolder folder;
  BOOST_TEST(record::read_events(folder / "none.jsonl").empty());
  BOOST_TEST(record::last_event(folder / "none.jsonl").is_null());
}

BOOST_AUTO_TEST_CASE(the_last_event_of_a_long_stream_is_found_from_its_end) {
  const TemporaryFolder folder;
  MetricsStream stream(folder / "m.jsonl");
  for (int i = 0; i < 2000; ++i) stream.write(step(i));
  BOOST_TEST(record::last_event(folder / "m.jsonl")["step"] == 1999);
}

BOOST_AUTO_TEST_CASE(a_stream_that_cannot_be_written_to_says_so) {
  const TemporaryFolder folder;
  BOOST_CHECK_THROW(MetricsStream(folder / "no" / "folder.jsonl"), IoError);
}

BOOST_AUTO_TEST_CASE(an_event_that_the_disk_takes_half_of_leaves_no_half) {
  const TemporaryFolder folder;
  MetricsStream stream(folder / "m.jsonl");
  stream.write(step(1));
  const std::string before = read_file(folder / "m.jsonl");
  rlimit old{}, small{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  small = {before.size() + 5, old.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  bool refused = false;
  try {
    stream.write(step(2));
  } catch (const IoError&) {
    refused = true;
  }
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, SIG_DFL);
  BOOST_TEST(refused);
  BOOST_TEST(read_file(folder / "m.jsonl") == before);
  stream.write(step(2));
  BOOST_TEST(record::read_events(folder / "m.jsonl").size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
