#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cluster/s3/object_listing.h"
#include "cluster/s3/session.h"

namespace moola::cluster::s3 {

struct TransferOptions {
  unsigned connections = 4;  // beside each other
  /// Of a larger file; a smaller one goes in one piece. The interface takes up to 500 MB, and more parts cost time when
  /// they are put together.
  std::uint64_t part_bytes = std::uint64_t{64} << 20;
  /// Told of bytes that have arrived, of uploads and of downloads, by any thread: for a bar.
  std::function<void(std::uint64_t bytes)> moved = {};
};

/// What a file's key and caller say about its content.
struct KnownContent {
  std::string sha256 = {};    // empty: not known
  bool names_object = false;  // the key is made of it, so an object of that key and size has this content
};

enum class Sent { whole, rest, nothing };  // rest: some parts were there; nothing: all was

/// Files on a network volume of RunPod's, without a pod: its S3 interface.
///
/// What it is, and how it differs from S3 (docs.runpod.io/storage/s3-api, the runpod-s3-examples and the issues of
/// runpodctl and runpod-python, read in November 2026): a key is a path on the volume, /workspace/KEY of a pod. There
/// are PutObject (to 500 MB), GetObject, HeadObject, ListObjectsV2, DeleteObject, CopyObject and all of multipart
/// uploads (parts to 500 MB, no least size, kept in .s3compat_uploads/ until the upload is completed or aborted, so
/// they cost room); no DeleteObjects, presigned addresses, versions, tags or locks, and no word of metadata of one's
/// own. An ETag is the MD5 of the content, and is computed when somebody first asks for a file that a pod has written,
/// which takes minutes for large ones. CompleteMultipartUpload copies all parts, and the proxy before it answers 524
/// after some 100 s while it goes on; it has also said that it was done when nothing was there. A full volume is 507,
/// often only in the middle.
///
/// Every call throws S3Error, IoError, and ConfigError for a key that can't be one. Any number of threads.
class Client {
 public:
  explicit Client(Session session, TransferOptions options = {});

  /// Nothing when there is no such object. (Whether that is a folder, `list` says.)
  std::optional<ObjectFacts> head(const std::string& key) const;
  ObjectListing list(const std::string& folder, Depth depth) const;
  /// No error when it was gone.
  void remove(const std::string& key) const;

  /// At most `most` bytes; nothing when there is no such object. Throws DataError when it has more.
  std::optional<std::string> get_bytes(const std::string& key, std::size_t most) const;
  void put_bytes(const std::string& key, std::string_view bytes) const;

  /// Sends a file, unless an object of its size and content is there: by the ETag (`compare_etag`), or, where that says
  /// nothing, because the key names the content; otherwise it is sent again. A large file goes in parts, and on from
  /// the parts of an unfinished upload of this key whose size and MD5 are right. When this comes back, an object of the
  /// file's size is there. Throws IoError when the file changes meanwhile, or has another hash than `known` says.
  Sent put_file(const std::filesystem::path& file, const std::string& key, const KnownContent& known = {}) const;

  /// Brings an object into a file that appears whole or not at all, and goes on where a connection broke as long as the
  /// object is the same. `sha256`: of its content, if known; otherwise the size is held against what the interface says
  /// before, and both size and ETag against what it says after: an object that somebody writes to meanwhile is begun
  /// again, and in the end an S3Error of the code "Changing". Throws S3Error of status 404 when there is none,
  /// DataError when the hash is another.
  ObjectFacts get_file(const std::string& key, const std::filesystem::path& target,
                       const std::string& sha256 = {}) const;

  const Session& session() const { return session_; }
  const TransferOptions& options() const { return options_; }

 private:
  Session session_;
  TransferOptions options_;
};

/// The client of this user for a volume: the keys of `read_s3_keys`, the address of `volume_endpoint`. Throws
/// ConfigError, IoError.
Client open_client(const std::string& volume, const std::string& data_center, TransferOptions options = {});

/// Facts as the headers of an answer have them. Throws S3Error, which passes, when there is no size.
ObjectFacts facts_of(const HttpAnswer& answer);
/// Without quotes and without the mark "W/" that a proxy may set before it.
std::string etag_of(const HttpAnswer& answer);

}  // namespace moola::cluster::s3
