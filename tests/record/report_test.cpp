#include "record/report.h"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "base/atomic_file.h"
#include "base/sha256.h"
#include "base/subprocess.h"
#include "sample_run.h"
#include "tests/data/temporary_folder.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(run_report)

BOOST_AUTO_TEST_CASE(a_finished_run_gets_one_file_that_needs_no_network) {
  const TemporaryFolder folder;
  const fs::path run = finished_sample_run(folder.path(), sample_request());
  const fs::path report = record::write_report(run);
  BOOST_TEST(report == run / "report.html");
  const std::string html = read_file(report);
  for (const char* outside : {"<script", "<link", "src=", "@import", "url(", "http://", "https://"}) {
    std::string seen = html;
    for (std::size_t at; (at = seen.find("http://www.w3.org/")) != std::string::npos;)
      seen.erase(at, 18);  // names of XML, not addresses
    BOOST_TEST(seen.find(outside) == std::string::npos, outside << " is in the report");
  }
  if (const char* keep = std::getenv("MOOLA_KEEP_REPORT"))
    fs::copy_file(report, keep, fs::copy_options::overwrite_existing);
}

BOOST_AUTO_TEST_SUITE_END()
