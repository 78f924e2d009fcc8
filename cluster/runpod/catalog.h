#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "cluster/runpod/container.h"

namespace moola::cluster::runpod {

/// How much of something is free now; `other` for a word that Moola does not know.
enum class Stock { none, low, medium, high, other };
std::string to_string(Stock stock);

/// What GPUs are wanted for: their stock differs.
enum class Product { pod, cluster };
/// "pod" or "cluster". Throws ConfigError.
Product parse_product(std::string_view text);

struct StockAt {
  std::string data_center;
  Stock stock = Stock::none;
};

struct GpuType {
  std::string id, name;  // "NVIDIA GeForce RTX 4090", "RTX 4090"
  int memory_gb = 0;
  bool in_secure = false, in_community = false;
  double secure_price = 0, community_price = 0;  // US dollars per GPU and hour, as listed
  int most_secure = 0, most_community = 0;       // GPUs of one pod, on the largest host; 0: not said
  Stock stock = Stock::none;                     // for what was asked
  std::vector<StockAt> data_centers = {};        // that have it
};

struct DataCenter {
  std::string id, name, region;
  std::vector<std::string> volume_types = {};  // "STANDARD"; none: no network volumes
  bool global_network = false;
};

bool offered(const GpuType& gpu, Cloud cloud);
double price(const GpuType& gpu, Cloud cloud);
int most(const GpuType& gpu, Cloud cloud);

/// The answers of the catalogue. Throw DataError.
std::vector<GpuType> parse_gpu_types(const Json& answer);
std::vector<DataCenter> parse_data_centers(const Json& answer);

/// The type with that id or, letters' case aside, that name. Throws ConfigError with the nearest.
const GpuType& find_gpu(const std::vector<GpuType>& types, const std::string& wanted);

}  // namespace moola::cluster::runpod
