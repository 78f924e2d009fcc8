#pragma once
// Studies put together by hand, and the page that is made of them.
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/utc_time.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "tests/work/sweep/page_reader.h"
#include "work/sweep/honesty/honesty.h"
#include "work/sweep/report/study_facts.h"
#include "work/sweep/report/study_report.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::test {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr std::int64_t kSecond = 1'000'000'000;

struct ReportStudy {
  TemporaryFolder folder;
  work::FoundStudy found{.journal = folder / "journal.log",
                         .study = {.name = "made", .directions = {sweep::Direction::minimize}}};
  std::int64_t clock = parse_utc("2026-03-01");

  sweep::Study& study() { return found.study; }
  std::uint32_t parameter(const std::string& name, sweep::Distribution range) {
    study().parameters.push_back({name, std::move(range)});
    return static_cast<std::uint32_t>(study().parameters.size() - 1);
  }
  /// A trial that ran for ten seconds after the one before; of one that has not ended, none.
  sweep::Trial& trial(sweep::TrialState state, std::vector<double> values = {},
                      std::vector<sweep::TrialParameter> parameters = {}) {
    sweep::Trial out{.state = state, .values = std::move(values), .parameters = std::move(parameters)};
    if (state != sweep::TrialState::waiting) out.started = clock;
    clock += 10 * kSecond;
    if (sweep::is_finished(state)) out.completed = clock;
    study().trials.push_back(std::move(out));
    return study().trials.back();
  }
  sweep::Trial& complete(double value, std::vector<sweep::TrialParameter> parameters = {}) {
    return trial(sweep::TrialState::complete, {value}, std::move(parameters));
  }
  sweep::Trial& failed(const std::string& why, const std::string& worker = "") {
    sweep::Trial& out = trial(sweep::TrialState::failed);
    out.user.push_back({"fail_reason", json_text(Json(why))});
    if (!worker.empty()) out.system.push_back(work::owner_attribute({.worker = worker}));
    return out;
  }

  work::StudyFacts facts() const { return work::facts_of(found, work::honesty_json(found.study, folder.path(), 2)); }
  std::string markup() const { return work::study_page(facts()); }
  Json json() const { return parse_json(json_text(work::facts_json(facts())), "report.json"); }
  /// The page, which must be one that can be read.
  ReadPage page() const {
    ReadPage out = PageReader(markup()).read();
    for (const std::string& problem : out.problems) BOOST_TEST(problem == "");
    return out;
  }
};

/// Whether a section says all of `words`.
inline void check_says(const ReadPage& page, const std::string& section, const std::vector<std::string>& words) {
  BOOST_REQUIRE_MESSAGE(page.text.contains(section), "no section " << section);
  BOOST_TEST(holds_all(page.text.at(section), words), "of section " << section);
}

}  // namespace moola::test
