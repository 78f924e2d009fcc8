#include "cluster/s3/object_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "cluster/s3/object_key.h"

namespace moola::cluster::s3 {
namespace {

std::string unquoted(std::string etag) {
  std::erase(etag, '"');
  return etag;
}

// A name as the page's encoding has it.
std::string name_in(const XmlElement& page, const XmlElement& element, const char* field) {
  const std::string name = element.text_of(field);
  return page.text_of("EncodingType") == "url" ? decoded(name) : name;
}

}  // namespace

ObjectFacts listed_facts(const XmlElement& element) {
  const std::string size = element.text_of("Size");
  ObjectFacts out{.etag = unquoted(element.text_of("ETag")), .modified = element.text_of("LastModified")};
  const auto [end, wrong] = std::from_chars(size.data(), size.data() + size.size(), out.bytes);
  if (size.empty() || wrong != std::errc() || end != size.data() + size.size())
    throw DataError(fmt::format("RunPod's S3 interface lists something of the size '{}', which is no number.", size));
  return out;
}

ObjectListing::ObjectListing(const Session& session, std::string folder, Depth depth)
    : session_(session), depth_(depth), folder_(std::move(folder)) {
  check_key(folder_, true);
}

XmlElement ObjectListing::page() const {
  S3Call call{.method = "GET", .query = {{"list-type", "2"}, {"delimiter", "/"}, {"encoding-type", "url"}}};
  call.query.emplace_back("prefix", folder_);
  if (!token_.empty()) call.query.emplace_back("continuation-token", token_);
  XmlElement out;
  // A page that leads back is tried again like a failure.
  session_.retry([&] {
    out = session_.xml(call, session_.attempt(call), "ListBucket");
    if (out.text_of("IsTruncated") != "true") return;
    const std::string next = out.text_of("NextContinuationToken");
    if (next.empty() || seen_tokens_.contains(next)) {
      throw S3Error(fmt::format("RunPod's S3 interface does not get on with the list of {}: it gives the same page "
                                "again. It does so while it reads through files that it has not seen before. Try again "
                                "in a few minutes, or list a smaller folder.",
                                session_.name_of(folder_)),
                    200, "", true);
    }
  });
  return out;
}

void ObjectListing::read_page() {
  const XmlElement read = page();
  std::vector<std::string> folders;
  const auto take = [&](const std::string& key, const XmlElement& element) {
    if (!key.starts_with(folder_)) {
      throw DataError(fmt::format("RunPod's S3 interface lists {}, and was asked for what lies in {}.",
                                  session_.name_of(key), session_.name_of(folder_)));
    }
    if (key == folder_ || is_hidden(key)) return;
    if (!key.ends_with('/'))
      ready_.push_back({key, listed_facts(element)});
    else if (seen_folders_.insert(key).second)  // it may be named on two pages
      folders.push_back(key);
  };
  for (const XmlElement& element : read.children) {
    if (element.name == "Contents") take(name_in(read, element, "Key"), element);
    if (element.name == "CommonPrefixes") take(name_in(read, element, "Prefix"), element);
  }
  std::sort(folders.begin(), folders.end());
  if (depth_ == Depth::folder) {
    for (std::string& folder : folders) ready_.push_back({std::move(folder)});
  } else {
    waiting_.insert(waiting_.end(), folders.rbegin(), folders.rend());
  }
  more_ = read.text_of("IsTruncated") == "true";
  token_ = more_ ? read.text_of("NextContinuationToken") : "";
  if (more_) seen_tokens_.insert(token_);
}

std::optional<ListedObject> ObjectListing::next() {
  while (ready_.empty()) {
    if (!more_) {
      if (waiting_.empty()) return std::nullopt;
      folder_ = std::move(waiting_.back());
      waiting_.pop_back();
      seen_tokens_.clear();
      seen_folders_.clear();
      more_ = true;
    }
    read_page();
  }
  ListedObject out = std::move(ready_.front());
  ready_.pop_front();
  return out;
}

}  // namespace moola::cluster::s3
