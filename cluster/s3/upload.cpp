// Client::put_file.
#include <fmt/format.h>

#include "base/error.h"
#include "cluster/s3/client.h"
#include "cluster/s3/digests.h"
#include "cluster/s3/multipart_upload.h"
#include "cluster/s3/object_key.h"

namespace moola::cluster::s3 {
namespace {

bool is_there(const FileToSend& file, const PartPlan& plan, const std::optional<ObjectFacts>& object,
              const KnownContent& known) {
  if (!object || object->bytes != file.bytes()) return false;
  const SameContent same = compare_etag(file, plan, object->etag);
  return same == SameContent::yes || (same == SameContent::unknown && known.names_object);
}

void demand_hash(const FileToSend& file, const std::string& found, const KnownContent& known) {
  if (known.sha256.empty() || found == known.sha256) return;
  throw IoError(
      fmt::format("{} has the SHA-256 {}, and {} was expected: it has changed since that was written down. "
                  "Make it anew, then send it again.",
                  file.path().string(), found, known.sha256));
}

void put_whole(const Client& client, const FileToSend& file, const std::string& key, const KnownContent& known) {
  const Digests digests = file.digests(0, file.bytes());
  demand_hash(file, digests.sha256, known);
  client.session().call(
      {.method = "PUT", .key = key, .source = file.source(0, file.bytes()), .source_sha256 = digests.sha256});
  if (client.options().moved) client.options().moved(file.bytes());
}

}  // namespace

Sent Client::put_file(const std::filesystem::path& file, const std::string& key, const KnownContent& known) const {
  check_key(key);
  const FileToSend opened(file);
  const PartPlan plan = part_plan(opened.bytes(), options_.part_bytes);
  // Also because a wrong key is said now and not after a large body.
  const std::optional<ObjectFacts> before = head(key);
  if (is_there(opened, plan, before, known)) {
    if (options_.moved) options_.moved(opened.bytes());
    return Sent::nothing;
  }
  if (plan.count() > 1) {
    if (!known.sha256.empty()) demand_hash(opened, opened.digests(0, opened.bytes()).sha256, known);
    return upload_in_parts(*this, opened, plan, key, before);
  }
  put_whole(*this, opened, key, known);
  return Sent::whole;
}

}  // namespace moola::cluster::s3
