#include "sweep/journal/journal_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "sweep/journal/record_text.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "tests/sweep/journal_studies.h"

using namespace moola;
using namespace moola::sweep;
using namespace moola::test;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kNow = 1'800'000'000'000'000'000;

std::string study_line() {
  RecordText text("w");
  text.create_study("s", std::vector{Direction::minimize});
  return text.take();
}

std::string report_line(std::uint64_t trial, std::int64_t step) {
  RecordText text("w");
  text.report(trial, step, 0.5);
  return text.take();
}

// Creates trials until the study has `wanted`, each with one report that says who made it; returns their numbers.
std::vector<std::size_t> create_until(JournalWriter& writer, JournalReader& reader, std::size_t wanted, int who) {
  std::vector<std::size_t> mine;
  for (bool more = true; more;) {
    writer.append_after_reading(reader, [&](const JournalReader& now) -> std::string {
      const std::size_t number = now.studies().at(0).trials.size();
      more = number < wanted;
      if (!more) return "";
      mine.push_back(number);
      RecordText text("w" + std::to_string(who));
      text.create_trial(0, kNow);
      text.report(now.state().trials().size(), who, 0.5);
      return text.take();
    });
  }
  return mine;
}

// Forks; the child does `work` and ends without a word.
template <class F>
pid_t forked(const F& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  int status = 0;
  try {
    work();
  } catch (...) {
    status = 1;
  }
  ::_exit(status);
}

int status_of(pid_t child) {
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(journal_writer)

BOOST_AUTO_TEST_CASE(records_are_written_as_optuna_writes_them) {
  ::setenv("TZ", "IST-5:30", 1);
  ::tzset();
  RecordText text("hpc-\"0\"");
  text.create_study("größe", std::vector{Direction::minimize, Direction::maximize});
  text.set_study_system(0, {"a", "{ \"b\" : [1, NaN] }"}, std::vector<std::string>{"loss", "speed"});
  text.create_trial(0, kNow);
  text.set_parameter(0, "lr", FloatDistribution{.low = 1e-5, .high = 0.1, .log = true}, 0.5);
  text.set_parameter(0, "n", IntDistribution{.low = 2, .high = 16, .step = 2}, 8);
  text.set_parameter(0, "opt", CategoricalDistribution{{std::string("adam"), std::monostate{}}}, 1);
  text.report(0, -3, std::nan(""));
  text.finish(0, TrialState::pruned, {}, kNow, kNow + 1'500'000'999);
  text.finish(1, TrialState::complete, std::vector<double>{0.1, HUGE_VAL}, kNoTime, kNow);
  text.set_waiting(2);
  text.set_running(2, kNow);
  text.set_trial_user(2, {"node", "\"gpü\""});
  text.delete_study(0);
  Trial waiting{.state = TrialState::waiting, .system = {{"fixed_params", "{\"lr\": 0.01}"}}};
  text.create_trial(0, waiting, {});
  const std::string expected =
      R"({"op_code":0,"worker_id":"hpc-\"0\"","study_name":"gr\u00f6\u00dfe","directions":[1,2]}
{"op_code":3,"worker_id":"hpc-\"0\"","study_id":0,"system_attr":{"a":{"b":[1,NaN]}}}
{"op_code":3,"worker_id":"hpc-\"0\"","study_id":0,"system_attr":{"study:metric_names":["loss","speed"]}}
{"op_code":4,"worker_id":"hpc-\"0\"","study_id":0,"datetime_start":"2027-01-15T13:30:00.000000"}
{"op_code":5,"worker_id":"hpc-\"0\"","trial_id":0,"param_name":"lr","param_value_internal":0.5,"distribution":"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 1e-05, \"high\": 0.1, \"log\": true}}"}
{"op_code":5,"worker_id":"hpc-\"0\"","trial_id":0,"param_name":"n","param_value_internal":8.0,"distribution":"{\"name\": \"IntDistribution\", \"attributes\": {\"log\": false, \"step\": 2, \"low\": 2, \"high\": 16}}"}
{"op_code":5,"worker_id":"hpc-\"0\"","trial_id":0,"param_name":"opt","param_value_internal":1,"distribution":"{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"adam\", null]}}"}
{"op_code":7,"worker_id":"hpc-\"0\"","trial_id":0,"step":-3,"intermediate_value":NaN}
{"op_code":6,"worker_id":"hpc-\"0\"","trial_id":0,"state":2,"values":null,"datetime_start":"2027-01-15T13:30:00.000000","datetime_complete":"2027-01-15T13:30:01.500000"}
{"op_code":6,"worker_id":"hpc-\"0\"","trial_id":1,"state":1,"values":[0.1,Infinity],"datetime_complete":"2027-01-15T13:30:00.000000"}
{"op_code":6,"worker_id":"hpc-\"0\"","trial_id":2,"state":4,"values":null}
{"op_code":6,"worker_id":"hpc-\"0\"","trial_id":2,"state":0,"values":null,"datetime_start":"2027-01-15T13:30:00.000000"}
{"op_code":8,"worker_id":"hpc-\"0\"","trial_id":2,"user_attr":{"node":"gp\u00fc"}}
{"op_code":1,"worker_id":"hpc-\"0\"","study_id":0}
{"op_code":4,"worker_id":"hpc-\"0\"","study_id":0,"datetime_start":null,"state":4,"distributions":{},"params":{},"user_attrs":{},"system_attrs":{"fixed_params":{"lr":0.01}},"intermediate_values":{}}
)";
  BOOST_TEST(text.take() == expected);
  BOOST_TEST(text.empty());
  BOOST_CHECK_THROW(text.set_trial_user(0, {"a", "{\"b\": "}), BadRecord);
  BOOST_CHECK_THROW(text.set_trial_user(0, {"a", "1 2"}), BadRecord);
  BOOST_TEST(text.empty());
  ::unsetenv("TZ");
  ::tzset();
}

BOOST_AUTO_TEST_CASE(stamps_in_utc_say_so) {
  RecordText text("w", StampForm::utc);
  text.create_trial(0, kNow + 123'456'789);
  BOOST_TEST(holds(text.take(), "\"datetime_start\":\"2027-01-15T08:00:00.123456+00:00\""));
}

BOOST_AUTO_TEST_CASE(lines_of_many_threads_are_all_there_and_whole) {
  const TemporaryFolder folder;
  JournalWriter writer(folder / "j.log");
  writer.append(study_line());
  RecordText trial("w");
  trial.create_trial(0, kNow);
  writer.append(trial.take());
  std::atomic<int> missing = 0;  // Boost's checks are for one thread
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 32; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 20; ++i) {
          writer.append(report_line(0, thread * 20 + i));
          // Durable, and seen by anybody, when the call returns.
          if (read_file(folder / "j.log").find(report_line(0, thread * 20 + i)) == std::string::npos) ++missing;
        }
      });
    }
  }
  BOOST_TEST(missing == 0);
  BOOST_TEST(read_journal(folder / "j.log").at(0).trials.at(0).reports.size() == 640U);
  BOOST_TEST(!fs::is_symlink(folder / "j.log.lock"));
}

BOOST_AUTO_TEST_CASE(processes_share_the_trials_of_a_study_and_begin_each_once) {
  const TemporaryFolder folder;
  JournalWriter(folder / "j.log").append(study_line());
  std::vector<pid_t> children;
  for (int who = 1; who <= 4; ++who) {
    children.push_back(forked([&] {
      JournalWriter writer(folder / "j.log");
      JournalReader reader(folder / "j.log");
      create_until(writer, reader, 120, who);
    }));
  }
  for (const pid_t child : children) BOOST_TEST(status_of(child) == 0);
  const Study study = read_journal(folder / "j.log").at(0);
  BOOST_TEST(study.trials.size() == 120U);
  // Each has its own maker's report: nobody took an id that somebody else had.
  for (const Trial& trial : study.trials) BOOST_TEST(trial.reports.size() == 1U);
}

BOOST_AUTO_TEST_CASE(threads_that_decide_and_threads_that_append_take_turns) {
  const TemporaryFolder folder;
  JournalWriter writer(folder / "j.log");
  writer.append(study_line());
  std::vector<std::size_t> numbers[3];
  {
    std::vector<std::jthread> threads;
    for (int who = 0; who < 3; ++who) {
      threads.emplace_back([&, who] {
        JournalReader reader(folder / "j.log");
        numbers[who] = create_until(writer, reader, 60, who);
      });
      threads.emplace_back([&] {
        for (int i = 0; i < 40; ++i) writer.append(report_line(0, 1000 + i));
      });
    }
  }
  std::multiset<std::size_t> all;
  for (const auto& each : numbers) all.insert(each.begin(), each.end());
  BOOST_TEST(all.size() == 60U);
  BOOST_TEST(std::set<std::size_t>(all.begin(), all.end()).size() == 60U);
}

BOOST_AUTO_TEST_CASE(a_line_torn_anywhere_is_cut_off_before_the_next_is_appended) {
  const std::string whole = study_line() + report_line(0, 1), torn = report_line(0, 2);
  for (std::size_t size = 0; size < torn.size(); ++size) {
    const TemporaryFolder folder;
    write_file(folder / "j.log", whole + torn.substr(0, size));
    JournalReader reader(folder / "j.log");
    reader.update();
    JournalWriter writer(folder / "j.log");
    writer.append(report_line(0, 3));
    BOOST_TEST(read_file(folder / "j.log") == whole + report_line(0, 3));
    BOOST_TEST(reader.update());
  }
  for (const std::string& rest : {std::string(20'000, 'x'), std::string("{")}) {
    const TemporaryFolder folder;
    write_file(folder / "j.log", rest);
    JournalWriter(folder / "j.log").append(study_line());
    BOOST_TEST(read_file(folder / "j.log") == study_line());
    write_file(folder / "j.log", study_line() + rest);
    JournalWriter(folder / "j.log").append(study_line());
    BOOST_TEST(read_file(folder / "j.log") == study_line() + study_line());
  }
}

BOOST_AUTO_TEST_CASE(the_lock_is_a_link_with_an_absolute_target) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "sub");
  const fs::path before = fs::current_path();
  fs::current_path(folder.path());
  {
    JournalWriter("sub/j.log").append(study_line());
    const JournalLock lock("sub/j.log");
    BOOST_TEST(fs::read_symlink("sub/j.log.lock") == fs::absolute("sub/j.log"));
    BOOST_TEST(lock.is_held());
  }
  BOOST_TEST(std::distance(fs::directory_iterator("sub"), fs::directory_iterator()) == 1);
  fs::current_path(before);
}

BOOST_AUTO_TEST_CASE(a_lock_of_either_kind_is_waited_for) {
  for (const bool link : {true, false}) {
    const TemporaryFolder folder;
    JournalWriter writer(folder / "j.log");
    if (link) {
      fs::create_symlink("j.log", folder / "j.log.lock");
    } else {
      std::ofstream(folder / "j.log.lock").close();
    }
    std::jthread waiting([&] { writer.append(study_line()); });
    std::this_thread::sleep_for(80ms);
    BOOST_TEST(fs::file_size(folder / "j.log") == 0U);
    fs::remove(folder / "j.log.lock");
    waiting.join();
    BOOST_TEST(fs::file_size(folder / "j.log") == study_line().size());
  }
}

BOOST_AUTO_TEST_CASE(a_dead_holders_lock_is_taken_away_when_nothing_has_changed_for_the_grace_period) {
  // Also one that leads nowhere, as a relative path in another folder gives.
  for (const char* target : {"", "nowhere/j.log"}) {
    const TemporaryFolder folder;
    JournalWriter writer(folder / "j.log", 300ms);
    writer.append(study_line());
    const fs::path dead = folder / "j.log.lock";
    fs::create_symlink(*target == '\0' ? folder / "j.log" : fs::path(target), dead);
    const auto begin = std::chrono::steady_clock::now();
    std::jthread busy([&](const std::stop_token& stop) {
      // Somebody appends for a while without our lock: the holder seems alive.
      for (int i = 0; i < 5 && !stop.stop_requested() && *target == '\0'; ++i) {
        std::this_thread::sleep_for(100ms);
        std::ofstream(folder / "j.log", std::ios::app) << report_line(7, i);
      }
    });
    writer.append(report_line(0, 1));
    const auto waited = std::chrono::steady_clock::now() - begin;
    BOOST_TEST((waited >= (*target == '\0' ? 750ms : 290ms)));
    BOOST_TEST(holds(read_file(folder / "j.log"), report_line(0, 1)));
    BOOST_TEST(!fs::is_symlink(dead));
  }
}

BOOST_AUTO_TEST_CASE(a_lock_that_was_taken_away_is_not_given_back_for_somebody_else) {
  const TemporaryFolder folder;
  JournalWriter(folder / "j.log").append(study_line());
  {
    const JournalLock slept(folder / "j.log");
    fs::remove(folder / "j.log.lock");
    fs::create_symlink(folder / "j.log", folder / "j.log.lock");
    BOOST_TEST(!slept.is_held());
  }
  BOOST_TEST(fs::is_symlink(folder / "j.log.lock"));
}

BOOST_AUTO_TEST_CASE(a_writer_whose_lock_was_taken_away_decides_anew) {
  const TemporaryFolder folder;
  JournalWriter writer(folder / "j.log");
  writer.append(study_line());
  JournalReader reader(folder / "j.log");
  int calls = 0;
  writer.append_after_reading(reader, [&](const JournalReader& now) {
    const std::uint64_t next = now.state().trials().size();
    RecordText text("w");
    text.create_trial(0, kNow);
    if (++calls == 1) {
      // We sleep; another takes the lock away, appends and is done.
      fs::remove(folder / "j.log.lock");
      std::ofstream(folder / "j.log", std::ios::app) << text.take();
      text.create_trial(0, kNow);
    }
    text.report(next, static_cast<std::int64_t>(next), 1);
    return text.take();
  });
  BOOST_TEST(calls == 2);
  BOOST_TEST(reader.studies().at(0).trials.size() == 2U);
  BOOST_TEST(reader.studies().at(0).trials.at(1).reports.at(0).step == 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_when_writers_are_killed_in_the_middle) {
  const TemporaryFolder folder;
  JournalWriter(folder / "j.log").append(study_line());
  RecordText trial("w");
  trial.create_trial(0, kNow);
  JournalWriter(folder / "j.log").append(trial.take());
  std::size_t promised = 0;
  for (int round = 0; round < 12; ++round) {
    int pipe[2];
    BOOST_REQUIRE(::pipe(pipe) == 0);
    const pid_t child = forked([&] {
      JournalWriter writer(folder / "j.log", 100ms);
      for (int i = 0;; ++i) {
        std::string lines;
        for (int k = 0; k < 200; ++k) lines += report_line(0, (round * 100'000 + i) * 200 + k);
        writer.append(lines);
        if (::write(pipe[1], "x", 1) != 1) ::_exit(1);
      }
    });
    ::close(pipe[1]);
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 7 * round));
    ::kill(child, SIGKILL);
    status_of(child);
    char byte;
    while (::read(pipe[0], &byte, 1) == 1) promised += 200;
    ::close(pipe[0]);
    JournalReader reader(folder / "j.log");
    reader.update();
    BOOST_TEST(reader.studies().at(0).trials.at(0).reports.size() >= promised);
  }
  // The last one's lock may be left; the journal goes on.
  JournalWriter(folder / "j.log", 100ms).append(report_line(0, -1));
  BOOST_TEST(read_journal(folder / "j.log").at(0).trials.at(0).reports.size() > promised);
  BOOST_TEST(promised > 0U);
}

BOOST_AUTO_TEST_CASE(what_the_disk_takes_half_of_is_taken_back_and_can_be_repeated) {
  const TemporaryFolder folder;
  JournalWriter writer(folder / "j.log");
  writer.append(study_line());
  const std::string before = read_file(folder / "j.log");
  rlimit old{}, small{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  small = {before.size() + 30, old.rlim_max};
  std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = message_of<IoError>([&] { writer.append(report_line(0, 1)); });
  JournalReader reader(folder / "j.log");
  const std::string other = message_of<IoError>(
      [&] { writer.append_after_reading(reader, [](const JournalReader&) { return report_line(0, 1); }); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, SIG_DFL);
  BOOST_TEST(holds_all(message, {(folder / "j.log").string(), "it is as it was before"}));
  BOOST_TEST(holds(other, "it is as it was before"));
  BOOST_TEST(read_file(folder / "j.log") == before);
  writer.append(report_line(0, 1));
  BOOST_TEST(read_file(folder / "j.log") == before + report_line(0, 1));
}

BOOST_AUTO_TEST_CASE(on_a_full_disk_every_waiting_thread_is_told_and_the_journal_stays_whole) {
  const TemporaryFolder folder;
  if (::mount("none", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    BOOST_TEST_MESSAGE("SKIPPED: no file system can be mounted here");
    return;
  }
  {
    JournalWriter writer(folder / "j.log");
    writer.append(study_line());
    std::atomic<std::size_t> told = 0, written = 0;
    {
      std::vector<std::jthread> threads;
      for (int thread = 0; thread < 8; ++thread) {
        threads.emplace_back([&, thread] {
          for (int i = 0; i < 40; ++i) {
            std::string lines;
            for (int k = 0; k < 10; ++k) lines += report_line(0, (thread * 40 + i) * 10 + k);
            try {
              writer.append(lines);
              written += 10;
            } catch (const IoError&) {
              ++told;
            }
          }
        });
      }
    }
    BOOST_TEST(told > 0U);
    BOOST_TEST(written > 0U);
    JournalReader reader(folder / "j.log");
    reader.update();
    BOOST_TEST(reader.lines() == 1 + written);
    BOOST_TEST(reader.offset() == fs::file_size(folder / "j.log"));
  }
  ::umount(folder.path().c_str());
}

BOOST_AUTO_TEST_CASE(a_writer_of_a_replaced_journal_does_not_write) {
  const TemporaryFolder folder;
  JournalWriter writer(folder / "j.log");
  writer.append(study_line());
  write_file(folder / "j.log", study_line());
  BOOST_TEST(holds(refusal_of([&] { writer.append(report_line(0, 1)); }), "was replaced"));
  BOOST_TEST(read_file(folder / "j.log") == study_line());
  BOOST_CHECK_THROW(JournalWriter(folder / "no" / "j.log"), IoError);
  BOOST_CHECK_THROW(writer.append("{}"), std::logic_error);
}

BOOST_AUTO_TEST_SUITE_END()
