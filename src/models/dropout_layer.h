#pragma once
#include <ATen/core/Tensor.h>

#include <span>

#include "models/keyed_dropout.h"

namespace moola::models {

/// x (T, N, F) with each row's keyed mask (see apply_dropout), on the CPU in fp32; differentiable once. No mask is
/// stored: the backward pass draws it again. Elsewhere, or in another type, the mask is made on the CPU and multiplied.
/// Throws c10::Error on a wrong shape.
at::Tensor keyed_dropout_layer(const at::Tensor& x, double p, std::span<const DropoutKey> keys);

}  // namespace moola::models
