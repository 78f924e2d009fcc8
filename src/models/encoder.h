#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/keyed_dropout.h"
#include "models/parameters.h"

namespace moola::models {

/// What an encoder is built from. Every model uses the fields it knows and refuses the values it can't work with.
struct EncoderConfig {
  std::string name = "bilstm";
  std::int64_t channels = 4;  // C of the windows
  std::int64_t hidden = 128;  // per direction
  std::int64_t layers = 2;
  double dropout = 0.2;  // between layers
};

/// A network that turns windows (N, T, C) into representations (N, T, D).
class Encoder {
 public:
  virtual ~Encoder() = default;

  virtual const EncoderConfig& config() const = 0;
  /// D.
  virtual std::int64_t dims() const = 0;
  /// Whether it takes windows of another length than it was trained at.
  virtual bool takes_any_length() const = 0;

  /// Windows are given and representations returned time-major, (T, N, C) -> (T, N, D), as recurrent layers want them.
  /// `dropout`, one key per row of the batch (N), turns dropout on; without it the encoder is the function that is
  /// exported.
  virtual at::Tensor encode(const at::Tensor& windows, std::span<const DropoutKey> dropout) const = 0;

  /// Fills the parameters with the initial weights of `seed`; the same on every rank and device.
  virtual void initialise(std::uint64_t seed) = 0;
};

/// Declares the encoder's parameters in `parameters`, under their PyTorch names with "encoder." before them. The caller
/// then allocates. Throws ConfigError for an unknown name (naming the nearest) or values the model can't work with. To
/// add a model: its own file with a function like `make_bilstm`, and one row in the table in encoder.cpp.
std::unique_ptr<Encoder> make_encoder(const EncoderConfig& config, Parameters& parameters);

/// The names `make_encoder` knows.
std::vector<std::string> encoder_names();

}  // namespace moola::models
