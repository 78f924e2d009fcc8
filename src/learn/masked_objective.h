#pragma once
#include <memory>

#include "learn/masking.h"
#include "learn/objective.h"
#include "models/encoder.h"
#include "models/parameters.h"

namespace moola::learn {

enum class Reconstruction { squared, huber };

struct MaskedOptions {
  MaskOptions mask;
  Reconstruction reconstruction = Reconstruction::squared;
  double huber_delta = 1.0;  // in units of the normalised windows
  double variance_weight =
      0.1;  // of the term that keeps representations from collapsing; 0 leaves its encoder pass out
  std::int64_t decoder_hidden = 128;
  double dropout = 0.2;  // in the decoder
  std::uint64_t seed = 1337;
};

/// The masked autoencoder: hidden bars are replaced by a learned token before the encoder sees them, a small decoder
/// fills them in.
///
/// Loss: mean over all hidden values of the batch of the squared (or Huber) error, plus `variance_weight` times
/// max(0, 1 - mean over D of the standard deviation over the leaf's (n, T) of the representation of the *unmasked*
/// windows), averaged over leaves by their size. Both passes go through the encoder as one batch of 2 n rows. What is
/// under a mask cannot reach the output: it is replaced, not multiplied by zero, and `hidden` keeps it out of the
/// normalisation. Baselines: each channel's mean over
/// the window's visible bars, and the nearest visible bar before (after, at the window's begin).
///
/// Parameters it declares beside the encoder's: mask_token (1, 1, C), norm.weight and .bias (D), decoder.0 (H, D) and
/// decoder.3 (C, H) with their biases: for C = 4, D = 256 and H = 128 the 33,928 that make 566,408 of the encoder's
/// 532,480. Source: reference moola.md 2.1.
class MaskedObjective : public Objective {
 public:
  /// Declares the head's parameters; `encoder` and `parameters` must outlive the objective. `length` is T.
  MaskedObjective(const models::Encoder& encoder, models::Parameters& parameters, std::int64_t length,
                  MaskedOptions options);

  /// Initial weights of the head, after `parameters` are allocated.
  void initialise();

  std::vector<std::string> sum_names() const override;
  void begin(const BatchKey& batch) override;
  std::span<const std::uint8_t> hidden(std::int64_t first, std::int64_t count) const override;
  at::Tensor leaf(const Leaf& leaf, std::span<double> sums) override;
  std::vector<std::pair<std::string, double>> metrics(std::span<const double> sums) const override;

  /// The decoder's guess at every bar, (n, T, C), of windows whose bars are hidden where `mask` (n, T) uint8 is 1.
  /// Without dropout.
  at::Tensor reconstruct(const at::Tensor& windows, const at::Tensor& mask) const;

 private:
  enum Sum : std::size_t { error, values, window_mean, previous_bar, collapse, samples, kSums };

  const models::Encoder& encoder_;
  models::Parameters& parameters_;
  std::int64_t length_;
  MaskedOptions options_;
  std::size_t mask_token_, norm_weight_, norm_bias_, in_weight_, in_bias_, out_weight_, out_bias_;
  BatchKey batch_;
  std::vector<std::uint8_t> masks_;  // (samples, T) of the batch
  std::int64_t hidden_bars_ = 0;     // in the batch

  at::Tensor hide(const at::Tensor& time_major, const at::Tensor& mask) const;
  at::Tensor decode(const at::Tensor& rows, const at::Tensor& keep) const;
  double error_of(double difference) const;
  void add_baselines(const Leaf& leaf, std::span<double> sums) const;
};

}  // namespace moola::learn
