#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/json.h"
#include "comm/communicator.h"
#include "data/windows/window_selection.h"
#include "data/windows/windows.h"
#include "learn/trainer.h"
#include "record/manifest.h"
#include "work/pretrain_config.h"

namespace moola::work {

/// The windows of a pretraining: opened, cut in time, split and scaled.
struct PretrainData {
  std::unique_ptr<data::Windows> windows;
  data::HoldoutSplit split;
  double scale = 1.0;  // factor after the normalisation
  learn::TrainingWindows training;
  learn::HoldoutWindows holdout;
  record::DataUse use;  // lineage for the manifest
  Json seen;            // [{symbol, times: [[first, last], …]}]: what training sees
  Json selected_on;     // the same of the hold-out, whose loss chooses the weights that are kept
  Json split_facts;     // for the manifest
};

/// Opens the configured windows on every rank; with `data.bars` rank 0 cuts the view first, or takes the one it cut
/// before. Collective. Throws ConfigError, DataError, LeakError, IoError.
PretrainData open_pretrain_data(const comm::Communicator& world, const std::filesystem::path& workspace,
                                const PretrainConfig& config);

}  // namespace moola::work
