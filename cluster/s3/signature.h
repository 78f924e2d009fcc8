#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/s3/credentials.h"

namespace moola::cluster::s3 {

/// What AWS's signature, version 4, covers of a request.
struct SignedParts {
  std::string method, path;                                     // "PUT", "/volume/a b": not encoded
  std::vector<std::pair<std::string, std::string>> query = {};  // not encoded, in any order
  /// All that are signed, names in lower case: host, x-amz-date ("20130524T000000Z") and x-amz-content-sha256 (the
  /// hash of the body) are among them.
  std::map<std::string, std::string> headers = {};
};

/// The query as it is signed and sent: "a=1&b=2", by name, every value with "=".
std::string canonical_query(std::vector<std::pair<std::string, std::string>> query);
/// What is hashed and signed of a request. In S3's way the path is encoded once.
std::string canonical_request(const SignedParts& parts);
/// The value of the header Authorization. Source: AWS General Reference, "Signature Version 4 signing process".
std::string authorization(const SignedParts& parts, const Credentials& keys, const std::string& region);

/// HMAC-SHA-256: the 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);

}  // namespace moola::cluster::s3
