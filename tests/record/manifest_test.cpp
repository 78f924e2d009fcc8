#include "record/manifest.h"

#include <boost/test/unit_test.hpp>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "sample_run.h"
#include "tests/support/temporary_folder.h"

using namespace moola;
using namespace moola::test;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(run_manifest)

BOOST_AUTO_TEST_CASE(a_manifest_reads_back_as_it_was_written) {
  const TemporaryFolder workspace;
  const fs::path run = finished_sample_run(workspace.path(), sample_request(), 0.4, 200);
  record::Manifest manifest = record::read_manifest(run);
  manifest.parents = {{"encoder", "encoders/ts2vec-v1", kHash}};
  manifest.reason = "quotes \" and \\ and line\nbreaks, 漢字";
  record::write_manifest(run, manifest);
  BOOST_TEST(json_text(record::read_manifest(run).to_json()) == json_text(manifest.to_json()));
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_of_another_type_is_named) {
  const TemporaryFolder workspace;
  const fs::path run = finished_sample_run(workspace.path(), sample_request(), 0.4, 200);
  const Json good = read_json(run / "manifest.json");
  const auto refused = [&](const Json& json, const char* words) {
    BOOST_CHECK_EXCEPTION(record::Manifest::from_json(json, "runs/x/manifest.json"), DataError,
                          [&](const DataError& error) {
                            BOOST_TEST_MESSAGE(error.what());
                            return std::strstr(error.what(), words) != nullptr &&
                                   std::strstr(error.what(), "runs/x/manifest.json") != nullptr;
                          });
  };
  refused(Json::array(), "expected a JSON object");
  for (const char* key : {"schema", "run", "job", "name", "status", "key"}) {
    Json without = good;
    without.erase(key);
    refused(without, key);
  }
  const auto with = [&](const char* key, const Json& value) {
    Json out = good;
    out[key] = value;
    return out;
  };
  refused(with("schema", "moola.run/2"), "moola.run/2");
  refused(with("run", 7), "'run'");
  refused(with("seed", "seven"), "'seed'");
  refused(with("data", "none"), "'data'");
  refused(with("data", Json::array({7})), "data");
  refused(with("data", Json::array({Json::object()})), "'id'");
  refused(with("artifacts", Json::object()), "'artifacts'");
  for (const char* key : {"versions", "split", "parameters", "metrics", "timings"}) refused(with(key, 7), key);
  BOOST_CHECK_THROW(record::Manifest::from_json(with("status", "sleeping"), "x"), DataError);
}

BOOST_AUTO_TEST_CASE(a_later_version_may_add_keys) {
  const TemporaryFolder workspace;
  const fs::path run = finished_sample_run(workspace.path(), sample_request(), 0.4, 200);
  Json json = read_json(run / "manifest.json");
  json["colour"] = "green";
  BOOST_TEST(record::Manifest::from_json(json, "x").job == "pretrain");
}

BOOST_AUTO_TEST_CASE(logs_locks_and_the_report_are_no_artifacts) {
  const TemporaryFolder folder;
  for (const char* name : {"manifest.json", "report.html", "run.lock", "log.txt", "log-rank-1.txt", ".hidden",
                           "metrics.jsonl", "log.h5"}) {
    write_file(folder / name, name);
  }
  write_file(folder.path() / "folds" / "fold-007.json", "{}");
  write_file(folder.path() / "folds" / "log.txt", "kept: not at the top");
  write_file(folder.path() / ".tmp" / "x", "hidden");
  std::vector<std::string> names;
  for (const record::Artifact& artifact : record::artifacts_of(folder.path())) names.push_back(artifact.path);
  const std::vector<std::string> expected{"folds/fold-007.json", "folds/log.txt", "log.h5", "metrics.jsonl"};
  BOOST_TEST(names == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
