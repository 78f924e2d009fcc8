// Runs a saved encoder on windows: ENCODER N < (N, T, C) float32 > (N, T, D) float32, both raw. For the comparison with
// PyTorch.
#include <ATen/core/grad_mode.h>

#include <cstdio>
#include <cstdlib>

#include "learn/encoder_file.h"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const at::NoGradGuard no_gradients;
  const auto loaded = moola::learn::read_encoder(argv[1]);
  at::Tensor windows =
      at::empty({std::atoll(argv[2]), loaded.header.length, loaded.header.architecture.channels}, at::kFloat);
  const auto count = static_cast<std::size_t>(windows.numel());
  if (std::fread(windows.mutable_data_ptr<float>(), sizeof(float), count, stdin) != count) return 1;
  const at::Tensor codes =
      loaded.encoder->encode(windows.transpose(0, 1).contiguous(), {}).transpose(0, 1).contiguous();
  const auto written = static_cast<std::size_t>(codes.numel());
  return std::fwrite(codes.const_data_ptr<float>(), sizeof(float), written, stdout) == written ? 0 : 1;
}
