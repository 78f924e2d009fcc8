#include "record/plot.h"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/subprocess.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
using moola::record::Plot;
using moola::record::Series;
namespace fs = std::filesystem;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Plot sample() {
  return {.name = "loss",
          .title = "loss",
          .x_label = "step",
          .y_label = "loss",
          .series = {{"train", Series::Role::first, {1, 2, 3}, {3, 2, 1}}}};
}

bool gnuplot_is_here() {
  if (find_program("gnuplot")) return true;
  BOOST_TEST_MESSAGE("SKIPPED: gnuplot is not installed");
  return false;
}

// PATH without gnuplot, for the length of a test.
class NoPrograms {
 public:
  explicit NoPrograms(const fs::path& folder) : path_(std::getenv("PATH")) { ::setenv("PATH", folder.c_str(), 1); }
  ~NoPrograms() { ::setenv("PATH", path_.c_str(), 1); }

 private:
  std::string path_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(plots)

BOOST_AUTO_TEST_CASE(a_plot_is_drawn_and_its_data_kept) {
  if (!gnuplot_is_here()) return;
  const TemporaryFolder folder;
  const auto drawing = record::draw(sample(), folder.path());
  BOOST_TEST(drawing.problem.empty(), drawing.problem);
  BOOST_TEST(drawing.svg.starts_with("<svg"));
  BOOST_TEST(holds(drawing.svg, "var(--plot-first"));
  BOOST_TEST(!holds(drawing.svg, "rgb(1,2,"));
  BOOST_TEST(read_file(folder / "loss.tsv") == "series\tstep\tloss\ntrain\t1\t3\ntrain\t2\t2\ntrain\t3\t1\n");
  BOOST_TEST(holds(read_file(folder / "loss.svg"), "<?xml"));
}

BOOST_AUTO_TEST_CASE(labels_are_text_whatever_they_hold) {
  if (!gnuplot_is_here()) return;
  const TemporaryFolder folder;
  Plot plot = sample();
  const std::string hostile = "a'b \"c\" <script>x</script> & `touch owned` {/=30 big} _^\\ %s\nquit";
  plot.x_label = plot.y_label = plot.series.front().label = hostile;
  plot.baselines = {{hostile, 1.5}};
  const auto drawing = record::draw(plot, folder.path());
  BOOST_REQUIRE_MESSAGE(drawing.problem.empty(), drawing.problem);
  BOOST_TEST(!holds(drawing.svg, "<script"));
  BOOST_TEST(holds(drawing.svg, "&lt;script"));
  BOOST_TEST(!fs::exists("owned"));
}

BOOST_AUTO_TEST_CASE(points_that_are_not_finite_break_the_line_and_nothing_else) {
  if (!gnuplot_is_here()) return;
  const TemporaryFolder folder;
  Plot plot = sample();
  const double infinity = std::numeric_limits<double>::infinity();
  plot.series.front() = {"train", Series::Role::first, {1, 2, 3, 4, 5, 6}, {3, kNaN, 2, infinity, -infinity, 1}};
  BOOST_TEST(record::draw(plot, folder.path()).problem.empty());
  plot.log_y = true;
  plot.series.front().y[2] = 0;  // no logarithm: the axis is linear then
  BOOST_TEST(record::draw(plot, folder.path()).problem.empty());
}

BOOST_AUTO_TEST_CASE(every_range_of_values_can_be_drawn) {
  if (!gnuplot_is_here()) return;
  const TemporaryFolder folder;
  const std::vector<std::vector<double>> ranges{{5},     {5, 5, 5},       {0, 0},     {1e-12, 2e-12}, {1e300, 2e300},
                                                {-3, 4}, {1, 1.01, 1.02}, {1e-9, 1e9}};
  for (const bool log_y : {false, true}) {
    for (const auto& values : ranges) {
      Plot plot = sample();
      plot.log_y = log_y;
      plot.series = {{"x", Series::Role::first, {}, values}};
      for (std::size_t i = 0; i < values.size(); ++i) plot.series.front().x.push_back(static_cast<double>(i));
      plot.baselines = {{"low", values.front()}, {"near", values.front() * 1.001}};
      const auto drawing = record::draw(plot, folder.path());
      BOOST_TEST(drawing.problem.empty(), drawing.problem);
    }
  }
}

BOOST_AUTO_TEST_CASE(no_points_is_said_and_no_error) {
  const TemporaryFolder folder;
  Plot plot = sample();
  for (const auto& series : {std::vector<Series>{}, std::vector<Series>{{"x"}},
                             std::vector<Series>{{"x", Series::Role::first, {1, 2}, {kNaN, kNaN}}}}) {
    plot.series = series;
    const auto drawing = record::draw(plot, folder.path());
    BOOST_TEST(drawing.svg.empty());
    BOOST_TEST(holds(drawing.problem, "no points"));
  }
}

BOOST_AUTO_TEST_CASE(a_missing_gnuplot_is_said_with_the_remedy_and_the_data_are_kept) {
  const TemporaryFolder folder;
  const NoPrograms nothing(folder.path());
  const auto drawing = record::draw(sample(), folder / "plots");
  BOOST_TEST(drawing.svg.empty());
  BOOST_TEST(holds(drawing.problem, "gnuplot-nox"));
  BOOST_TEST(fs::exists(folder / "plots" / "loss.tsv") == true);
}

BOOST_AUTO_TEST_CASE(a_gnuplot_that_fails_is_said_with_its_words) {
  const TemporaryFolder folder;
  write_file(folder / "gnuplot", "#!/bin/sh\necho 'no such terminal' >&2\nexit 3\n");
  fs::permissions(folder / "gnuplot", fs::perms::owner_all);
  const NoPrograms nothing(folder.path());
  const auto drawing = record::draw(sample(), folder / "plots");
  BOOST_TEST(drawing.svg.empty());
  BOOST_TEST(holds(drawing.problem, "exit 3"));
  BOOST_TEST(holds(drawing.problem, "no such terminal"));
}

BOOST_AUTO_TEST_CASE(a_series_of_unequal_lengths_is_the_callers_mistake) {
  const TemporaryFolder folder;
  Plot plot = sample();
  plot.series.front().y.pop_back();
  BOOST_CHECK_THROW(record::draw(plot, folder.path()), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(thinning_keeps_the_first_last_lowest_and_highest_point_of_every_column) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  Series series{"x"};
  constexpr std::size_t kPoints = 100'000, kColumns = 250;
  for (std::size_t i = 0; i < kPoints; ++i) {
    series.x.push_back(static_cast<double>(i));
    series.y.push_back(normal(random));
  }
  series.y[12345] = 50;  // spikes a pixel wide
  series.y[54321] = -50;
  const Series thin = record::thinned(series, kColumns);
  BOOST_TEST(thin.x.size() <= 4 * (kColumns + 1));
  BOOST_TEST(thin.x.front() == 0);
  BOOST_TEST(thin.x.back() == kPoints - 1);
  BOOST_TEST(std::is_sorted(thin.x.begin(), thin.x.end()));
  // Brute force: the extremes of each column of x are the same before and after.
  const auto extremes = [&](const Series& of) {
    std::vector<std::pair<double, double>> out(kColumns + 1, {1e9, -1e9});
    for (std::size_t i = 0; i < of.x.size(); ++i) {
      auto& [low, high] =
          out[static_cast<std::size_t>(std::floor(of.x[i] * (kColumns / static_cast<double>(kPoints - 1))))];
      low = std::min(low, of.y[i]);
      high = std::max(high, of.y[i]);
    }
    return out;
  };
  BOOST_TEST((extremes(series) == extremes(thin)));
}

BOOST_AUTO_TEST_CASE(a_short_series_is_not_thinned) {
  Series series{"x", Series::Role::first, {1, 2, 3, 4}, {4, 3, 2, 1}};
  BOOST_TEST(record::thinned(series, 1).x.size() == 4U);
}

BOOST_AUTO_TEST_CASE(smoothing_is_the_mean_of_the_neighbours_there_are) {
  // Width 3: (1+2)/2, (1+2+6)/3, (2+6)/2 with the gap left out, (6+3)/2, 3
  const auto out = record::smoothed({1, 2, 6, kNaN, 3}, 3);
  const std::vector<double> expected{1.5, 3, 4, 4.5, 3};
  BOOST_TEST(out == expected, boost::test_tools::tolerance(1e-12) << boost::test_tools::per_element());
  BOOST_TEST(std::isnan(record::smoothed({kNaN, kNaN}, 1)[0]));
  BOOST_TEST(record::smoothed({}, 3).empty());
}

BOOST_AUTO_TEST_CASE(numbers_are_written_for_readers) {
  BOOST_TEST(record::readable(0.0123456) == "0.0123");
  BOOST_TEST(record::readable(0) == "0");
  BOOST_TEST(record::readable(999.9) == "1000");
  BOOST_TEST(record::readable(1000) == "1,000");
  BOOST_TEST(record::readable(-1234567) == "-1,234,567");
  BOOST_TEST(record::readable(2.1e-7) == "2.1e-07");
  BOOST_TEST(record::readable(kNaN) == "not a number");
}

BOOST_AUTO_TEST_SUITE_END()
