#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cluster/s3/client.h"

namespace moola::cluster::s3 {

/// What a folder's files were on the volume when they were brought: one JSON object a line.
inline constexpr const char* kDownloadRecord = ".volume-files.jsonl";

struct Downloaded {
  std::uint64_t files = 0, bytes = 0;      // that were brought
  std::uint64_t same = 0;                  // that were there already
  std::vector<std::string> changing = {};  // keys that somebody wrote to meanwhile: left as they were here
};

/// Brings what lies below a folder of the volume ("runs/a/state") into `folder`, each file whole or not at all; removes
/// nothing. A file is there already when it has the object's size, and when size, time and ETag of the object are those
/// that it was brought with: .volume-files.jsonl in `folder` has them, one line each as files arrive, so that a
/// download that was killed goes on. Throws S3Error when a file can't be had, after all others were brought; DataError
/// for keys that lead out of the folder; IoError.
Downloaded download_changed(const Client& client, const std::string& prefix, const std::filesystem::path& folder);

}  // namespace moola::cluster::s3
