// moola features --windows as its users call it.
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "base/atomic_file.h"
#include "base/json.h"
#include "data/store/dataset.h"
#include "market/window_features/window_feature_set.h"
#include "tests/jobs/program.h"
#include "tests/market/window_features/sample_windows.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "tests/work/one_content.h"

using namespace moola;
using namespace moola::test;
using data::hdf5::Shape;

namespace {

constexpr std::size_t kBars = 35;

// A workspace with labelled windows labeled_windows/train/v1: all that a set can say of its windows beside them.
class WindowsWorkspace {
 public:
  explicit WindowsWorkspace(std::size_t windows = 60) {
    for (std::size_t i = 0; i < windows; ++i) {
      const std::vector<double> window = walking_window(kBars, i);
      x_.insert(x_.end(), window.begin(), window.end());
    }
    store("train");
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::size_t windows() const { return x_.size() / (kBars * 4); }
  std::vector<float>& x() { return x_; }

  // The windows as a new data set of their own.
  void store(const std::string& name, const std::vector<std::string>& channels = {"open", "high", "low", "close"}) {
    const std::size_t n = windows();
    std::vector<std::int32_t> y(n), start(n), end(n);
    std::vector<std::int64_t> t0(n), t1(n), group(n);
    std::vector<float> weight(n);
    for (std::size_t i = 0; i < n; ++i) {
      const auto number = static_cast<std::int64_t>(i);
      y[i] = static_cast<std::int32_t>(i % 2);
      start[i] = 12;
      end[i] = 20;
      t0[i] = number * 1000;
      t1[i] = number * 1000 + 999;
      group[i] = number / 2;
      weight[i] = 0.5F + static_cast<float>(i % 3);
    }
    data::DatasetWriter writer(folder_.path(), {"labeled_windows", name});
    writer.write({{"X", std::span<const float>(x_), Shape{n, kBars, 4}},
                  {"y", std::span<const std::int32_t>(y)},
                  {"t0", std::span<const std::int64_t>(t0)},
                  {"t1", std::span<const std::int64_t>(t1)},
                  {"group", std::span<const std::int64_t>(group)},
                  {"weight", std::span<const float>(weight)},
                  {"expansion_start", std::span<const std::int32_t>(start)},
                  {"expansion_end", std::span<const std::int32_t>(end)}});
    writer.file().set_attribute("channel_names", channels);
    writer.file().set_attribute("label_names", std::vector<std::string>{"consolidation", "retracement"});
    writer.finish();
  }

  ProcessResult run(std::vector<std::string> arguments, const std::string& program = "moola-features") const {
    arguments.insert(arguments.end(), {"--workspace", folder_.path().string()});
    return run_program(program, arguments);
  }
  Json answer(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const ProcessResult result = run(arguments);
    BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
    return parse_json(result.output, "standard output");
  }
  // What it says when it refuses, which must be one paragraph and leave nothing behind.
  std::string refusal(const std::vector<std::string>& arguments) const {
    const auto before = files();
    const ProcessResult result = run(arguments);
    BOOST_TEST(result.exit_code == 2);
    BOOST_TEST(result.output == "");
    BOOST_TEST(result.errors.find("\n\n") == std::string::npos);
    BOOST_TEST((files() == before));
    return result.errors;
  }

 private:
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) out.push_back(entry.path());
    }
    std::ranges::sort(out);
    return out;
  }

  TemporaryFolder folder_;
  std::vector<float> x_;
};

// Of the set as a whole.
Json finding_of(const Json& report, const std::string& check) {
  for (const Json& finding : report["set"]) {
    if (finding["check"] == check) return finding;
  }
  BOOST_FAIL("no check " + check);
  return {};
}

const std::vector<std::string> kCompanions{"expansion_end", "expansion_start", "group", "t0", "t1", "weight", "y"};

void check_companions(const data::hdf5::File& from, const data::hdf5::File& to) {
  for (const std::string& name : kCompanions) {
    const data::hdf5::Dataset a = from.dataset(name), b = to.dataset(name);
    const std::size_t bytes = a.rows() * a.row_elements() * data::hdf5::size_of(a.type());
    std::vector<std::byte> left(bytes), right(bytes);
    a.read_row_bytes(0, a.rows(), left);
    b.read_row_bytes(0, b.rows(), right);
    BOOST_TEST((left == right), name);
  }
  BOOST_TEST((to.list_attribute("label_names") == from.list_attribute("label_names")));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(window_features_command)

BOOST_AUTO_TEST_CASE(the_file_holds_the_sets_and_what_is_known_of_the_windows) {
  const WindowsWorkspace workspace;
  const Json answer = workspace.answer({"--windows", "train/v1", "--features", "feats20,relativity,hopsketch,advanced",
                                        "--out", workspace.path("f.h5")});
  BOOST_TEST(answer["rows"] == 60);
  BOOST_TEST(answer["channels"] == 33);
  BOOST_TEST(answer["features"] == 20 + 15 * kBars);
  const auto file = data::hdf5::File::open(workspace.path("f.h5"));
  BOOST_TEST((file.dataset("X").shape() == Shape{60, kBars, 33}));
  BOOST_TEST((file.dataset("X_feats").shape() == Shape{60, 20 + 15 * kBars}));
  BOOST_TEST(file.list_attribute("channel_names").front() == "relativity_open_norm");
  BOOST_TEST(file.list_attribute("channel_names").back() == "advanced_range");
  BOOST_TEST(file.list_attribute("feature_names").front() == "feats20_box_slope");
  BOOST_TEST(file.list_attribute("feature_names").back() == "hopsketch_run_34");
  BOOST_TEST(file.text_attribute("schema") == "moola.window_features/1");
  BOOST_TEST(file.text_attribute("content_sha256") == answer["content_sha256"].get<std::string>());
  check_companions(data::hdf5::File::open(workspace.path("data/labeled_windows/train/v1.h5")), file);
  const Json manifest = parse_json(file.text_attribute("manifest"), "manifest");
  BOOST_TEST(manifest["parents"][0]["id"] == "labeled_windows/train/v1");
  BOOST_TEST(manifest["parameters"]["inner"] == "10..24");
  BOOST_TEST(manifest["sets"][1]["columns"][5]["name"] == "range_z");
  BOOST_TEST(manifest["sets"][1]["columns"][5]["complete_from"] == 15);
}

BOOST_AUTO_TEST_CASE(each_row_is_what_the_set_makes_of_its_window) {
  WindowsWorkspace workspace;
  workspace.answer({"--windows", "train/v1", "--features", "*", "--inner", "21..30", "--out", workspace.path("f.h5")});
  const auto file = data::hdf5::File::open(workspace.path("f.h5"));
  const auto x = file.read<float>("X"), features = file.read<float>("X_feats");
  const std::size_t channels = file.dataset("X").shape()[2], columns = file.dataset("X_feats").shape()[1];
  for (const std::size_t i : {0, 1, 59}) {
    const auto first = workspace.x().begin() + static_cast<std::ptrdiff_t>(i * kBars * 4);
    const std::vector<double> window(first, first + kBars * 4);
    std::size_t channel = 0, column = 0;
    for (const market::WindowFeatureSet& set : market::window_feature_sets()) {
      const std::vector<float> values = values_of(set, window, market::InnerWindow{21, 31});
      const bool bars = set.form == market::WindowFeatureForm::per_bar;
      const std::size_t width = set.columns.size();
      for (std::size_t k = 0; k < values.size(); ++k) {
        const float got =
            bars ? x[(i * kBars + k / width) * channels + channel + k % width] : features[i * columns + column + k];
        BOOST_REQUIRE_MESSAGE(got == values[k], set.name << " value " << k << " of window " << i);
      }
      (bars ? channel : column) += bars ? width : values.size();
    }
  }
}

BOOST_AUTO_TEST_CASE(a_new_version_holds_the_windows_with_the_features_beside_them) {
  const WindowsWorkspace workspace;
  const Json answer =
      workspace.answer({"--windows", "train/v1", "--features", "relativity,feats20", "--name", "train_feats"});
  BOOST_TEST(answer["id"] == "labeled_windows/train_feats/v1");
  const auto from = data::hdf5::File::open(workspace.path("data/labeled_windows/train/v1.h5"));
  const auto file = data::hdf5::File::open(workspace.path("data/labeled_windows/train_feats/v1.h5"));
  BOOST_TEST((file.dataset("X").shape() == Shape{60, kBars, 17}));
  const auto before = from.read<float>("X"), after = file.read<float>("X");
  for (std::size_t bar = 0; bar < 60 * kBars; ++bar) {
    for (std::size_t c = 0; c < 4; ++c) BOOST_REQUIRE(after[bar * 17 + c] == before[bar * 4 + c]);
  }
  check_companions(from, file);
  const ProcessResult verified = workspace.run({"verify"}, "moola-data");
  BOOST_TEST(verified.exit_code == 0, verified.output);

  // Another set goes after what is there by now; the same one is refused.
  const Json more = workspace.answer(
      {"--windows", "train_feats/v1", "--features", "hopsketch,advanced", "--name", "train_feats", "--version", "v7"});
  BOOST_TEST(more["id"] == "labeled_windows/train_feats/v7");
  const auto both = data::hdf5::File::open(workspace.path("data/labeled_windows/train_feats/v7.h5"));
  BOOST_TEST((both.dataset("X").shape() == Shape{60, kBars, 37}));
  BOOST_TEST((both.dataset("X_feats").shape() == Shape{60, 20 + 15 * kBars}));
  const auto old = file.read<float>("X_feats"), now = both.read<float>("X_feats");
  for (std::size_t i = 0; i < 60; ++i) {
    for (std::size_t c = 0; c < 20; ++c) BOOST_REQUIRE(now[i * (20 + 15 * kBars) + c] == old[i * 20 + c]);
  }
  const std::string twice =
      workspace.refusal({"--windows", "train_feats/v1", "--features", "feats20", "--name", "again"});
  BOOST_TEST(holds(twice, "has 'feats20_box_slope' already"));
}

BOOST_AUTO_TEST_CASE(threads_and_instruction_sets_change_no_bit) {
  const WindowsWorkspace workspace;
  check_one_content({"1", "3", "64"}, [&](const std::string& threads) {
    return workspace.run({"--windows", "train/v1", "--features", "*", "--out", workspace.path("f.h5"), "--threads",
                          threads, "--force", "--json"});
  });
}

BOOST_AUTO_TEST_CASE(a_price_that_is_none_is_refused_with_its_window_and_bar) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 0.0F, -3.0F}) {
    WindowsWorkspace workspace;
    workspace.x()[(41 * kBars + 17) * 4 + 3] = bad;
    workspace.store("bad");
    const std::string said =
        workspace.refusal({"--windows", "bad/v1", "--features", "relative", "--out", workspace.path("f.h5")});
    BOOST_TEST(holds(said, "close of bar 17 is "));
    BOOST_TEST(holds(said, "window 41 of labeled_windows/bad/v1"));
    BOOST_TEST(holds(workspace.refusal({"--windows", "bad/v1", "--check"}), "close of bar 17 is "));
    workspace.refusal({"--windows", "bad/v1", "--features", "relative", "--name", "bad_feats"});
  }
}

BOOST_AUTO_TEST_CASE(the_report_tells_what_is_wrong_and_stops_nothing) {
  WindowsWorkspace workspace(8);
  workspace.x()[(5 * kBars + 17) * 4 + 1] = 1.0F;  // the high
  workspace.store("odd");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--windows", "odd/v1", "--check"},
        {"--windows", "odd/v1", "--features", "*", "--out", workspace.path("f.h5")}}) {
    Json report = workspace.answer(arguments);
    if (report.contains("checks")) report = report["checks"];
    for (const Json& finding : report["bars"]) {
      const bool wrong = finding["check"] == "high";
      BOOST_TEST(finding["bars"] == (wrong ? 1 : 0), finding.dump());
      if (wrong) BOOST_TEST((finding["first"] == Json{{"window", 5}, {"bar", 17}}));
    }
    for (const Json& finding : report["set"]) {
      BOOST_TEST(finding["holds"] == (finding["check"] != "windows"), finding.dump());
    }
    BOOST_TEST(report["failed"] == 2);
  }
  // Expansions 12 to 20 are within the inner bars 10 to 24, and not within 13 to 24 or 10 to 19.
  for (const auto& [inner, holds_] : {std::pair{"12..20", true}, {"13..24", false}, {"10..19", false}}) {
    const Json report = workspace.answer({"--windows", "odd/v1", "--check", "--inner", inner});
    BOOST_TEST(finding_of(report, "expansions")["holds"] == holds_, inner);
  }
  BOOST_TEST(holds(workspace.run({"--windows", "odd/v1", "--check"}).output, "1 bars of 1 windows do not"));
}

BOOST_AUTO_TEST_CASE(windows_of_the_same_bars_are_told_when_they_part) {
  // Groups are pairs of neighbours, classes take turns: 0 and 1 are of one group and of two classes, 0 and 2 of two
  // groups and one class.
  const auto finding = [](std::size_t copy, const std::string& check) {
    WindowsWorkspace workspace;
    std::copy_n(workspace.x().begin(), kBars * 4,
                workspace.x().begin() + static_cast<std::ptrdiff_t>(copy * kBars * 4));
    workspace.store("twins");
    return finding_of(workspace.answer({"--windows", "twins/v1", "--check"}), check);
  };
  BOOST_TEST(finding(1, "twins")["holds"] == true);
  BOOST_TEST(finding(1, "contradictions")["found"] == "1 do not, the first windows 0 and 1");
  BOOST_TEST(finding(2, "twins")["found"] == "1 do not, the first windows 0 and 2");
  BOOST_TEST(finding(2, "contradictions")["holds"] == true);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_done_is_refused_in_one_paragraph) {
  WindowsWorkspace workspace;
  workspace.store("volts", {"a", "b", "c", "d"});
  const std::string out = workspace.path("f.h5");
  const auto refused = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--windows", "train/v1"});
    return workspace.refusal(arguments);
  };
  BOOST_TEST(holds(refused({"--features", "feats2O", "--out", out}), "Did you mean 'feats20'?"));
  BOOST_TEST(holds(refused({"--features", "feats20,relative,feats20", "--out", out}), "named twice"));
  BOOST_TEST(holds(refused({"--out", out}), "--features names the sets"));
  BOOST_TEST(holds(refused({"--features", "feats20"}), "--out features.h5"));
  BOOST_TEST(holds(refused({"--features", "feats20", "--out", out, "--name", "both"}), "either to a file"));
  BOOST_TEST(holds(refused({"--features", "feats20", "--out", out, "--version", "v2"}), "give --name"));
  BOOST_TEST(holds(refused({"--features", "feats20", "--name", "n", "--force"}), "never overwritten"));
  BOOST_TEST(holds(refused({"--features", "feats20", "--out", out, "--inner", "30..74"}), "--inner 10..24"));
  BOOST_TEST(
      holds(refused({"--features", "feats20", "--out", out, "--bars", "S/v1"}), "--bars says something of bars"));
  BOOST_TEST(holds(refused({"--features", "feats20", "--out", out, "--float32"}), "--float32 says something of bars"));
  BOOST_TEST(holds(refused({"--features", "feats20", "--out", "/proc/none/f.h5"}), "/proc/none"));
  BOOST_TEST(holds(workspace.refusal({"--windows", "trian/v1", "--features", "feats20", "--out", out}), "train"));
  BOOST_TEST(
      holds(workspace.refusal({"--windows", "volts/v1", "--features", "feats20", "--out", out}), "--channels ohlc"));
  BOOST_TEST(holds(workspace.refusal({"--bars", "S/v1", "--inner", "3..4", "--out", out}), "--windows NAME/vN"));
  BOOST_TEST(holds(workspace.refusal({"--bars", "S/v1", "--check"}), "--windows NAME/vN"));
  workspace.answer({"--windows", "train/v1", "--features", "feats20", "--out", out});
  BOOST_TEST(holds(refused({"--features", "feats20", "--out", out}), "exists"));
}

BOOST_AUTO_TEST_CASE(the_reference_page_of_windows_is_what_the_sets_say) {
  BOOST_TEST(run_program("moola-features", {"--window-reference"}).output ==
             read_file(std::string(MOOLA_SOURCE_DIR) + "/docs/reference/window-features.md"));
}

BOOST_AUTO_TEST_SUITE_END()
