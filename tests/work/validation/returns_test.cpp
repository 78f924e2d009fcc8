// moola pbo and moola sharpe as their users call them.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

#include "base/utc_time.h"
#include "data/files/npy.h"
#include "data/store/hdf5.h"
#include "tests/support/messages.h"
#include "tests/work/bars_workspace.h"
#include "validation/overfitting.h"
#include "validation/sharpe.h"
#include "work/validation/return_matrix.h"

using namespace moola;
using namespace moola::test;
using namespace moola::work;

namespace {

// 200 days of 12 configurations, of which "c3" earns something.
struct Returns {
  static constexpr std::size_t kRows = 200, kColumns = 12;
  std::vector<double> values = std::vector<double>(kRows * kColumns);

  Returns() {
    std::mt19937_64 random(3);
    std::normal_distribution<double> normal(0, 0.01);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = normal(random) + (i % kColumns == 3 ? 0.002 : 0);
  }
  std::vector<double> column(std::size_t c) const {
    std::vector<double> out;
    for (std::size_t i = c; i < values.size(); i += kColumns) out.push_back(values[i]);
    return out;
  }
  std::string csv(bool names, bool times) const {
    std::string out = names && times ? "date," : "";
    for (std::size_t c = 0; names && c < kColumns; ++c) out += fmt::format("{}c{}", c == 0 ? "" : ",", c);
    if (names) out += "\n";
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i % kColumns == 0 && times) out += fmt::format("{},", 1'577'836'800 + i / kColumns * 86'400);  // 2020
      out += fmt::format("{}{}", values[i], (i + 1) % kColumns == 0 ? "\n" : ",");
    }
    return out;
  }
};

std::string bytes_of(const std::vector<double>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

struct Folder {
  BarsWorkspace workspace;
  Returns returns;

  std::string write(const std::string& name, const std::string& content) const {
    write_file(workspace.path(name), content);
    return workspace.path(name);
  }
  std::string csv(bool names = true, bool times = true) const { return write("r.csv", returns.csv(names, times)); }
  Json pbo(std::vector<std::string> arguments) const { return workspace.answer("pbo", std::move(arguments)); }
  Json sharpe(std::vector<std::string> arguments) const { return workspace.answer("sharpe", std::move(arguments)); }
};

bool near(const Json& found, double expected, double tolerance = 1e-9) {
  return std::fabs(found.get<double>() - expected) <= tolerance * std::max(1.0, std::fabs(expected));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(returns_commands)

BOOST_AUTO_TEST_CASE(every_form_of_a_file_gives_the_same_answer) {
  const Folder folder;
  const std::uint64_t shape[] = {Returns::kRows, Returns::kColumns};
  const std::string npy = folder.write("r.npy", data::npy_header("<f8", shape) + bytes_of(folder.returns.values));
  {
    auto file = data::hdf5::File::create(folder.workspace.path("r.h5"));
    file.create_dataset("returns", data::hdf5::Type::float64, {Returns::kRows, Returns::kColumns})
        .write(folder.returns.values);
    file.close();
  }
  const auto numbers = [](Json answer) {
    for (const char* key : {"file", "from", "to", "winners"}) answer.erase(key);
    return answer;
  };
  const Json expected = numbers(folder.pbo({folder.csv(), "--blocks", "8"}));
  BOOST_TEST(expected["configurations"] == 12);
  for (const std::string& file :
       {folder.write("plain.csv", folder.returns.csv(false, false)), npy, folder.workspace.path("r.h5")})
    BOOST_TEST(numbers(folder.pbo({file, "--blocks", "8"})) == expected);
}

BOOST_AUTO_TEST_CASE(pbo_answers_what_the_calculation_finds) {
  const Folder folder;
  for (const auto& [metric, performance] : {std::pair("sharpe", validation::Performance::sharpe),
                                            {"mean", validation::Performance::mean},
                                            {"sortino", validation::Performance::sortino}}) {
    const auto found =
        validation::backtest_overfitting(folder.returns.values, 12, {.blocks = 10, .performance = performance});
    const Json answer = folder.pbo({folder.csv(), "--blocks", "10", "--metric", metric});
    BOOST_TEST(answer["pbo"] == found.pbo);
    BOOST_TEST(answer["combinations"] == 252);
    BOOST_TEST(answer["rows"] == 200);
    BOOST_TEST(answer["prob_loss"] == found.prob_loss);
    BOOST_TEST(answer["slope"] == found.slope);
    BOOST_TEST(answer["logit_mean"] == found.logit_mean);
    BOOST_TEST(answer["coarse"] == false);
    BOOST_TEST(answer["winners"][0]["configuration"] == "c3");
  }
}

BOOST_AUTO_TEST_CASE(every_combination_is_written_on_demand_and_nothing_is_overwritten) {
  const Folder folder;
  const std::string out = folder.workspace.path("pbo.json");
  static_cast<void>(folder.pbo({folder.csv(), "--blocks", "6", "--out", out}));
  const Json all = read_json(out);
  BOOST_TEST(all["logit"].size() == 20U);
  BOOST_TEST(all["winner"].size() == 20U);
  BOOST_TEST(holds(folder.workspace.refusal("pbo", {folder.csv(), "--blocks", "6", "--out", out}), "pbo.json"));
  BOOST_TEST(folder.workspace.run("pbo", {folder.csv(), "--blocks", "6", "--out", out, "--force"}).exit_code == 0);
}

BOOST_AUTO_TEST_CASE(few_configurations_are_said_to_be_coarse) {
  const Folder folder;
  const Json answer = folder.pbo({folder.csv(), "--columns", "c1,c2,c3"});
  BOOST_TEST(answer["configurations"] == 3);
  BOOST_TEST(answer["coarse"] == true);
  BOOST_TEST(holds(answer["verdict"].get<std::string>(), "coarse"));
}

BOOST_AUTO_TEST_CASE(columns_that_count_rows_are_no_returns) {
  const Folder folder;
  std::string csv = "," + folder.returns.csv(true, false);
  std::size_t row = 0;
  for (std::size_t at = csv.find('\n') + 1; at < csv.size(); at = csv.find('\n', at) + 1)
    csv.insert(at, std::to_string(row++) + ",");
  const Json answer = folder.pbo({folder.write("indexed.csv", csv)});
  BOOST_TEST(answer["configurations"] == 12);
  BOOST_TEST(answer["left_out"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(dates_and_date_times_may_stand_in_one_column) {
  const Folder folder;
  const auto times = [&](const std::vector<std::string>& stamps) {
    std::string csv = "time,return\n";
    for (std::size_t i = 0; i < stamps.size(); ++i) csv += fmt::format("{},{}\n", stamps[i], i * i % 5);
    return read_returns({.file = folder.write("mixed.csv", csv)});
  };
  const std::int64_t hour = 3'600'000'000'000, first = parse_utc("2020-01-01");
  const std::vector<std::int64_t> expected{first, first + 10 * hour, first + 24 * hour, first + 53 * hour};
  const std::vector<std::vector<std::string>> forms{
      {"2020-01-01", "2020-01-01 10:00", "2020-01-02", "2020-01-03 05:00"},
      {"2020-01-01", "2020-01-01T10:00:00Z", "2020-01-02", "2020-01-03T05:00:00Z"},
      {"2020-01-01T00:00:00Z", "2020-01-01T10:00:00", "2020-01-02", "2020-01-03T06:00:00+01:00"},
      {"20200101", "202001011000", "20200102", "20200103050000"},
      {"20200101", "20200101 10:00", "20200102", "20200103 050000"},
  };
  for (const std::vector<std::string>& form : forms) {
    const ReturnMatrix found = times(form);
    BOOST_TEST_CONTEXT(form[1]) {
      BOOST_TEST(found.time == expected, boost::test_tools::per_element());
      BOOST_TEST((found.names == std::vector<std::string>{"return"}));
    }
  }
  BOOST_TEST(holds_all(refusal_of([&] {
                         times({"2020-01-01", "2020-01-02", "the day after"});
                       }),
                       {"row 3", "'the day after'", "column 'time'"}));
  BOOST_TEST(holds(refusal_of([&] { times({"2020-01-01", "", "2020-01-02"}); }), "row 2"));
  BOOST_TEST(holds(refusal_of([&] { times({"2020-01-01", "1577923200", "2020-01-03"}); }), "'1577923200'"));
  BOOST_TEST(holds(refusal_of([&] { times({"0.5", "0.25", "0.125"}); }), "is called as times are"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_judged_is_refused_in_one_paragraph) {
  const Folder folder;
  const auto refused = [&](const std::string& content, std::vector<std::string> more = {}, const char* job = "pbo") {
    more.insert(more.begin(), folder.write("bad.csv", content));
    return folder.workspace.refusal(job, more);
  };
  const auto rows = [](const std::string& head, const std::string& line, int n) {
    std::string out = head + "\n";
    for (int i = 0; i < n; ++i) out += fmt::format("{}\n", fmt::format(fmt::runtime(line), i * i % 7 - 3));
    return out;
  };
  BOOST_TEST(holds(refused(rows("a,b", "{0},0", 40)), "column 'b'"));  // constant
  BOOST_TEST(holds(refused(rows("a,b", "{0},0", 40)), "--drop-constant"));
  BOOST_TEST(holds(refused(rows("a,b", "{0},0", 40), {"--drop-constant"}), "1 configuration"));
  BOOST_TEST(holds(refused(rows("a", "{0}", 40)), "moola sharpe"));  // one column
  BOOST_TEST(holds(refused(rows("a,b", "{0},1e{0}", 20)), "16 blocks"));
  BOOST_TEST(holds(refused("a,b\n1,2\n3,\n4,1\n"), "row 2"));
  BOOST_TEST(holds(refused("a,b\n1,2\n3,oops\n4,1\n"), "'oops' in column 'b'"));
  BOOST_TEST(holds(refused("a,b\nx,2\ny,3\n"), "column 'a'"));
  BOOST_TEST(holds(refused("date,a,b\n2020-01-01,1,2\n2020-01-02,2,1\n2020-01-02,1,2\n"), "row 3"));
  BOOST_TEST(holds(refused("date,a,b\n2020-01-02,1,2\n2020-01-01,2,1\n"), "row 2"));
  BOOST_TEST(holds(refused("a,b\n"), "no rows"));
  BOOST_TEST(holds(refused(""), "empty"));
  BOOST_TEST(holds(refused("a,b\n1,2\n2,1\n", {"--columns", "a,bb"}), "Did you mean"));
  BOOST_TEST(holds(refused("a,b\n1,2\n2,1\n", {"--metric", "sharp"}), "'sharpe'"));
  BOOST_TEST(holds(refused("a,b\n1,2\n2,1\n", {"--blocks", "7"}), "even"));
  BOOST_TEST(holds(refused("a,b\n1,2\n2,1\n", {"--dataset", "x"}), "HDF5"));
  BOOST_TEST(holds(folder.workspace.refusal("pbo", {folder.workspace.path("none.csv")}), "no file"));
  BOOST_TEST(holds(folder.workspace.refusal("pbo", {folder.write("cut.npy", "\x93NUMPY")}), "cut.npy"));
  BOOST_TEST(holds(folder.workspace.refusal("pbo", {folder.write("no.h5", "not HDF5 at all")}), "no.h5"));
  BOOST_TEST(holds(refused(rows("a,b", "{0},0", 40), {}, "sharpe"), "column b"));
  BOOST_TEST(holds(refused(rows("a", "{0}", 40), {"--trials", "0.5"}, "sharpe"), "at least"));
  BOOST_TEST(holds(refused(rows("a", "{0}", 40), {"--confidence", "1"}, "sharpe"), "0.95"));
  BOOST_TEST(holds(refused(rows("a", "{0}", 40), {"--periods-per-year", "0"}, "sharpe"), "252"));
  BOOST_TEST(holds(refused(rows("alpha", "{0}", 40), {"--judge", "alpah"}, "sharpe"), "'alpha'"));
  BOOST_TEST(holds(refused(rows("a", "{0}", 2), {}, "sharpe"), "column 'a'"));
}

BOOST_AUTO_TEST_CASE(sharpe_judges_the_best_as_the_best_of_all) {
  const Folder folder;
  const Json answer = folder.sharpe({folder.csv()});
  BOOST_TEST(answer["judged"] == "c3");
  const auto moments = validation::measure_returns(folder.returns.column(3));
  BOOST_TEST(answer["observations"] == 200);
  BOOST_TEST(answer["sharpe"] == moments.sharpe);
  BOOST_TEST(answer["psr"] == validation::probabilistic_sharpe(moments));
  BOOST_TEST(answer["min_track_record"] == validation::min_track_record(moments));
  double mean = 0, squares = 0;
  std::vector<double> ratios;
  for (std::size_t c = 0; c < 12; ++c) ratios.push_back(validation::measure_returns(folder.returns.column(c)).sharpe);
  for (const double each : ratios) mean += each / 12;
  for (const double each : ratios) squares += (each - mean) * (each - mean);
  BOOST_TEST(near(answer["trial_variance"], squares / 11));
  BOOST_TEST(near(answer["dsr"], validation::deflated_sharpe(moments, squares / 11, 12)));
  BOOST_TEST(near(answer["periods_per_year"], 365.25));
  BOOST_TEST(answer["effective_trials"] == 12);  // they have nothing in common
  BOOST_TEST(near(answer["annual_sharpe"], moments.sharpe * std::sqrt(365.25)));
  BOOST_TEST(answer["all"].size() == 12U);
  BOOST_TEST(answer["all"][0]["name"] == "c3");
  for (const Json& each : answer["all"]) {
    BOOST_TEST(each["p_holm"].get<double>() >= each["p"].get<double>());
    BOOST_TEST(each["p_by"].get<double>() >= each["p_bh"].get<double>());
  }
}

BOOST_AUTO_TEST_CASE(more_trials_deflate_more) {
  const Folder folder;
  double before = 1;
  for (const char* trials : {"1", "10", "1000"}) {
    const double dsr = folder.sharpe({folder.csv(), "--columns", "c3", "--trials", trials})["dsr"].get<double>();
    BOOST_TEST(dsr < before);
    before = dsr;
  }
  const auto moments = validation::measure_returns(folder.returns.column(3));
  BOOST_TEST(before == validation::deflated_sharpe(moments, 1.0 / 199, 1000));
  const Json given = folder.sharpe({folder.csv(), "--columns", "c3", "--trials", "50", "--trial-variance", "0.004"});
  BOOST_TEST(given["dsr"] == validation::deflated_sharpe(moments, 0.004, 50));
}

BOOST_AUTO_TEST_CASE(people_are_told_in_words) {
  const Folder folder;
  const std::string pbo = folder.workspace.run("pbo", {folder.csv()}).output;
  for (const char* word : {"200 rows", "2020-01-01", "12 configurations", "PBO", "verdict"})
    BOOST_TEST(holds(pbo, word));
  const std::string sharpe = folder.workspace.run("sharpe", {folder.csv()}).output;
  for (const char* word : {"c3, the best", "PSR", "DSR", "Lo", "Holm"}) BOOST_TEST(holds(sharpe, word));
  BOOST_TEST(holds(folder.workspace.run("sharpe", {folder.csv(true, false)}).output, "--periods-per-year"));
}

BOOST_AUTO_TEST_SUITE_END()
