#include "sweep/journal/journal_reader.h"

#include <fmt/format.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "tests/sweep/journal_studies.h"
#include "tests/sweep/journal_twin.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

const fs::path kVectors = fs::path(MOOLA_SOURCE_DIR) / "tests/sweep/journals";

// The zone of this process, for a while.
class Zone {
 public:
  explicit Zone(const char* zone) {
    if (const char* was = std::getenv("TZ")) before_ = was;
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
  ~Zone() {
    before_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before_.c_str(), 1);
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::string before_;
};

void append(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::app | std::ios::binary) << text;
}

std::vector<Study> replayed(std::string_view text, unsigned threads = 1) {
  const TemporaryFolder folder;
  append(folder / "j.log", text);
  JournalReader reader(folder / "j.log", threads);
  reader.update();
  return reader.studies();
}

std::vector<Study> twin_of(std::string_view text) {
  JournalTwin twin;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t newline = text.find('\n', at);
    if (newline == text.npos) break;
    twin.apply(text.substr(at, newline - at));
    at = newline + 1;
  }
  return twin.studies;
}

// The vectors' form of a study.
Json described(const Study& study) {
  static const char* const kDirections[] = {"NOT_SET", "MINIMIZE", "MAXIMIZE"};
  Json out{{"name", study.name}, {"directions", Json::array()}, {"trials", Json::array()}};
  for (const Direction each : study.directions) out["directions"].push_back(kDirections[static_cast<int>(each)]);
  const auto number = [](double value) { return std::isnan(value) ? Json() : Json(value); };
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    const Trial& trial = study.trials[i];
    Json each{{"number", i},
              {"state", name_of(trial.state)},
              {"values", nullptr},
              {"params", Json::object()},
              {"intermediate", Json::object()},
              {"user_attrs", Json::object()}};
    if (!trial.values.empty()) each["values"] = trial.values;
    for (const TrialParameter& set : trial.parameters) {
      const StudyParameter& parameter = study.parameters[set.parameter];
      each["params"][parameter.name] = parse_json(json_of(outer(parameter.distribution, set.value)), "a value");
    }
    for (const Report& report : trial.reports) each["intermediate"][std::to_string(report.step)] = number(report.value);
    for (const Attribute& attribute : trial.user)
      each["user_attrs"][attribute.key] = parse_json(attribute.json, "an attribute");
    out["trials"].push_back(each);
  }
  return out;
}

const std::string kStudy = R"({"op_code":0,"worker_id":"w","study_name":"s","directions":[1]})"
                           "\n";
const std::string kTrial = R"({"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"2026-11-20T10:00:00.000000"})"
                           "\n";

std::string parameter_line(int trial, const std::string& name, const std::string& value, std::string distribution) {
  std::string quoted;
  for (const char c : distribution) quoted += c == '"' ? "\\\"" : std::string(1, c);
  return fmt::format(
      R"({{"op_code":5,"worker_id":"w","trial_id":{},"param_name":"{}","param_value_internal":{},"distribution":"{}"}})"
      "\n",
      trial, name, value, quoted);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_reader)

BOOST_AUTO_TEST_CASE(journals_of_every_writer_come_to_what_optuna_reads) {
  for (const char* name : {"optuna-3.6.2", "optuna-4.9.0", "optuna-5.0.0", "rustuna-0.2.0"}) {
    const Json expected = read_json(kVectors / (std::string(name) + ".json"));
    Json found = Json::array();
    for (const Study& study : read_journal(kVectors / (std::string(name) + ".log"))) found.push_back(described(study));
    // Keys of objects come in any order.
    BOOST_TEST(nlohmann::json::parse(found.dump()) == nlohmann::json::parse(expected["studies"].dump()), name);
  }
}

BOOST_AUTO_TEST_CASE(rustuna_says_what_its_choices_are_as_attributes_too) {
  const Study study = read_journal(kVectors / "rustuna-0.2.0.log").at(0);
  const std::vector<Attribute> expected{{"category_labels:o:0", "\"s:a\""}, {"category_labels:o:1", "\"s:b\""}};
  BOOST_TEST((study.system == expected));
}

BOOST_AUTO_TEST_CASE(what_we_write_is_read_back_to_the_bit) {
  const Zone zone("IST-5:30");
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const RandomJournal journal = random_journal(seed, 300);
    BOOST_TEST(same_studies(replayed(journal.lines), journal.studies), seed);
    BOOST_TEST(same_studies(twin_of(journal.lines), journal.studies), seed);
  }
}

BOOST_AUTO_TEST_CASE(threads_do_not_matter_and_neither_does_reading_in_steps) {
  const Zone zone("IST-5:30");
  std::string text;
  std::vector<Study> expected;
  {
    // Several pieces long, with one line longer than a piece.
    RandomJournal journal = random_journal(77, 9000);
    text = journal.lines + kStudy + R"({"op_code":2,"worker_id":"w","study_id":0,"user_attr":{"x":")" +
           std::string(700'000, 'y') + "\"}}\n" + random_journal(78, 3000).lines;
    expected = twin_of(text);
  }
  for (const unsigned threads : {1U, 2U, 5U}) BOOST_TEST(same_studies(replayed(text, threads), expected));
  const TemporaryFolder folder;
  JournalReader reader(folder / "j.log", 2);
  Dice dice(3);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::min<std::size_t>(text.size() - at, dice.below(dice.one_in(3) ? 400'000 : 900));
    append(folder / "j.log", std::string_view(text).substr(at, size));
    at += size;
    reader.update();
  }
  BOOST_TEST(reader.offset() == text.size());
  BOOST_TEST(same_studies(reader.studies(), expected));
  BOOST_TEST(!reader.update());
}

BOOST_AUTO_TEST_CASE(an_unfinished_last_line_waits_for_its_end_at_every_byte) {
  const RandomJournal journal = random_journal(5, 40);
  const std::size_t last = journal.lines.rfind('\n', journal.lines.size() - 2) + 1;
  const std::vector<Study> before = twin_of(journal.lines.substr(0, last));
  for (std::size_t size = last; size < journal.lines.size(); ++size) {
    const TemporaryFolder folder;
    append(folder / "j.log", journal.lines.substr(0, size));
    JournalReader reader(folder / "j.log");
    reader.update();
    BOOST_TEST(reader.offset() == last);
    BOOST_TEST(same_studies(reader.studies(), before));
    append(folder / "j.log", journal.lines.substr(size));
    BOOST_TEST(reader.update());
    BOOST_TEST(same_studies(reader.studies(), twin_of(journal.lines)));
  }
}

BOOST_AUTO_TEST_CASE(a_changed_record_is_read_as_the_slow_way_reads_it_or_refused_by_both) {
  const Zone zone("IST-5:30");
  static const std::vector<std::string> kPieces{"null",
                                                "true",
                                                "-1",
                                                "0",
                                                "1",
                                                "4",
                                                "1e999",
                                                "01",
                                                "1.",
                                                "NaN",
                                                "-Infinity",
                                                "\"\"",
                                                "\"a\"",
                                                "{}",
                                                "[]",
                                                "[null]",
                                                ",",
                                                ":",
                                                "{",
                                                "}",
                                                "\"",
                                                "\\",
                                                "\\u00e9",
                                                "\\ud800",
                                                " ",
                                                "\t",
                                                "\x01",
                                                "\xc3\xa9",
                                                "\xff",
                                                "\"op_code\":10",
                                                "\"2026-11-20 10:00:00+05:30\"",
                                                "\"state\"",
                                                "\"values\"",
                                                "\"trial_id\"",
                                                "\"value\":3,",
                                                "9007199254740993",
                                                "123456789012345678901234"};
  std::size_t refused = 0, read = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Dice dice(1000 + seed);
    const RandomJournal journal = random_journal(seed, 120);
    std::vector<std::string> lines;
    for (std::size_t at = 0, end; (end = journal.lines.find('\n', at)) != std::string::npos; at = end + 1)
      lines.push_back(journal.lines.substr(at, end - at));
    JournalTwin twin;
    JournalState state;
    for (const std::string& line : lines) {
      for (int change = 0; change < 12; ++change) {
        std::string changed = line;
        for (std::uint64_t n = 1 + dice.below(3); n > 0 && !changed.empty(); --n) {
          const std::size_t at = dice.below(changed.size());
          switch (dice.below(4)) {
            case 0:
              changed.erase(at, 1 + dice.below(12));
              break;
            case 1:
              changed.insert(at, dice.of(kPieces));
              break;
            case 2:
              changed[at] = static_cast<char>(dice.below(256));
              break;
            default: {
              // A whole value for another.
              const std::size_t colon = changed.find(':', at);
              if (colon == changed.npos) break;
              const std::size_t end = std::min(changed.find_first_of(",}", colon), changed.size());
              changed.replace(colon + 1, end - colon - 1, dice.of(kPieces));
            }
          }
        }
        std::erase(changed, '\n');
        JournalTwin twin_after = twin;
        bool twin_reads = true, we_read = true;
        try {
          twin_after.apply(changed);
        } catch (const std::exception&) {
          twin_reads = false;
        }
        JournalState state_after = state;
        try {
          Record record;
          RecordScanner().scan(changed, record);
          state_after.apply(record);
        } catch (const BadRecord&) {
          we_read = false;
        }
        BOOST_TEST(twin_reads == we_read, changed);
        if (!twin_reads || !we_read) {
          ++refused;
          BOOST_TEST(same_studies(state_after.studies(), twin.studies), changed);
          continue;
        }
        ++read;
        BOOST_TEST(same_studies(state_after.studies(), twin_after.studies), changed);
      }
      twin.apply(line);
      Record record;
      RecordScanner().scan(line, record);
      state.apply(record);
    }
  }
  BOOST_TEST(refused > 10'000U);
  BOOST_TEST(read > 2'000U);
}

BOOST_AUTO_TEST_CASE(a_second_study_of_a_name_is_none_until_the_first_is_deleted) {
  const std::string gone = "{\"op_code\":1,\"worker_id\":\"w\",\"study_id\":0}\n";
  BOOST_TEST(replayed(kStudy + kStudy).size() == 1U);
  const std::vector<Study> studies = replayed(kStudy + kStudy + kTrial + gone + kTrial + kStudy + kTrial);
  BOOST_REQUIRE(studies.size() == 2U);
  BOOST_TEST(studies[0].deleted);
  BOOST_TEST(studies[0].trials.size() == 1U);
  BOOST_TEST(studies[1].trials.size() == 0U);  // the id 0 stays the first one's
}

BOOST_AUTO_TEST_CASE(the_first_to_begin_a_waiting_trial_has_it) {
  const std::string wait = R"({"op_code":4,"worker_id":"w","study_id":0,"state":4,"datetime_start":null})"
                           "\n";
  const auto begin = [](int second) {
    return fmt::format(
        R"({{"op_code":6,"worker_id":"w{0}","trial_id":0,"state":0,"values":null,"datetime_start":"2026-11-20T10:00:0{0}Z"}})"
        "\n",
        second);
  };
  const Trial trial = replayed(kStudy + wait + begin(1) + begin(2)).at(0).trials.at(0);
  BOOST_TEST((trial.state == TrialState::running));
  BOOST_TEST(utc_text(trial.started) == "2026-11-20T10:00:01Z");
}

BOOST_AUTO_TEST_CASE(a_parameter_that_does_not_fit_the_first_of_its_name_is_left_out) {
  const std::string linear =
      R"({"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, "high": 1.0, "log": false}})";
  const std::string wider = R"({"type":"float","low":0,"high":9})";
  const std::string log = R"({"type":"float","low":1,"high":9,"log":true})";
  const std::string whole = R"({"type":"int","low":1,"high":9})";
  const std::vector<Study> studies = replayed(
      kStudy + kTrial + kTrial + kTrial + kTrial + parameter_line(2, "x", "0.5", linear) +
      parameter_line(1, "x", "5", log) + parameter_line(0, "x", "5", whole) + parameter_line(0, "y", "5.9", whole) +
      parameter_line(3, "x", "8", wider) + parameter_line(1, "x", "5", log));
  const std::vector<Trial>& trials = studies.at(0).trials;
  BOOST_TEST(trials[2].parameters.size() == 1U);
  BOOST_TEST(trials[1].parameters.size() == 0U);
  BOOST_REQUIRE(trials[0].parameters.size() == 1U);
  BOOST_TEST(studies[0].parameters[trials[0].parameters[0].parameter].name == "y");
  BOOST_TEST(trials[0].parameters[0].value == 5.0);
  BOOST_TEST(trials[3].parameters.size() == 1U);
  BOOST_TEST(studies[0].parameters.size() == 3U);
}

BOOST_AUTO_TEST_CASE(one_distribution_written_in_three_ways_is_one) {
  const Study study =
      replayed(kStudy + kTrial + kTrial + kTrial + parameter_line(0, "x", "1", R"({"type":"int","low":1,"high":9})") +
               parameter_line(
                   1, "x", "2",
                   R"({"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 9}})") +
               parameter_line(2, "x", "3.0",
                              R"({"attributes":{"high":9,"log":false,"low":1,"step":1},"name":"IntDistribution"})"))
          .at(0);
  BOOST_TEST(study.parameters.size() == 1U);
  for (const Trial& trial : study.trials) BOOST_TEST(trial.parameters.size() == 1U);
}

BOOST_AUTO_TEST_CASE(times_are_read_by_the_zone_as_python_reads_them) {
  const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  const auto utc = [](const char* text) {
    const auto stamp = parse_stamp(text);
    BOOST_REQUIRE(stamp.has_value());
    return utc_text(LocalClock().to_utc(*stamp));
  };
  BOOST_TEST(utc("2026-01-15T12:00:00.000001") == "2026-01-15T11:00:00.000001Z");
  BOOST_TEST(utc("2026-07-15T12:00:00") == "2026-07-15T10:00:00Z");
  BOOST_TEST(utc("2026-07-15 12:00") == "2026-07-15T10:00:00Z");
  BOOST_TEST(utc("2026-07-15T12:00:00.5+02:00") == "2026-07-15T10:00:00.5Z");
  BOOST_TEST(utc("2026-07-15T12:00:00-0130") == "2026-07-15T13:30:00Z");
  BOOST_TEST(utc("2026-07-15T12:00:00Z") == "2026-07-15T12:00:00Z");
  // Python 3.11: datetime(2026, 10, 25, 2, 30).astimezone(utc) is 00:30, datetime(2026, 3, 29, 2, 30) is 01:30.
  BOOST_TEST(utc("2026-10-25T02:30:00") == "2026-10-25T00:30:00Z");
  BOOST_TEST(utc("2026-10-25T03:00:00") == "2026-10-25T02:00:00Z");
  BOOST_TEST(utc("2026-03-29T02:30:00") == "2026-03-29T01:30:00Z");
  BOOST_TEST(utc("1969-12-31T23:59:59.999999") == "1969-12-31T22:59:59.999999Z");
  for (const char* bad : {"", "2026", "2026-11-20", "2026-13-01T00:00:00", "2026-02-29T00:00:00", "2026-11-20T24:00:00",
                          "2026-11-20T10:00:00.", "2026-11-20T10:00:00.1234567890", "2026-11-20T10:00:00+1",
                          "2026-11-20T10:00:00z ", "9999-11-20T10:00:00", "2026-11-20T10:00:60"})
    BOOST_TEST(!parse_stamp(bad).has_value(), bad);
}

BOOST_AUTO_TEST_CASE(the_clocks_offset_is_kept_no_longer_than_it_holds) {
  const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  LocalClock kept;
  // Every seven minutes around both changes of 2026.
  for (const char* day : {"2026-03-28T20:00:00", "2026-10-24T20:00:00"}) {
    const std::int64_t begin = parse_stamp(day)->nanoseconds;
    for (std::int64_t minute = 0; minute < 720; minute += 7) {
      const Stamp stamp{begin + minute * 60'000'000'000, true};
      BOOST_TEST(kept.to_utc(stamp) == LocalClock().to_utc(stamp));
    }
  }
}

BOOST_AUTO_TEST_CASE(hostile_lines_are_refused_by_file_and_line) {
  const std::string deep(1'000'000, '[');
  const std::vector<std::string> lines{
      "",
      " ",
      "null",
      "[]",
      "{}",
      "not json",
      "{\"op_code\":4",
      R"({"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null}x)",
      R"({"op_code":11,"worker_id":"w"})",
      R"({"op_code":-1,"worker_id":"w"})",
      R"({"op_code":"4","worker_id":"w"})",
      R"({"op_code":4,"study_id":0})",
      R"({"op_code":4,"worker_id":"w","study_id":0})",
      R"({"op_code":4,"worker_id":"w","study_id":0,"datetime_start":"yesterday"})",
      R"({"op_code":4,"worker_id":"w","study_id":123456789012345678901234567890,"datetime_start":null})",
      R"({"op_code":2,"worker_id":"w","study_id":0,"user_attr":{"a":1,"b":2}})",
      R"({"op_code":2,"worker_id":"w","study_id":0,"user_attr":{}})",
      R"({"op_code":2,"worker_id":"w","study_id":0,"user_attr":{"a":)" + deep + "}}",
      "{\"op_code\":4,\"worker_id\":\"" + deep,
      std::string("{\"op_code\":0,\"worker_id\":\"w\0\",\"study_name\":\"t\",\"directions\":[1]}", 65),
      std::string(100, '\0'),
      "\xef\xbb\xbf{}",
      "{\"op_code\":0,\"worker_id\":\"\xed\xa0\x80\",\"study_name\":\"t\",\"directions\":[1]}",
      R"({"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null}{"op_code":4,"worker_id":"w","study_id":0,"datetime_start":null})"};
  for (const std::string& line : lines) {
    const TemporaryFolder folder;
    append(folder / "j.log", kStudy + kTrial + line + "\n" + kTrial);
    JournalReader reader(folder / "j.log");
    for (int again = 0; again < 2; ++again) {
      const std::string message = refusal_of([&] { reader.update(); });
      BOOST_TEST(holds_all(message, {(folder / "j.log").string() + ", line 3:", "`moola sweep repair"}),
                 line.substr(0, 100));
      BOOST_TEST(message.size() < 1000U);
      BOOST_TEST(reader.lines() == 2U);
      BOOST_TEST(reader.studies().at(0).trials.size() == 1U);
    }
  }
}

BOOST_AUTO_TEST_CASE(odd_but_valid_lines_are_read) {
  const std::vector<Study> studies = replayed(
      kStudy +
      "  {\t\"future\" : [1, {\"x\": [NaN, -Infinity]}], \"op_code\" : 4 ,\"worker_id\":\"w\",\"study_id\":0,"
      "\"datetime_start\":null,\"values\":[Infinity,1e999,-1E-999],\"state\":1,\"datetime_complete\":\"2026-11-20T10:"
      "00:00Z\"} \r\n" +
      R"({"op\u005fcode":0,"worker_id":"w","study_name":"\ud83e\udd8a \ud800","directions":[2,1]})"
      "\n" +
      R"({"op_code":10,"worker_id":"w","trial_ids":[0]})"
      "\n" +
      R"({"op_code":4,"worker_id":"w","study_id":9,"nothing":1})"
      "\n" +
      R"({"op_code":2,"worker_id":"w","study_id":0,"user_attr":{"big":")" + std::string(10'000'000, 'x') + "\"}}\n");
  BOOST_REQUIRE(studies.size() == 2U);
  BOOST_TEST(studies[1].name == "🦊 \xef\xbf\xbd");
  const Trial& trial = studies[0].trials.at(0);
  BOOST_TEST(trial.values == (std::vector<double>{HUGE_VAL, HUGE_VAL, -0.0}), boost::test_tools::per_element());
  BOOST_TEST(studies[0].user.at(0).json.size() == 10'000'002U);
}

BOOST_AUTO_TEST_CASE(a_journal_that_is_cut_or_replaced_while_it_is_read_is_refused) {
  const TemporaryFolder folder;
  append(folder / "j.log", kStudy + kTrial);
  JournalReader cut(folder / "j.log"), replaced(folder / "j.log");
  cut.update();
  replaced.update();
  fs::resize_file(folder / "j.log", kStudy.size());
  BOOST_TEST(holds(refusal_of([&] { cut.update(); }), "was cut or replaced"));
  write_file(folder / "j.log", kStudy + kTrial + kTrial);
  BOOST_TEST(holds(refusal_of([&] { replaced.update(); }), "is another file"));
  BOOST_CHECK_THROW(JournalReader(folder / "none.log").update(), IoError);
}

BOOST_AUTO_TEST_SUITE_END()
