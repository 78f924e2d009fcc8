#include "work/evaluate/rows/window_embeddings.h"

#include <fmt/format.h>

#include "base/error.h"

namespace moola::work {

data::EmbeddingsFile open_embeddings_of(const std::filesystem::path& workspace, const std::string& embeddings,
                                        const data::Parent& windows) {
  data::EmbeddingsFile out(workspace, data::find_dataset(workspace, embeddings, "embeddings"));
  const data::Parent& of = out.info().data;
  if (of.id == windows.id && of.content_sha256 == windows.content_sha256) return out;
  throw DataError(fmt::format(
      "data.embeddings: {} are of {} with the content hash {:.12}…, and data.windows is {} with {:.12}…. Encode those: "
      "moola encode --encoder {} --data {}.",
      to_string(out.id()), to_string(of.id), of.content_sha256, to_string(windows.id), windows.content_sha256,
      out.info().encoder, to_string(windows.id)));
}

std::vector<std::string> embedding_names(std::size_t dims) {
  std::vector<std::string> out;
  for (std::size_t c = 0; c < dims; ++c) out.push_back(fmt::format("z_{}", c));
  return out;
}

void embed(EvaluationData& data, const data::EmbeddingsFile& embeddings) {
  const std::size_t dims = embeddings.dims(), columns = data.embedded_columns.size(), features = data.features.size();
  if (columns > 0 && data.embedded_columns.back() >= dims) {
    throw DataError(fmt::format("{} have {} columns, and {} is among the features.", to_string(embeddings.id()), dims,
                                data.features[columns - 1]));
  }
  for (std::size_t row = 0; row < data.size(); ++row) {
    for (std::size_t c = 0; c < columns; ++c)
      data.x[row * features + c] = embeddings.z()[data.number[row] * dims + data.embedded_columns[c]];
  }
  data.embedded = {.source = {embeddings.id(), embeddings.content_sha256()},
                   .encoder = embeddings.info().encoder,
                   .encoder_sha256 = embeddings.info().encoder_sha256,
                   .pooling = embeddings.info().pooling};
  for (data::FittedPart& part : fitted_parts(embeddings.info())) data.fitted.push_back(std::move(part));
}

}  // namespace moola::work
