#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "data/tables/embeddings_file.h"

namespace moola::work {

/// What `moola encode` is asked for.
struct EncodeRequest {
  std::filesystem::path workspace = {};
  std::string encoder = {};  // a file, or a name in artifacts/encoders: "bilstm_mae-v1", or its newest "bilstm_mae"
  std::string data = {};     // labelled or unlabelled windows
  std::string pooling = "mean";
  std::string name = {};  // of the embeddings; empty: the windows' and the encoder's
  std::string device = "auto";
  unsigned threads = 0;  // 0: the host's cores
  bool quiet = false;
};

struct EncodeOutcome {
  data::WrittenEmbeddings written = {};
  data::EmbeddingsInfo info = {};
  std::filesystem::path encoder_file = {};
  std::size_t rows = 0, dims = 0;
  std::string device = {};
  double seconds = 0;  // of encoding
};

/// The windows of a set through an encoder, pooled, as the next version of data/embeddings/NAME; or the version that
/// holds the same already. Windows are normalised and scaled as the encoder was trained, and its channels taken by
/// their names. On the CPU the same bits on any number of threads. Memory: the windows' series and 4 bytes per value.
///
/// Throws ConfigError (no such encoder, set or pooling; "cuda" without a GPU), DataError (damaged; the windows lack
/// channels, or have another length and the encoder takes one alone; a value that is not finite), IoError.
EncodeOutcome encode(const EncodeRequest& request);

}  // namespace moola::work
