#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cluster/s3/session.h"

namespace moola::cluster::s3 {

/// What the interface says of an object. `etag` is without its quotes, `modified` as it was written: one of them is
/// another when the object is.
struct ObjectFacts {
  std::uint64_t bytes = 0;
  std::string etag = {}, modified = {};
  bool operator==(const ObjectFacts&) const = default;
};

struct ListedObject {
  std::string key;  // a folder's ends with "/"
  ObjectFacts facts = {};
};

enum class Depth { folder, all };

/// The objects whose keys begin with a folder's, asked for page by page as they are wanted.
///
/// RunPod's interface lists a large tree in one go only for some time before it gives the same page for ever; folder by
/// folder it gets through, and so this asks, whatever the depth. Where a page names a next one that has been before, it
/// is asked again after a wait: the interface computes the MD5 of every file that a pod has written before it lists it.
/// Sources: docs.runpod.io/storage/s3-api, runpod-python issue 505.
class ObjectListing {
 public:
  /// `folder`: a folder's key ("runs/a/"), or empty for the whole bucket. With Depth::folder come what lies directly in
  /// it, and its folders; with Depth::all every object below it, and no folders. `session` must outlive the listing.
  ObjectListing(const Session& session, std::string folder, Depth depth);

  /// The next one; nothing at the end. Throws S3Error, DataError for a list that names what was not asked for.
  std::optional<ListedObject> next();

 private:
  const Session& session_;
  Depth depth_;
  std::string folder_;                                // that is being listed
  std::string token_;                                 // of its next page
  bool more_ = true;                                  // whether there is one
  std::set<std::string> seen_tokens_, seen_folders_;  // of this folder
  std::vector<std::string> waiting_;                  // folders to come, the next one last
  std::deque<ListedObject> ready_;

  void read_page();
  XmlElement page() const;
};

/// Facts as a list's element has them. Throws DataError.
ObjectFacts listed_facts(const XmlElement& element);

}  // namespace moola::cluster::s3
