#pragma once
#include <filesystem>
#include <string>

#include "data/store/dataset.h"
#include "data/windows/window_table.h"

namespace moola::data {

/// Windows that were drawn for annotators: the table (X, window_ids, t0, t1, raw_start, raw_end), and the bars they are
/// from.
struct AnnotationSample {
  WindowTable table;
  Parent bars;
  std::string content_sha256;
};

/// Reads windows.h5 of a sample. Throws IoError, DataError (damaged, changed, no sample).
AnnotationSample read_sample(const std::filesystem::path& file);

/// Writes it under its content hash; `manifest` says how it was drawn. Returns the hash. Throws IoError.
std::string write_sample(const std::filesystem::path& file, const WindowTable& table, const Parent& bars,
                         const Json& manifest, Overwrite overwrite);

}  // namespace moola::data
