#include "base/trial_reports.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <limits>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;

BOOST_AUTO_TEST_SUITE(reports_to_sweeps)

BOOST_AUTO_TEST_CASE(nothing_is_told_where_nobody_asks) {
  ::unsetenv(kTrialReports);
  BOOST_CHECK_NO_THROW(report_to_sweep(1, 2));
}

BOOST_AUTO_TEST_CASE(a_report_is_a_line_behind_those_before) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "reports").string();
  ::setenv(kTrialReports, file.c_str(), 1);
  report_to_sweep(1, 0.5);
  report_to_sweep(20, std::numeric_limits<double>::infinity());
  ::unsetenv(kTrialReports);
  BOOST_TEST(read_file(file) == "{\"step\":1,\"value\":0.5}\n{\"step\":20,\"value\":\"Infinity\"}\n");
}

BOOST_AUTO_TEST_CASE(a_report_that_cannot_be_written_is_no_silence) {
  ::setenv(kTrialReports, "/no/such/folder/reports", 1);
  BOOST_CHECK_THROW(report_to_sweep(1, 0.5), IoError);
  ::unsetenv(kTrialReports);
}

BOOST_AUTO_TEST_SUITE_END()
