// What users get wrong, and a disk that gets full: one clear paragraph, and nothing is lost.
#include <sys/mount.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>

#include "base/sha256.h"
#include "tests/support/messages.h"
#include "tests/work/evaluate/evaluation_workspace.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kModels{R"(models.names=["prior","logistic"])"};

// A small disk where the runs of a workspace are kept.
class SmallDisk {
 public:
  SmallDisk(const BarsWorkspace& workspace, const std::string& size) : folder_(workspace.path("artifacts")) {
    fs::create_directories(folder_);
    mounted_ = ::mount("none", folder_.c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount(folder_.c_str());
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return mounted_; }
  void grow(const std::string& size) const {
    BOOST_REQUIRE(::mount("none", folder_.c_str(), "tmpfs", MS_REMOUNT, ("size=" + size).c_str()) == 0);
  }

 private:
  std::string folder_;
  bool mounted_ = false;
};

// What a workspace's runs take of a disk, in whole pages.
std::size_t kilobytes_of_runs(const BarsWorkspace& workspace) {
  std::size_t out = 0;
  for (const auto& entry : fs::recursive_directory_iterator(workspace.path("artifacts")))
    out += entry.is_regular_file() ? (entry.file_size() + 4095) / 4096 * 4 : 0;
  return out;
}

// Folds by name, with what they hold.
std::set<std::string> folds_in(const BarsWorkspace& workspace) {
  std::set<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(workspace.path("artifacts"))) {
    if (entry.is_regular_file() && entry.path().parent_path().filename() == "folds")
      out.insert(entry.path().filename().string() + " " + sha256_hex(read_file(entry.path())));
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bad_input)

BOOST_AUTO_TEST_CASE(more_groups_than_samples_are_refused_by_every_command) {
  const EvaluationWorkspace folder({.rows = 60});
  BOOST_TEST(holds_all(folder.refused("cv", with(kModels, {"splits.folds=50"})), {"34 rows", "50"}));
  BOOST_TEST(holds_all(folder.refused("cpcv-pbo", with(kModels, {"splits.groups=50", "splits.test_groups=2"})),
                       {"34 rows", "50"}));
  BOOST_TEST(
      holds(folder.refused("walk-forward", with(kModels, {"splits.train=500bars", "splits.test=10bars"})), "500"));
}

BOOST_AUTO_TEST_CASE(rows_of_one_time_are_refused_before_there_is_a_table) {
  const BarsWorkspace workspace;
  write_file(workspace.path("table.csv"),
             "time,x,label,t1\n2020-01-01,1,1,2020-01-02\n2020-01-02,2,-1,2020-01-03\n2020-01-02,3,1,2020-01-03\n");
  const std::string said =
      workspace.refusal("data", {"import", "table", workspace.path("table.csv"), "--name", "mine", "--horizon", "1",
                                 "--symbol-name", "SYM", "--t1", "t1", "--label", "label"});
  BOOST_TEST(holds_all(said, {"have the same time", "2020-01-02"}));
}

BOOST_AUTO_TEST_CASE(the_nearest_name_is_said_of_a_model_or_a_metric_that_is_none) {
  const EvaluationWorkspace folder({.rows = 300});
  BOOST_TEST(holds(folder.refused("cv", {R"(models.names=["xgbost"])"}), "'xgboost'"));
  BOOST_TEST(holds(folder.refused("cpcv-pbo", with(kModels, {"overfitting.metric=sortno"})), "'sortino'"));
  BOOST_TEST(holds(folder.refused("cv", with(kModels, {"fit.calibration=temprature"})), "'temperature'"));
  BOOST_TEST(holds(folder.refused("cv", with(kModels, {"gates.sharp=1.0"})), "gates.sharpe"));
  BOOST_TEST(holds(folder.refused("walk-forward", with(kModels, {"backtest.exit=horizn"})), "'horizon'"));
}

BOOST_AUTO_TEST_CASE(a_full_disk_stops_an_evaluation_that_goes_on_when_there_is_room) {
  const std::vector<std::string> settings = with(kModels, {"logistic.c=[0.01,0.1,1.0]", "splits.folds=8"});
  const EvaluationWorkspace quiet({.rows = 900});
  const Json expected = quiet.answer("cv", settings);
  const auto whole = static_cast<double>(kilobytes_of_runs(quiet.workspace));
  bool with_some = false, with_all = false;
  for (const char* ranks : {"1", "2"}) {
    // In the first folds, among them, and when they are put together.
    for (const double share : {0.1, 0.5, 0.95}) {
      const std::string size = fmt::format("{}k", std::llround(share * whole));
      const EvaluationWorkspace folder({.rows = 900});
      const SmallDisk disk(folder.workspace, size);
      if (!disk.is_mounted()) {
        BOOST_TEST_MESSAGE("SKIPPED: no permission to mount a small disk to fill");
        return;
      }
      std::vector<std::string> call = EvaluationWorkspace::sets(settings);
      call.insert(call.end(), {"--ranks", ranks});
      const ProcessResult stopped = folder.workspace.run("cv", call);
      BOOST_TEST_CONTEXT(size << ", ranks " << ranks << ": " << stopped.errors) {
        BOOST_TEST(stopped.exit_code == 1);
        BOOST_TEST(stopped.output == "");
        BOOST_TEST(stopped.errors.find("\n\n") == std::string::npos);
        BOOST_TEST(holds(stopped.errors, folder.workspace.path("artifacts")));
        const std::set<std::string> kept = folds_in(folder.workspace);
        (kept.size() < 32 ? with_some : with_all) = true;
        if (kept.size() < 32) BOOST_TEST(holds(stopped.errors, "of 32 folds are done and kept; make room"));
        disk.grow("64m");
        const Json found = folder.answer("cv", settings, {"--ranks", ranks});
        BOOST_TEST(found["status"] == "finished");
        BOOST_TEST(found["folds_sha256"] == expected["folds_sha256"]);
        BOOST_TEST((found["models"] == expected["models"]));
        BOOST_TEST((found["warnings"] == expected["warnings"]));
        BOOST_TEST((found["oof"] == expected["oof"]));
        // What was there was not made again.
        const std::set<std::string> all = folds_in(folder.workspace);
        BOOST_TEST(std::ranges::includes(all, kept));
      }
    }
  }
  BOOST_TEST(with_some);
  BOOST_TEST(with_all);
}

BOOST_AUTO_TEST_SUITE_END()
