#include "cluster/s3/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "cluster/s3/digests.h"
#include "cluster/s3/object_key.h"

namespace moola::cluster::s3 {

namespace {

std::string header(const HttpAnswer& answer, const char* name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? std::string() : found->second;
}

}  // namespace

std::string etag_of(const HttpAnswer& answer) {
  std::string out = header(answer, "etag");
  if (out.starts_with("W/")) out.erase(0, 2);
  std::erase(out, '"');
  return out;
}

ObjectFacts facts_of(const HttpAnswer& answer) {
  ObjectFacts out{.etag = etag_of(answer), .modified = header(answer, "last-modified")};
  const std::string length = header(answer, "content-length");
  const auto [end, wrong] = std::from_chars(length.data(), length.data() + length.size(), out.bytes);
  if (length.empty() || wrong != std::errc() || end != length.data() + length.size())
    throw S3Error("RunPod's S3 interface says no size of an object where it should.", answer.status, "", true);
  return out;
}

Client::Client(Session session, TransferOptions options) : session_(std::move(session)), options_(std::move(options)) {
  options_.connections = std::clamp(options_.connections, 1u, 32u);
  options_.part_bytes = std::clamp<std::uint64_t>(options_.part_bytes, 1, 500'000'000);
}

std::optional<ObjectFacts> Client::head(const std::string& key) const {
  check_key(key);
  const S3Call call{.method = "HEAD", .key = key};
  ObjectFacts out;
  try {
    session_.retry([&] { out = facts_of(session_.attempt(call)); });
  } catch (const S3Error& error) {
    if (error.status() == 404) return std::nullopt;
    throw;
  }
  return out;
}

ObjectListing Client::list(const std::string& folder, Depth depth) const {
  return {session_, folder, depth};
}

void Client::remove(const std::string& key) const {
  check_key(key);
  try {
    session_.call({.method = "DELETE", .key = key});
  } catch (const S3Error& error) {
    if (error.status() != 404) throw;
  }
}

std::optional<std::string> Client::get_bytes(const std::string& key, std::size_t most) const {
  check_key(key);
  std::string out;
  S3Call call{.method = "GET", .key = key};
  call.open = [&](const HttpAnswer&) -> HttpSink {
    out.clear();
    return [&](std::string_view piece) {
      if (out.size() + piece.size() > most) {
        throw DataError(
            fmt::format("{} has more than {} bytes, which is not what it should be.", session_.name_of(key), most));
      }
      out += piece;
    };
  };
  try {
    session_.call(call);
  } catch (const S3Error& error) {
    if (error.status() == 404) return std::nullopt;
    throw;
  }
  return out;
}

void Client::put_bytes(const std::string& key, std::string_view bytes) const {
  check_key(key);
  S3Call call{.method = "PUT", .key = key};
  if (!bytes.empty()) {
    call.source = {bytes.size(), [bytes](std::uint64_t offset, std::span<char> room) {
                     return bytes.copy(room.data(), room.size(), static_cast<std::size_t>(offset));
                   }};
    call.source_sha256 = digests_of(bytes).sha256;
  }
  session_.call(call);
  if (options_.moved) options_.moved(bytes.size());
}

Client open_client(const std::string& volume, const std::string& data_center, TransferOptions options) {
  return Client(Session(read_s3_keys(default_key_file()), volume_endpoint(volume, data_center)), std::move(options));
}

}  // namespace moola::cluster::s3
