#pragma once
#include <memory>

#include "models/encoder.h"

namespace moola::models {

/// Stacked bidirectional LSTM, the encoder of the masked autoencoder: D = 2 `hidden`, dropout between layers.
///
/// Parameters carry torch.nn.LSTM's names (weight_ih_l0, …, bias_hh_l1_reverse), shapes and gate order, so that PyTorch
/// loads them as they are. Initial weights: uniform in ±1/sqrt(hidden), as torch.nn.LSTM's. For 2 layers of 128 and 4
/// channels 532,480 parameters; one window of 105 bars costs 0.11 GFLOP forward. Source: reference moola.md 2.1.
std::unique_ptr<Encoder> make_bilstm(const EncoderConfig& config, Parameters& parameters);

}  // namespace moola::models
