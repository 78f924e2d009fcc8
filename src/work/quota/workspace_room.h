#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "work/quota/disk_use.h"

namespace moola::work {

enum class StoredKind { run, job_run, study, encoder, dataset, leftover, other };
std::string_view name_of(StoredKind kind);

/// Something in a workspace that stays or goes as a whole.
struct StoredThing {
  StoredKind kind = StoredKind::other;
  std::string name = {};  // a run's id, a study's name, "bars/BTCUSD"
  std::filesystem::path path = {};
  std::vector<DiskEntry> entries = {};
};

/// All that data/ and artifacts/ of a workspace hold; what else lies in its folder is not Moola's. `leftover` is what a
/// killed deletion left behind. Cost: one look at every file. Throws IoError.
std::vector<StoredThing> stored_in(const std::filesystem::path& workspace);

/// What all of them take together.
DiskUse use_of(const std::vector<StoredThing>& things);

}  // namespace moola::work
