#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>
#include <limits>
#include <sstream>

#include "base/atomic_file.h"
#include "base/utc_time.h"
#include "data/store/registry.h"
#include "data/synthetic/import_synthetic.h"
#include "data/synthetic/window_statistics.h"
#include "data/windows/labelled_windows.h"
#include "tests/data/jittered_windows.h"
#include "tests/jobs/program.h"
#include "tests/support/messages.h"
#include "tests/support/temporary_folder.h"
#include "tests/work/evaluate/planted_windows.h"
#include "validation/multiple_testing.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

struct Made {
  TemporaryFolder folder;
  WindowTable real = planted_windows();
  SyntheticToWrite synthetic;

  Made() {
    store_windows(folder.path(), "mine", real);
    const DatasetReader reader(folder.path(), {"labeled_windows", "mine", 1});
    synthetic.id = {"synthetic_cache", "made"};
    synthetic.info = {.windows = {reader.id(), reader.content_sha256()},
                      .real = real.windows,
                      .generator = "jitter 0.0002",
                      .fit = GeneratorFit::nothing};
    synthetic.windows = jittered(real, rows_from(0, real.windows));
    synthetic.resemblance =
        measure_resemblance(read_labelled_windows(reader), rows_from(0, real.windows), synthetic.windows);
  }

  WrittenSynthetic write() const { return write_synthetic(folder.path(), synthetic); }
  SyntheticWindowsFile read(const DatasetId& id) const { return {folder.path(), id}; }
  // Written as it is, nothing checked.
  DatasetId write_unchecked() const {
    DatasetWriter writer(folder.path(), {"synthetic_cache", "made"});
    const SyntheticWindows& w = synthetic.windows;
    const SyntheticInfo& info = synthetic.info;
    writer.write({{"X", std::span(w.x), {w.x.size() / (w.length * real.channels), w.length, real.channels}},
                  {"y", std::span(w.y)},
                  {"source", std::span(w.source)}});
    writer.file().set_attribute("channel_names", w.channel_names);
    writer.file().set_attribute("label_names", w.label_names);
    writer.file().set_attribute("data", to_string(info.windows.id));
    writer.file().set_attribute("data_content_sha256", info.windows.content_sha256);
    writer.file().set_attribute("data_windows", static_cast<std::int64_t>(info.real));
    writer.file().set_attribute("generator", info.generator);
    writer.file().set_attribute("generator_fit", std::string(to_string(info.fit)));
    writer.file().set_attribute("ratio", static_cast<double>(w.size()) / static_cast<double>(info.real));
    std::vector<std::int64_t> ends;
    for (const FittedPart::Seen& each : info.seen) ends.insert(ends.end(), {each.first, each.last});
    if (!ends.empty()) writer.file().set_attribute("seen", ends);
    writer.add_parent(info.windows);
    writer.manifest()["resemblance"] =
        synthetic.resemblance.tests.empty() ? Json::object() : to_json(synthetic.resemblance);
    writer.finish();
    return writer.id();
  }

  SyntheticImportResult import(const std::string& bytes, SyntheticImport options = {}) const {
    write_file(folder / "made.npz", bytes);
    if (options.of.empty()) options.of = "mine/v1";
    return import_synthetic(folder.path(), folder / "made.npz", options);
  }
  std::string refusal(const std::string& bytes, const SyntheticImport& options = {}) const {
    const std::string said = refusal_of([&] { import(bytes, options); });
    BOOST_TEST(list_versions(folder.path(), "synthetic_cache", "made").empty());
    return said;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(synthetic_windows)

BOOST_AUTO_TEST_CASE(windows_are_read_as_they_were_written) {
  Made made;
  made.synthetic.info.fit = GeneratorFit::seen;
  made.synthetic.info.seen = {{kBegin, kBegin + 5}, {kBegin + 9, kBegin + 9}};
  made.synthetic.windows.source[3] = -1;
  const WrittenSynthetic written = made.write();
  BOOST_TEST(to_string(written.id) == "synthetic_cache/made/v1");
  const SyntheticWindowsFile read = made.read(written.id);
  BOOST_TEST(read.content_sha256() == written.content_sha256);
  BOOST_TEST((read.windows().x == made.synthetic.windows.x));
  BOOST_TEST((read.windows().y == made.synthetic.windows.y));
  BOOST_TEST((read.windows().source == made.synthetic.windows.source));
  BOOST_TEST(read.windows().length == 20U);
  BOOST_TEST(read.info().generator == "jitter 0.0002");
  BOOST_TEST(read.info().real == 240U);
  BOOST_TEST((read.info().fit == GeneratorFit::seen));
  BOOST_TEST((read.info().seen == made.synthetic.info.seen));
  BOOST_TEST((read.resemblance().tests == made.synthetic.resemblance.tests));
  BOOST_TEST(verify(made.folder.path(), written.id).problems.empty());
  BOOST_TEST(lineage(made.folder.path(), written.id)["parents"][0]["id"] == "labeled_windows/mine/v1");
}

BOOST_AUTO_TEST_CASE(what_makes_no_sense_is_neither_written_nor_read) {
  const auto refused = [](const std::string& reason, const std::function<void(SyntheticToWrite&)>& change) {
    Made made;
    change(made.synthetic);
    BOOST_TEST(holds(refusal_of([&] { made.write(); }), reason));
    BOOST_TEST(list_versions(made.folder.path(), "synthetic_cache", "made").empty());
    const DatasetId id = made.write_unchecked();
    const std::string said = refusal_of([&] { made.read(id); });
    BOOST_TEST(holds(said, reason));
    BOOST_TEST(holds(said, "v1.h5"));
  };
  refused("nan in window 2, bar 1, channel high",
          [](SyntheticToWrite& out) { out.windows.x[2 * 80 + 5] = std::numeric_limits<float>::quiet_NaN(); });
  refused("the class 2 in window 4", [](SyntheticToWrite& out) { out.windows.y[4] = 2; });
  refused("the class -1 in window 4", [](SyntheticToWrite& out) { out.windows.y[4] = -1; });
  refused("the source 240 in window 5", [](SyntheticToWrite& out) { out.windows.source[5] = 240; });
  refused("the source -2 in window 5", [](SyntheticToWrite& out) { out.windows.source[5] = -2; });
  refused("window 5 that is made from no row", [](SyntheticToWrite& out) { out.windows.source[5] = -1; });
  refused("fitted on seen, and names 0 times", [](SyntheticToWrite& out) { out.info.fit = GeneratorFit::seen; });
  refused("fitted on nothing, and names 1 times", [](SyntheticToWrite& out) { out.info.seen = {{1, 2}}; });
  refused("has seen 1970-01-01T00:00:00.000000002Z until", [](SyntheticToWrite& out) {
    out.info.fit = GeneratorFit::seen;
    out.info.seen = {{2, 1}};
  });
  refused("does not name its generator", [](SyntheticToWrite& out) { out.info.generator.clear(); });
  refused("the class 'calm' twice", [](SyntheticToWrite& out) { out.windows.label_names[1] = "calm"; });
  refused("the channel 'open' twice", [](SyntheticToWrite& out) { out.windows.channel_names[1] = "open"; });
}

BOOST_AUTO_TEST_CASE(arrays_of_unequal_length_are_not_written) {
  for (const auto& shorten :
       std::vector<std::function<void(SyntheticWindows&)>>{[](SyntheticWindows& windows) { windows.x.pop_back(); },
                                                           [](SyntheticWindows& windows) { windows.y.pop_back(); },
                                                           [](SyntheticWindows& windows) { windows.source.pop_back(); },
                                                           [](SyntheticWindows& windows) { windows = {}; }}) {
    Made made;
    shorten(made.synthetic.windows);
    BOOST_CHECK_THROW(made.write(), DataError);
  }
}

BOOST_AUTO_TEST_CASE(a_comparison_that_was_tampered_with_is_refused) {
  Made made;
  const auto tampered = [&](const std::function<void(Json&)>& change) {
    Json json = to_json(made.synthetic.resemblance);
    change(json);
    return refusal_of([&] { resemblance_from_json(json, "x.h5"); });
  };
  BOOST_TEST(holds(tampered([](Json& json) { json["tests"] = Json::array(); }), "has no test"));
  BOOST_TEST(holds(tampered([](Json& json) { json["tests"][2]["p_holm"] = 0.5; }), "p_holm 0.5 in test 2"));
  BOOST_TEST(holds(tampered([](Json& json) { json["differs"] = true; }), "contradicts"));
  BOOST_TEST(holds(tampered([](Json& json) { json["tests"][0].erase("p"); }), "cannot be read"));
  BOOST_TEST(holds(tampered([](Json& json) { json["tests"][0]["real"] = "many"; }), "cannot be read"));
  BOOST_CHECK_THROW(resemblance_from_json(Json(), "x.h5"), DataError);
}

BOOST_AUTO_TEST_CASE(windows_of_a_set_that_has_changed_are_refused) {
  Made made;
  const WrittenSynthetic written = made.write();
  std::filesystem::remove(dataset_file(made.folder.path(), {"labeled_windows", "mine", 1}));
  BOOST_TEST(made.read(written.id).windows().size() == 480U);  // without the set there is nothing to compare with
  store_windows(made.folder.path(), "mine", planted_windows({.seed = 4}));
  BOOST_TEST(holds(refusal_of([&] { made.read(written.id); }), "the content hash"));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_cut_or_changed_anywhere_is_found) {
  Made made;
  const WrittenSynthetic written = made.write();
  std::filesystem::permissions(written.file, std::filesystem::perms::owner_all);
  std::string bytes = read_file(written.file);
  const auto put = [&](const std::string& content) {
    std::ofstream(written.file, std::ios::binary | std::ios::trunc) << content;
  };
  std::size_t found = 0, tried = 0;
  for (std::size_t at = 50'000; at < bytes.size(); at += 9'001, ++tried) {
    std::string flipped = bytes;
    flipped[at] = static_cast<char>(flipped[at] ^ 32);
    put(flipped);
    found += verify(made.folder.path(), written.id).problems.empty() ? 0 : 1;
  }
  BOOST_TEST(found == tried);
  put(bytes.substr(0, bytes.size() / 2));
  BOOST_CHECK_THROW(made.read(written.id), DataError);
}

BOOST_AUTO_TEST_CASE(an_archive_becomes_windows_with_their_sources_and_a_comparison) {
  const Made made;
  const SyntheticImportResult result =
      made.import(npz_of(made.synthetic.windows), {.generator = "jitter", .fit = GeneratorFit::nothing});
  BOOST_TEST(to_string(result.written.id) == "synthetic_cache/made/v1");
  BOOST_TEST(result.ratio == 2);
  BOOST_TEST(result.relabelled == 0U);
  BOOST_TEST(result.compared_with == 240U);
  BOOST_TEST(result.resemblance.tests.size() == 14U);
  BOOST_TEST(!result.resemblance.differs());
  const SyntheticWindowsFile read = made.read(result.written.id);
  BOOST_TEST((read.windows().x == made.synthetic.windows.x));
  BOOST_TEST((read.windows().y == made.synthetic.windows.y));
  BOOST_TEST((read.windows().source == made.synthetic.windows.source));
  BOOST_TEST((read.info().fit == GeneratorFit::nothing));
  BOOST_TEST(describe(made.folder.path(), read.id())["manifest"]["resemblance"]["tests"].size() == 14U);
}

BOOST_AUTO_TEST_CASE(windows_unlike_the_real_ones_are_refused_with_what_differs) {
  const Made made;
  const auto said = [&](const std::function<void(SyntheticWindows&)>& change, const SyntheticImport& options = {}) {
    SyntheticWindows windows = made.synthetic.windows;
    change(windows);
    return made.refusal(npz_of(windows), options);
  };
  BOOST_TEST(holds(said([](SyntheticWindows& w) {
                     w.length = 10;
                     w.y.resize(960);
                     w.source.resize(960);
                   }),
                   "10 bars x 4 channels, and labeled_windows/mine/v1 has 20 x 4"));
  BOOST_TEST(holds(said([](SyntheticWindows& w) { w.label_names = {"calm", "peak"}; }), "the class 'peak' in window"));
  BOOST_TEST(holds(said([](SyntheticWindows& w) { w.source[7] = 240; }), "the source 240 in window 7"));
  BOOST_TEST(holds(said([](SyntheticWindows& w) { w.source[7] = -1; }), "--seen FROM TO"));
  BOOST_TEST(holds(said([](SyntheticWindows& w) { w.x[81] = w.x[81] / 2; }), "window 1, bar 0 has open"));
  BOOST_TEST(holds(said([](SyntheticWindows& w) { w.x[5] = std::numeric_limits<float>::infinity(); }),
                   "bar 1, channel high is inf"));
  const auto nothing = [](SyntheticWindows&) {};
  BOOST_TEST(holds(said(nothing, {.fit = GeneratorFit::nothing, .seen = {{1, 2}}}), "Give one of them"));
  BOOST_TEST(holds(said(nothing, {.of = "mien/v1"}), "Did you mean 'mine'"));
}

BOOST_AUTO_TEST_CASE(archives_without_an_array_that_is_needed_are_refused) {
  const Made made;
  const SyntheticWindows& w = made.synthetic.windows;
  const auto x = std::pair("X", npy_bytes("<f4", {w.size(), 20, 4}, w.x));
  const auto source = std::pair("source", npy_bytes("<i8", {w.size()}, w.source));
  const auto y = std::pair("y", npy_bytes("<i4", {w.size()}, w.y));
  BOOST_TEST(holds(made.refusal(npz_bytes({x, source})), "no classes"));
  BOOST_TEST(holds(made.refusal(npz_bytes({x, source, y})), "save label_names beside it"));
  const auto names = std::pair("label_names", npy_bytes(w.label_names));
  BOOST_TEST(holds(made.refusal(npz_bytes({x, y, names})), "no array 'source'"));
  const auto few = std::pair("source", npy_bytes<std::int64_t>("<i8", {2}, {1, 2}));
  BOOST_TEST(holds(made.refusal(npz_bytes({x, y, names, few})), "has the shape (2), but there are 480 windows"));
  const auto real = std::pair("source", npy_bytes<double>("<f8", {w.size()}, std::vector<double>(w.size(), 1)));
  BOOST_CHECK_THROW(made.import(npz_bytes({x, y, names, real})), DataError);
  const auto other = std::pair("channel_names", npy_bytes(std::vector<std::string>{"a", "b", "c", "d"}));
  BOOST_TEST(holds(made.refusal(npz_bytes({x, y, names, source, other})), "has the channels a, b, c, d"));
}

BOOST_AUTO_TEST_CASE(a_generator_that_distorts_is_refused_or_marked) {
  const Made made;
  // Ten times the noise of the prices themselves.
  const std::string bytes = npz_of(jittered(made.real, rows_from(0, 240), {.noise = 0.01}));
  BOOST_TEST(holds(made.refusal(bytes), "another distribution than labeled_windows/mine/v1"));
  const SyntheticImportResult taken = made.import(bytes, {.allow_different = true});
  BOOST_TEST(taken.resemblance.differs());
  BOOST_TEST(made.read(taken.written.id).resemblance().differs());
  BOOST_TEST(describe(made.folder.path(), taken.written.id)["manifest"]["resemblance"]["differs"] == true);
}

BOOST_AUTO_TEST_CASE(each_class_is_compared_with_its_own) {
  const Made made;
  // As many of each as before, and all that is wrong is which: half the dips are called calm, and as many the other
  // way.
  SyntheticWindows windows = made.synthetic.windows;
  std::vector<std::size_t> calm, dip;
  for (std::size_t i = 0; i < windows.size(); ++i) (windows.y[i] == 0 ? calm : dip).push_back(i);
  for (std::size_t i = 0; i < std::min(calm.size(), dip.size()) / 2; ++i)
    std::swap(windows.y[calm[i]], windows.y[dip[i]]);
  BOOST_TEST(holds(made.refusal(npz_of(windows)), "another distribution"));
  const SyntheticImportResult taken = made.import(npz_of(windows), {.allow_different = true});
  BOOST_TEST(taken.relabelled == 2 * (std::min(calm.size(), dip.size()) / 2));
}

BOOST_AUTO_TEST_CASE(windows_are_held_against_those_of_the_time_that_they_were_made_from) {
  // The second half of the time moves three times as much as the first.
  Made made;
  WindowTable real = planted_windows({.depth = 0});
  const WindowTable wild = planted_windows({.depth = 0, .seed = 8});
  for (std::size_t i = real.windows / 2 * 80; i < real.x.size(); ++i) {
    const auto window = i / 80;
    real.x[i] = 100.0F * std::pow(wild.x[i] / wild.x[window * 80], 3.0F);
  }
  store_windows(made.folder.path(), "moody", real);
  const std::vector<std::size_t> calm = rows_from(0, 120);
  const std::string bytes = npz_of(jittered(real, calm));
  const SyntheticImportResult result = made.import(bytes, {.of = "moody/v1"});
  BOOST_TEST(result.compared_with == 120U);
  BOOST_TEST(!result.resemblance.differs());
  // Those of the calm time, said to be learnt from all of it, are unlike all of it.
  SyntheticWindows lost = jittered(real, calm);
  lost.source.assign(lost.size(), -1);
  write_file(made.folder / "lost.npz", npz_of(lost));
  BOOST_TEST(holds(refusal_of([&] {
                     import_synthetic(made.folder.path(), made.folder / "lost.npz",
                                      {.of = "moody/v1", .seen = {{real.t0.front(), real.t1.back()}}});
                   }),
                   "another distribution"));
  const SyntheticImportResult told = import_synthetic(made.folder.path(), made.folder / "lost.npz",
                                                      {.of = "moody/v1", .seen = {{real.t0.front(), real.t1[119]}}});
  BOOST_TEST((told.info.fit == GeneratorFit::seen));
}

BOOST_AUTO_TEST_CASE(a_copy_of_another_row_than_it_says_is_refused) {
  const Made made;
  SyntheticWindows copies = jittered(made.real, rows_from(0, 240), {.noise = 0, .copies = 1});
  BOOST_TEST(made.import(npz_of(copies), {.name = "right"}).windows == 240U);
  std::swap(copies.source[17], copies.source[30]);
  BOOST_TEST(holds(made.refusal(npz_of(copies)),
                   "window 17 is row 17 of the labelled windows, value by value, and says "
                   "that it is made from row 30"));
  copies.source.assign(copies.size(), -1);
  BOOST_TEST(holds(made.refusal(npz_of(copies), {.seen = {{made.real.t0[0], made.real.t0[100]}}}),
                   "made from none and that its generator has not seen that time"));
  BOOST_TEST(made.import(npz_of(copies), {.name = "all", .seen = {{made.real.t0[0], made.real.t0[239]}}}).windows ==
             240U);
}

BOOST_AUTO_TEST_CASE(sources_that_count_other_rows_are_told_from_those_that_are_right) {
  const Made made;
  const NearSources right = made.import(npz_of(made.synthetic.windows), {.name = "right"}).near_sources;
  BOOST_TEST(right.asked == 480U);
  BOOST_TEST(right.share() > 0.95);
  SyntheticWindows wrong = made.synthetic.windows;
  std::shuffle(wrong.source.begin(), wrong.source.end(), std::mt19937_64(3));
  const NearSources shuffled = made.import(npz_of(wrong), {.name = "wrong"}).near_sources;
  BOOST_TEST(shuffled.share() < 0.15);  // one in 21
  write_file(made.folder / "wrong.npz", npz_of(wrong));
  const ProcessResult said =
      run_program("moola-data", {"import", "synthetic", (made.folder / "wrong.npz").string(), "--of", "mine/v1",
                                 "--augmentation-only", "--workspace", made.folder.path().string()});
  BOOST_TEST(said.exit_code == 0);
  BOOST_TEST(holds(said.errors, "does 'source' count the rows of labeled_windows/mine/v1"));
}

BOOST_AUTO_TEST_CASE(figures_of_a_window_are_those_of_its_returns) {
  // Closes e^0, e^1, e^3, e^2: steps 1, 2, -1; the mean 2/3, deviations 1/3, 4/3, -5/3.
  std::vector<float> window;
  for (const double log_close : {0.0, 1.0, 3.0, 2.0}) {
    const auto close = static_cast<float>(std::exp(log_close));
    window.insert(window.end(), {close, close * 1.5F, close / 2, close, 7.0F});
  }
  const WindowStatistics statistics({"open", "high", "low", "close", "volume"}, true);
  std::vector<double> out(statistics.names().size());
  statistics.measure(window, out);
  BOOST_REQUIRE(out.size() == 14U);
  const double variance = 42.0 / 27, third = (1 + 64 - 125) / 81.0, fourth = (1 + 256 + 625) / 243.0;
  const std::vector<double> expected{2.0 / 3, std::sqrt(variance), third / std::pow(variance, 1.5),
                                     fourth / (variance * variance), (4.0 / 9 - 20.0 / 9) / (42.0 / 9),
                                     // sizes 1, 2, 1 about 4/3
                                     -(2.0 / 9 + 2.0 / 9) / (6.0 / 9), 3 + std::log(3.0)};
  for (std::size_t k = 0; k < 7; ++k) BOOST_TEST(std::fabs(out[k] - expected[k]) < 1e-6, statistics.names()[k]);
  for (std::size_t k = 7; k < 14; ++k) BOOST_TEST(out[k] == 0, statistics.names()[k]);  // a volume that never moves
  BOOST_TEST(statistics.names().front() == "close: mean");
  BOOST_TEST(statistics.names().back() == "volume: range");
  BOOST_CHECK_THROW(statistics.measure(std::span<const float>(window).first(7), out), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_command_brings_them_in_and_shows_them) {
  const Made made;
  write_file(made.folder / "jit.npz", npz_of(made.synthetic.windows));
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--workspace", made.folder.path().string()});
    return run_program("moola-data", arguments);
  };
  const std::string file = (made.folder / "jit.npz").string();
  const ProcessResult imported = run({"import", "synthetic", file, "--of", "mine/v1", "--seen", "2019-01-01",
                                      "2019-02-01", "--seen", "2019-03-01", "2019-03-02T12:00", "--json"});
  BOOST_REQUIRE_MESSAGE(imported.exit_code == 0, imported.errors);
  const Json answer = parse_json(imported.output, "standard output");
  BOOST_TEST(answer["id"] == "synthetic_cache/jit/v1");
  BOOST_TEST(answer["seen"].size() == 2U);
  BOOST_TEST(answer["seen"][1][1] == "2019-03-02T12:00:00Z");
  BOOST_TEST(holds(run({"list"}).output, "480 windows"));
  BOOST_TEST(holds(run({"show", "jit/v1"}).output, "p_holm"));
  BOOST_TEST(run({"verify"}).exit_code == 0);
  BOOST_TEST(holds(run({"lineage", "synthetic_cache/jit/v1"}).output, "labeled_windows/mine/v1"));
  const ProcessResult turned =
      run({"import", "synthetic", file, "--of", "mine/v1", "--seen", "2019-02-01", "2019-01-01"});
  BOOST_TEST(turned.exit_code == 2);
  BOOST_TEST(holds(turned.errors, "the second time is before the first"));
}

BOOST_AUTO_TEST_SUITE_END()
