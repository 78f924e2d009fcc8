#pragma once
// What moola prepare makes of a workspace's bars, in this process: the tests of its stages and of its runner.
#include <boost/test/unit_test.hpp>
#include <string>
#include <vector>

#include "data/store/hdf5.h"
#include "tests/work/bars_workspace.h"
#include "work/prepare/prepare.h"

namespace moola::test {

using Settings = std::vector<std::string>;

/// A few columns of different kinds and two horizons: the numbers are not the point. bars/SYM/v1 at 5 minutes.
inline Settings small_settings(const Settings& more = {}) {
  Settings all{"data.bars=SYM/v1", "features.columns=[\"rsi_14\", \"atr_14\", \"return_1\", \"volume_ratio\"]",
               "labels.horizons=[5, 20]", "splits.embargo=\"20bars\""};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// Up to the last stage before the report, unless told otherwise.
inline work::PrepareResult prepare_in(const BarsWorkspace& workspace, const Settings& settings,
                                      work::PrepareRequest request = {.to = "validation"}) {
  request.workspace = workspace.folder();
  request.quiet = true;
  return work::prepare(request, work::load_prepare_config("", std::nullopt, settings), {});
}

/// A file of a stage's: stage_output(result, "labels", "SYM.h5").
inline std::filesystem::path stage_output(const work::PrepareResult& result, const std::string& stage,
                                          const std::string& file) {
  return result.folder / "stages" / work::prepare_stages().at(work::stage_index(stage)).folder() / file;
}

inline Json stage_json(const work::PrepareResult& result, const std::string& stage, const std::string& unit) {
  return read_json(stage_output(result, stage, unit + ".json"));
}

inline data::hdf5::File stage_file_of(const work::PrepareResult& result, const std::string& stage,
                                      const std::string& symbol) {
  return data::hdf5::File::open(stage_output(result, stage, symbol + ".h5"));
}

/// The stages that were in this state, in their order.
inline std::string stages_in(const work::PrepareResult& result, const std::string& state) {
  std::string out;
  for (const work::StageResult& stage : result.stages) {
    if (stage.state == state) out += (out.empty() ? "" : " ") + stage.name;
  }
  return out;
}

}  // namespace moola::test
