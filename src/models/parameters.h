#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

namespace moola::models {

/// The named parameters of a model as views of one flat fp32 buffer, their gradients as views of a second one.
///
/// A reduction, the optimiser and a checkpoint then see two arrays, not fifty tensors. Modules declare what they need
/// with `add`; when all have, `allocate` makes the buffers. Tensors handed out by `operator[]` are leaves of the
/// autograd graph whose storage is the flat buffer.
class Parameters {
 public:
  struct Entry {
    std::string name;
    std::vector<std::int64_t> shape;
    std::int64_t offset = 0, elements = 0;  // in the flat buffer
  };

  /// Declares a parameter; returns its number. Names are unique. Only before `allocate`.
  std::size_t add(std::string name, std::vector<std::int64_t> shape);
  /// Makes both buffers, zeroed.
  void allocate(at::Device device);

  std::size_t count() const { return entries_.size(); }
  std::int64_t elements() const { return elements_; }
  const std::vector<Entry>& entries() const { return entries_; }
  /// The number of a parameter by name. Throws ConfigError naming the nearest.
  std::size_t number(const std::string& name) const;

  const at::Tensor& operator[](std::size_t number) const { return tensors_[number]; }

  /// (P) fp32: every value, in the order of declaration, without autograd.
  const at::Tensor& values() const { return values_; }
  /// (P) fp32: what `backward` adds to. Set it to zero before each leaf.
  const at::Tensor& gradients() const { return gradients_; }

 private:
  std::vector<Entry> entries_;
  std::vector<at::Tensor> tensors_;
  at::Tensor values_, gradients_;
  std::int64_t elements_ = 0;
};

}  // namespace moola::models
