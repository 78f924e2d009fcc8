#include "models/parameters.h"

#include "base/error.h"
#include "base/nearest.h"

namespace moola::models {

std::size_t Parameters::add(std::string name, std::vector<std::int64_t> shape) {
  TORCH_INTERNAL_ASSERT(!values_.defined());
  for (const Entry& entry : entries_) TORCH_INTERNAL_ASSERT(entry.name != name, name);
  std::int64_t elements = 1;
  for (const std::int64_t n : shape) elements *= n;
  entries_.push_back({std::move(name), std::move(shape), elements_, elements});
  elements_ += elements;
  return entries_.size() - 1;
}

void Parameters::allocate(at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kFloat).device(device);
  values_ = at::zeros({elements_}, options);
  gradients_ = at::zeros({elements_}, options);
  tensors_.clear();
  for (const Entry& entry : entries_) {
    at::Tensor tensor = values_.narrow(0, entry.offset, entry.elements).view(entry.shape).detach();
    tensor.set_requires_grad(true);
    tensor.mutable_grad() = gradients_.narrow(0, entry.offset, entry.elements).view(entry.shape);
    tensors_.push_back(std::move(tensor));
  }
}

std::size_t Parameters::number(const std::string& name) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].name == name) return i;
    names.push_back(entries_[i].name);
  }
  throw ConfigError("the model has no parameter '" + name + "'." + did_you_mean(name, names));
}

}  // namespace moola::models
