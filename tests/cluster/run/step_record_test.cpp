// What became of steps, whatever was killed meanwhile.
#include "cluster/run/step_record.h"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "cluster/run/event_file.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::cluster;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(step_records)

BOOST_AUTO_TEST_CASE(attempts_are_kept_in_their_order) {
  const TemporaryFolder folder;
  const StepRecord record(folder.path(), "pretrain", 12);
  BOOST_TEST(record.attempts().empty());
  record.begin({.number = 1, .begun = 1'000'000'000, .host = "n1", .place_id = "17_12"});
  BOOST_TEST(!record.attempts().at(0).end.has_value());
  record.end({.number = 1, .ended = 9'000'000'000, .exit_code = 85, .end = StepEnd::time_limit});
  record.begin({.number = 2, .begun = 10'000'000'000, .host = "n2", .place_id = "17_12"});
  record.end({.number = 2, .ended = 19'000'000'000, .exit_code = 0, .end = StepEnd::succeeded});
  const std::vector<StepAttempt> found = record.attempts();
  BOOST_REQUIRE(found.size() == 2U);
  BOOST_TEST(found[0].host == "n1");
  BOOST_TEST(found[0].exit_code == 85);
  BOOST_TEST((found[0].end == StepEnd::time_limit));
  BOOST_TEST(found[1].begun == 10'000'000'000);
  BOOST_TEST(found[1].ended == 19'000'000'000);
  BOOST_TEST((found[1].end == StepEnd::succeeded));
  // Another element knows nothing of it.
  BOOST_TEST(StepRecord(folder.path(), "pretrain", 1).attempts().empty());
}

BOOST_AUTO_TEST_CASE(records_are_read_anew_until_their_element_has_succeeded) {
  const TemporaryFolder folder;
  const StepRecord record(folder.path(), "pretrain", 0);
  StepRecords records(folder.path());
  BOOST_TEST(records.of("pretrain", 0).empty());
  record.begin({.number = 1, .begun = 1'000'000'000});
  BOOST_TEST(!has_succeeded(records.of("pretrain", 0)));
  record.end({.number = 1, .ended = 2'000'000'000, .exit_code = 1, .end = StepEnd::error});
  BOOST_TEST((records.of("pretrain", 0).at(0).end == StepEnd::error));
  record.begin({.number = 2, .begun = 3'000'000'000});
  record.end({.number = 2, .ended = 4'000'000'000, .end = StepEnd::succeeded});
  BOOST_TEST(has_succeeded(records.of("pretrain", 0)));
  std::filesystem::remove(record.file());
  BOOST_TEST(has_succeeded(records.of("pretrain", 0)));
  BOOST_TEST(records.of("pretrain", 1).empty());
}

BOOST_AUTO_TEST_CASE(every_end_is_read_back) {
  const TemporaryFolder folder;
  for (int end = 0; end <= static_cast<int>(StepEnd::cancelled); ++end) {
    const StepRecord record(folder.path(), "s", static_cast<std::size_t>(end));
    record.begin({});
    record.end({.ended = 0, .end = static_cast<StepEnd>(end)});
    BOOST_TEST((record.attempts().at(0).end == static_cast<StepEnd>(end)));
  }
}

BOOST_AUTO_TEST_CASE(a_line_torn_at_any_byte_costs_that_event_alone) {
  const TemporaryFolder folder;
  const auto file = folder / "events.jsonl";
  append_event(file, {{"a", 1}});
  append_event(file, {{"b", "x\ny"}});
  const std::string whole = read_file(file);
  const std::size_t first = whole.find('\n') + 1;
  for (std::size_t cut = first; cut < whole.size(); ++cut) {
    write_file(file, whole.substr(0, cut));
    BOOST_TEST(read_events(file).size() == 1U);
    append_event(file, {{"c", 3}});
    const std::vector<Json> found = read_events(file);
    // Cut before its line's end alone, the event was whole.
    BOOST_TEST(found.size() == (cut + 1 == whole.size() ? 3U : 2U));
    BOOST_TEST(found.back()["c"] == 3);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_event_is_named) {
  const TemporaryFolder folder;
  const auto file = folder / "events.jsonl";
  for (const char* line : {"rubbish\n", "[1]\n", "{\"a\": }\n", "3\n"}) {
    write_file(file, std::string("{\"a\":1}\n") + line);
    BOOST_TEST(holds(message_of<DataError>([&] { read_events(file); }), "events.jsonl, line 2"));
  }
}

BOOST_AUTO_TEST_CASE(writers_beside_each_other_lose_nothing) {
  const TemporaryFolder folder;
  const auto file = folder / "events.jsonl";
  constexpr int kWriters = 4, kEach = 50;
  std::vector<pid_t> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (int i = 0; i < kEach; ++i)
        append_event(file, {{"writer", writer}, {"i", i}, {"pad", std::string(5'000, 'x')}});
      ::_exit(0);
    }
    writers.push_back(pid);
  }
  for (const pid_t pid : writers) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    BOOST_TEST(status == 0);
  }
  std::vector<int> next(kWriters, 0);
  for (const Json& event : read_events(file)) {
    int& expected = next[event["writer"].get<std::size_t>()];
    BOOST_TEST(event["i"] == expected);
    ++expected;
  }
  for (const int each : next) BOOST_TEST(each == kEach);
}

BOOST_AUTO_TEST_SUITE_END()
