#include "cluster/runpod/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/named_choice.h"
#include "base/nearest.h"
#include "cluster/runpod/answer_fields.h"

namespace moola::cluster::runpod {
namespace {

constexpr std::array<NamedChoice<Stock>, 4> kStocks{
    {{"NONE", Stock::none}, {"LOW", Stock::low}, {"MEDIUM", Stock::medium}, {"HIGH", Stock::high}}};
constexpr std::array<NamedChoice<Product>, 2> kProducts{{{"pod", Product::pod}, {"cluster", Product::cluster}}};

Stock stock_of(const std::string& text) {
  for (const auto& choice : kStocks) {
    if (choice.name == text) return choice.value;
  }
  return text.empty() ? Stock::none : Stock::other;
}

int count(std::optional<std::int64_t> value) {
  return static_cast<int>(std::clamp<std::int64_t>(value.value_or(0), 0, 1'000'000));
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

GpuType parse_gpu(const AnswerFields& fields) {
  GpuType gpu;
  gpu.id = fields.text("id");
  gpu.name = fields.text("name");
  gpu.memory_gb = count(fields.whole_if("memory"));
  gpu.in_secure = fields.flag_or_false("secure");
  gpu.in_community = fields.flag_or_false("community");
  if (const auto price = fields.object_if("price")) {
    gpu.secure_price = price->number_if("secure").value_or(0);
    gpu.community_price = price->number_if("community").value_or(0);
  }
  if (const auto most = fields.object_if("maxCount")) {
    gpu.most_secure = count(most->whole_if("secure"));
    gpu.most_community = count(most->whole_if("community"));
  }
  gpu.stock = stock_of(fields.text_or_empty("availability"));
  fields.objects_or_none("dataCenters", [&](const AnswerFields& one) {
    gpu.data_centers.push_back({one.text("id"), stock_of(one.text_or_empty("availability"))});
  });
  return gpu;
}

}  // namespace

std::string to_string(Stock stock) {
  return stock == Stock::other ? "?" : lower(std::string(name_of(stock, kStocks)));
}

Product parse_product(std::string_view text) {
  return parse_choice("product =", text, kProducts);
}

bool offered(const GpuType& gpu, Cloud cloud) {
  return cloud == Cloud::secure ? gpu.in_secure : gpu.in_community;
}

double price(const GpuType& gpu, Cloud cloud) {
  return cloud == Cloud::secure ? gpu.secure_price : gpu.community_price;
}

int most(const GpuType& gpu, Cloud cloud) {
  return cloud == Cloud::secure ? gpu.most_secure : gpu.most_community;
}

std::vector<GpuType> parse_gpu_types(const Json& answer) {
  std::vector<GpuType> out;
  AnswerFields(answer, "RunPod's catalogue: ").objects("gpus", [&](const AnswerFields& one) {
    out.push_back(parse_gpu(one));
  });
  return out;
}

std::vector<DataCenter> parse_data_centers(const Json& answer) {
  std::vector<DataCenter> out;
  AnswerFields(answer, "RunPod's catalogue: ").objects("dataCenters", [&](const AnswerFields& one) {
    out.push_back({.id = one.text("id"),
                   .name = one.text_or_empty("name"),
                   .region = one.text_or_empty("region"),
                   .volume_types = one.texts_or_none("networkVolumeTypes"),
                   .global_network = one.flag_or_false("globalNetwork")});
  });
  return out;
}

const GpuType& find_gpu(const std::vector<GpuType>& types, const std::string& wanted) {
  std::vector<std::string> names;
  for (const GpuType& type : types) {
    if (lower(type.id) == lower(wanted) || lower(type.name) == lower(wanted)) return type;
    names.insert(names.end(), {type.id, type.name});
  }
  throw ConfigError(
      fmt::format("RunPod has no GPU '{}'.{} `moola runpod gpus` lists them.", wanted, did_you_mean(wanted, names)));
}

}  // namespace moola::cluster::runpod
