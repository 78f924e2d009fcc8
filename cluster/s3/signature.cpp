#include "cluster/s3/signature.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/error.h"
#include "base/sha256.h"
#include "cluster/s3/object_key.h"

namespace moola::cluster::s3 {
namespace {

std::string signed_names(const SignedParts& parts) {
  std::string out;
  for (const auto& [name, value] : parts.headers) out += (out.empty() ? "" : ";") + name;
  return out;
}

}  // namespace

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string out(32, '\0');
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), reinterpret_cast<unsigned char*>(out.data()), &size) == nullptr) {
    throw IoError("OpenSSL refused HMAC");
  }
  return out;
}

std::string canonical_query(std::vector<std::pair<std::string, std::string>> query) {
  for (auto& [name, value] : query) {
    name = encoded(name);
    value = encoded(value);
  }
  std::sort(query.begin(), query.end());
  std::string out;
  for (const auto& [name, value] : query) out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

std::string canonical_request(const SignedParts& parts) {
  std::string out = fmt::format("{}\n{}\n{}\n", parts.method, encoded_path(parts.path), canonical_query(parts.query));
  for (const auto& [name, value] : parts.headers) out += fmt::format("{}:{}\n", name, value);
  return out + fmt::format("\n{}\n{}", signed_names(parts), parts.headers.at("x-amz-content-sha256"));
}

std::string authorization(const SignedParts& parts, const Credentials& keys, const std::string& region) {
  const std::string& time = parts.headers.at("x-amz-date");
  const std::string date = time.substr(0, 8), scope = fmt::format("{}/{}/s3/aws4_request", date, region);
  const std::string text =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", time, scope, sha256_hex(canonical_request(parts)));
  std::string key = "AWS4" + keys.secret();
  for (const std::string_view step :
       {std::string_view(date), std::string_view(region), std::string_view("s3"), std::string_view("aws4_request")})
    key = hmac_sha256(key, step);
  std::string signature;
  for (const char c : hmac_sha256(key, text)) signature += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}", keys.access_key(), scope,
                     signed_names(parts), signature);
}

}  // namespace moola::cluster::s3
