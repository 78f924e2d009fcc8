#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "record/html.h"
#include "record/manifest.h"

namespace moola::record {

enum class RunLock { free, ours };

/// Writes report.html of a run from its manifest, config.toml, metrics.jsonl and timings.jsonl, and the drawings into
/// plots/; returns its path.
///
/// Whatever state the run is in: of one at work it shows how far it has come. Once a run has ended, the manifest takes
/// in the drawings' hashes (the report itself, which quotes the manifest, is in no list), unless another process has
/// the run by then. A caller whose Run object still lives says RunLock::ours. Throws IoError, DataError; a missing
/// gnuplot is a note in the report.
std::filesystem::path write_report(const std::filesystem::path& run, RunLock lock = RunLock::free);

/// The parts that the report of any job is made of.
namespace report {

/// What a report is made from, read once.
struct Source {
  std::filesystem::path run;
  Manifest manifest;
  std::string state;  // as moola runs list says it
  double seconds = 0;
  std::vector<Json> metrics, timings;
  std::string config;
};
Source read_source(const std::filesystem::path& run);

/// The run at the top, what it was made from below it, as far back as the manifest knows.
Html lineage(const Source& source);

/// How data became train and hold-out: a bar of "train_windows", "purged_windows" and "holdout_windows" of the
/// manifest's split (or …_rows), every other key of it as a fact.
Html split(const Json& split);

Html configuration(const Source& source);
/// Code, libraries, machine, and the sessions.
Html environment(const Source& source);
Html artifacts(const Source& source);
/// Every number of the manifest's metrics and timings.
Html metrics_table(const Source& source);

/// "holdout_loss" → "hold-out loss"
std::string words(const std::string& key);
/// A JSON value for people: 1234567 → "1,234,567", {"duplicate": 3} → "duplicate 3".
std::string value_text(const Json& value);
/// "2025-01-22T03:11:00.125Z" → "2025-01-22 03:11:00 UTC"; anything else as it is.
std::string moment(const std::string& utc);

}  // namespace report

/// The parts that only a pretraining run has: the verdict, the numbers at the top, the curves. Drawings go to plots/.
struct PretrainParts {
  Html verdict, cards, summary, curves;
  std::string verdict_text;
};
PretrainParts pretrain_parts(const report::Source& source);

}  // namespace moola::record
