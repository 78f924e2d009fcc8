#pragma once
#include <string>

namespace moola::cluster::s3 {

/// Where a bucket is, and what its signatures name.
struct Endpoint {
  std::string url, region, bucket;
};

/// A network volume of RunPod's: its id is the bucket, its data centre the region and, in lower case, part of the
/// server's name. MOOLA_RUNPOD_S3_URL names another server. Throws ConfigError for what is no id of either.
/// Source: docs.runpod.io/storage/s3-api. Only some data centres have this interface.
Endpoint volume_endpoint(const std::string& volume, const std::string& data_center);

}  // namespace moola::cluster::s3
