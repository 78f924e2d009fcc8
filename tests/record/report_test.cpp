#include "record/report.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>

#include "base/atomic_file.h"
#include "base/file_lock.h"
#include "base/sha256.h"
#include "base/subprocess.h"
#include "sample_run.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"

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

namespace {

std::string verdict_of(const fs::path& run) {
  return record::pretrain_parts(record::report::read_source(run)).verdict_text;
}

// A run whose only evaluation has the given losses; the state as it ended.
fs::path run_with(const fs::path& workspace, const std::string& name, double holdout, double baseline, double train,
                  record::RunState state = record::RunState::finished) {
  auto run = record::open_run(workspace, sample_request(name));
  const Json losses{{"step", 10}, {"epoch", 0}, {"split", "train"}, {"loss", train}, {"baseline_previous_bar", 1.0}};
  run.metrics().write(losses);
  run.metrics().write({{"step", 10},
                       {"split", "holdout"},
                       {"loss", holdout},
                       {"baseline_previous_bar", baseline},
                       {"baseline_window_mean", 9.0}});
  run.finish(state, {}, state == record::RunState::finished ? "" : "disk full");
  return run.path();
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_verdict_says_how_the_loss_stands_against_the_best_baseline) {
  const TemporaryFolder folder;
  const auto verdict = [&](const char* name, double holdout, double baseline, double train) {
    return verdict_of(run_with(folder.path(), name, holdout, baseline, train));
  };
  // 0.5 / 2 = 0.25 of the better of the two baselines
  const std::string good = verdict("good", 0.5, 2.0, 0.25);
  BOOST_TEST(holds(good, "Beats the trivial baselines"));
  BOOST_TEST(holds(good, "hold-out loss 0.5 is 0.25 of the best trivial baseline (previous bar, 2)"));
  BOOST_TEST(holds(verdict("close", 0.96, 1.0, 0.96), "Hardly better"));
  BOOST_TEST(holds(verdict("same", 1.0, 1.0, 1.0), "No better than a trivial baseline"));
  BOOST_TEST(holds(verdict("overfit", 0.5, 1.0, 0.1), "speaks for overfitting"));
  BOOST_TEST(!holds(verdict("even", 0.5, 1.0, 0.41), "speaks for overfitting"));
  BOOST_TEST(holds(verdict("nan", 0.5, 1.0, std::nan("")), "not a finite number from step 10"));
}

BOOST_AUTO_TEST_CASE(the_verdict_of_a_run_that_has_not_finished_says_so_first) {
  const TemporaryFolder folder;
  using record::RunState;
  BOOST_TEST(holds(verdict_of(run_with(folder.path(), "a", 0.5, 1, 0.5, RunState::stopped)),
                   "Stopped at step 10 (disk full)"));
  BOOST_TEST(
      holds(verdict_of(run_with(folder.path(), "b", 0.5, 1, 0.5, RunState::failed)), "Failed at step 10 (disk full)"));
  const auto run = record::open_run(folder.path(), sample_request("c"));
  BOOST_TEST(holds(verdict_of(run.path()), "At work"));
  BOOST_TEST(holds(verdict_of(run.path()), "no metrics were recorded"));
}

BOOST_AUTO_TEST_CASE(without_a_hold_out_the_verdict_warns) {
  const TemporaryFolder folder;
  auto run = record::open_run(folder.path(), sample_request());
  run.metrics().write({{"step", 10}, {"split", "train"}, {"loss", 0.5}, {"baseline_previous_bar", 1.0}});
  run.finish(record::RunState::finished);
  BOOST_TEST(holds(verdict_of(run.path()), "Nothing was held out"));
}

BOOST_AUTO_TEST_CASE(the_evaluation_of_the_exported_weights_is_the_one_that_counts) {
  const TemporaryFolder folder;
  auto run = record::open_run(folder.path(), sample_request());
  for (const auto& [step, loss] : {std::pair(10, 0.5), {20, 0.25}, {30, 0.75}}) {
    run.metrics().write({{"step", step}, {"split", "holdout"}, {"loss", loss}, {"baseline_previous_bar", 1.0}});
  }
  run.finish(record::RunState::finished, {{"best_step", 20}});
  BOOST_TEST(holds(verdict_of(run.path()), "hold-out loss 0.25 is 0.25 of"));
}

BOOST_AUTO_TEST_CASE(whatever_a_run_holds_is_text_on_the_page) {
  const TemporaryFolder folder;
  const std::string hostile = "<script>alert(1)</script>\"'&</style>\x01\xff";
  auto request = sample_request();
  request.config_text = "# " + hostile + "\n";
  request.data.front().id = request.data.front().role = hostile;
  request.data.front().facts = {{hostile, hostile}, {"dropped", {{hostile, 3}}}};
  auto run = record::open_run(folder.path(), request);
  run.manifest().split = {{hostile, hostile}, {"train_windows", 10}, {"holdout_windows", hostile}};
  run.manifest().versions = {{hostile, hostile}};
  run.manifest().parents = {{hostile, hostile, hostile}};
  run.manifest().sessions.front().command = {hostile, "a b", ""};
  run.manifest().sessions.front().host["name"] = hostile;
  run.metrics().write({{"step", 1}, {"split", "train"}, {"loss", 1}, {"baseline_" + hostile, 2}});
  run.finish(record::RunState::failed, {{hostile, 1}}, hostile);
  const std::string html = read_file(record::write_report(run.path()));
  BOOST_TEST(html.find("<script") == std::string::npos);
  BOOST_TEST(html.find("</style>") == html.rfind("</style>"));
  BOOST_TEST(holds(html, "&lt;script&gt;"));
}

BOOST_AUTO_TEST_CASE(a_job_without_a_page_of_its_own_gets_the_common_parts) {
  const TemporaryFolder folder;
  auto request = sample_request();
  request.job = "train";
  auto run = record::open_run(folder.path(), request);
  run.finish(record::RunState::finished, {{"accuracy", 0.75}});
  const std::string html = read_file(record::write_report(run.path()));
  BOOST_TEST(holds(html, "<td>accuracy</td><td class=\"number\">0.75</td>"));
  BOOST_TEST(holds(html, "unlabeled_windows/TX/v1"));
}

BOOST_AUTO_TEST_CASE(the_report_lists_the_drawings_hashes_and_leaves_a_run_at_work_alone) {
  const TemporaryFolder folder;
  const fs::path done = finished_sample_run(folder.path(), sample_request(), 0.4, 200);
  record::write_report(done);
  const record::Manifest manifest = record::read_manifest(done);
  const auto drawing = std::find_if(manifest.artifacts.begin(), manifest.artifacts.end(),
                                    [](const record::Artifact& artifact) { return artifact.path == "plots/loss.tsv"; });
  BOOST_REQUIRE((drawing != manifest.artifacts.end()));
  BOOST_TEST(drawing->sha256 == sha256_of_file(done / "plots" / "loss.tsv"));
  const std::size_t count = manifest.artifacts.size();
  record::write_report(done);  // again: nothing is listed twice
  BOOST_TEST(record::read_manifest(done).artifacts.size() == count);

  const auto run = record::open_run(folder.path(), sample_request("alive"));
  const std::string before = read_file(run.path() / "manifest.json");
  record::write_report(run.path());
  BOOST_TEST(read_file(run.path() / "manifest.json") == before);
}

BOOST_AUTO_TEST_CASE(a_report_made_late_leaves_the_manifest_of_a_run_that_goes_on_alone) {
  const TemporaryFolder folder;
  record::RunRequest request = sample_request();
  fs::path path;
  {
    auto run = record::open_run(folder.path(), request);
    path = run.path();
    for (int step = 1; step < 100; ++step)
      run.metrics().write({{"step", step}, {"split", "train"}, {"loss", 1.0 / step}});
    run.finish(record::RunState::stopped);
  }
  // As a report that was begun while the run was stopped finds it at its end: locked by whoever goes on.
  const FileLock busy(path / "run.lock");
  const std::string before = read_file(path / "manifest.json");
  record::write_report(path);
  BOOST_TEST(read_file(path / "manifest.json") == before);
}

BOOST_AUTO_TEST_CASE(without_gnuplot_the_report_says_how_to_get_it) {
  const TemporaryFolder folder;
  const fs::path run = finished_sample_run(folder.path(), sample_request(), 0.4, 200);
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", folder.path().c_str(), 1);
  record::write_report(run);
  ::setenv("PATH", path.c_str(), 1);
  BOOST_TEST(holds(read_file(run / "report.html"), "apt-get install gnuplot-nox"));
}

BOOST_AUTO_TEST_CASE(values_are_written_for_readers) {
  using record::report::value_text;
  using record::report::words;
  BOOST_TEST(value_text(1'234'567) == "1,234,567");
  BOOST_TEST(value_text("2025-01-22T03:11:00.125Z") == "2025-01-22 03:11:00 UTC");
  BOOST_TEST(value_text(Json{{"duplicate_stamp", 3}, {"late", 1}}) == "duplicate stamp 3, late 1");
  BOOST_TEST(value_text(nullptr) == "none");
  BOOST_TEST(words("holdout_loss") == "hold-out loss");
  BOOST_TEST(words("windows_per_s") == "windows/s");
  BOOST_TEST(words("max_gap_s") == "max gap, s");
}

BOOST_AUTO_TEST_SUITE_END()
