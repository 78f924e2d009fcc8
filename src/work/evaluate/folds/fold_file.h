#pragma once
#include <filesystem>
#include <optional>

#include "work/evaluate/folds/fold.h"

namespace moola::work {

/// RUN/folds/CONFIGURATION-SPLIT.h5: probabilities of a split's test rows. Its presence means that the task is done.
std::filesystem::path fold_file(const std::filesystem::path& run, const FoldTask& task);

/// Writes it, whole or not at all. Returns its content hash. Throws IoError.
std::string write_fold(const std::filesystem::path& run, const FoldTask& task, const Configuration& configuration,
                       std::size_t classes, const FoldResult& result);

/// Whether it is done; nothing of what it holds is read but its key. One of somebody's own files that have changed
/// since is removed, and said. Throws as read_fold.
bool is_fold_there(const std::filesystem::path& run, const FoldTask& task);

/// A fold that is done.
struct StoredFold {
  FoldResult result;
  std::string content_sha256;
};
/// Nothing when it is not there. Throws DataError for one that is damaged, or of another key: then the folder is
/// another run's.
std::optional<StoredFold> read_fold(const std::filesystem::path& run, const FoldTask& task, std::size_t classes);

}  // namespace moola::work
