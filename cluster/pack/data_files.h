#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/pack/pack_file.h"

namespace moola::cluster {

/// A data set that is to be packed.
struct WantedDataset {
  std::string id, because;  // "named by configs/x.toml, line 3"
};

/// Data sets, and what is needed to read them.
struct DataFiles {
  std::vector<PackFile> files;
  std::vector<PackedDataset> datasets;
};

/// The files of data sets, checked whole against the hashes that were stored with them; of each also the data sets that
/// it was made from, except for bars and for windows that are stored whole, which hold all that they are made of; and
/// the splits and scalers of every table. Who, when and where stays here: vN.json is not packed.
/// Throws ConfigError for one that does not exist, DataError for one that is damaged or whose parents are gone.
/// Cost: reads every file once.
DataFiles data_files(const std::filesystem::path& workspace, const std::vector<WantedDataset>& wanted);

}  // namespace moola::cluster
