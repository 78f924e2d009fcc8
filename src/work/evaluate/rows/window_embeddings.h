#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "data/tables/embeddings_file.h"
#include "work/evaluate/rows/evaluation_data.h"

namespace moola::work {

/// Embeddings of exactly these windows. Throws ConfigError (there are none of this name), DataError (damaged; of
/// another set, or of windows with another content: both are named).
data::EmbeddingsFile open_embeddings_of(const std::filesystem::path& workspace, const std::string& embeddings,
                                        const data::Parent& windows);

/// What columns of embeddings are called: "z_0", "z_1", …
std::vector<std::string> embedding_names(std::size_t dims);

/// Puts the numbers of the rows' windows where `embedded_columns` stand, and says which they are; the encoder is among
/// what was `fitted`. Throws DataError when they have fewer columns.
void embed(EvaluationData& data, const data::EmbeddingsFile& embeddings);

}  // namespace moola::work
