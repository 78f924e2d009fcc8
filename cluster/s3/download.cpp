// Client::get_file.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "cluster/s3/client.h"
#include "cluster/s3/object_key.h"

namespace moola::cluster::s3 {
namespace {

constexpr int kTriesOfChanging = 3;

// What has come of an object so far.
class Arriving {
 public:
  explicit Arriving(const std::filesystem::path& file)
      : file_(file), descriptor_(::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC)) {
    if (descriptor_ < 0) throw IoError("cannot write " + file.string(), errno);
  }
  ~Arriving() { ::close(descriptor_); }
  Arriving(const Arriving&) = delete;
  Arriving& operator=(const Arriving&) = delete;

  std::uint64_t bytes() const { return bytes_; }
  std::string sha256() { return hash_.hex(); }

  void begin_again() {
    if (::ftruncate(descriptor_, 0) != 0 || ::lseek(descriptor_, 0, SEEK_SET) != 0)
      throw IoError("cannot write " + file_.string(), errno);
    bytes_ = 0;
    hash_ = Sha256();
  }

  void append(std::string_view piece) {
    hash_.update(piece);
    bytes_ += piece.size();
    while (!piece.empty()) {
      const ssize_t put = ::write(descriptor_, piece.data(), piece.size());
      if (put < 0 && errno != EINTR) throw IoError("cannot write " + file_.string(), errno);
      if (put > 0) piece.remove_prefix(static_cast<std::size_t>(put));
    }
  }

 private:
  const std::filesystem::path& file_;
  int descriptor_;
  std::uint64_t bytes_ = 0;
  Sha256 hash_;
};

class Download {
 public:
  Download(const Client& client, const std::string& key, Arriving& file)
      : client_(client), session_(client.session()), key_(key), file_(file) {}

  // Nothing when the object is another than it was when this began.
  std::optional<ObjectFacts> run() {
    const ObjectFacts before = facts();
    file_.begin_again();
    for (int attempt = 1; file_.bytes() < before.bytes;) {
      const std::uint64_t had = file_.bytes();
      try {
        if (!get(before)) return std::nullopt;
        if (file_.bytes() < before.bytes) throw too_short(before);
      } catch (const S3Error& error) {
        if (error.status() == 412 || error.status() == 416) return std::nullopt;
        if (file_.bytes() > had) attempt = 1;  // it gets on
        if (!error.passes() || attempt >= session_.patience().attempts) throw;
        session_.wait_before_attempt(++attempt);
      }
    }
    return facts() == before ? std::optional(before) : std::nullopt;
  }

 private:
  const Client& client_;
  const Session& session_;
  const std::string& key_;
  Arriving& file_;

  ObjectFacts facts() const {
    const std::optional<ObjectFacts> out = client_.head(key_);
    if (!out) {
      throw S3Error(fmt::format("there is no file {} on the volume.", session_.name_of(key_)), 404, "NoSuchKey", false);
    }
    return *out;
  }

  S3Error too_short(const ObjectFacts& before) const {
    return {fmt::format("{} has {} bytes, and RunPod's S3 interface has sent {} of them.", session_.name_of(key_),
                        before.bytes, file_.bytes()),
            0, "", true};
  }

  // A proxy may have left out what it says.
  bool is_another(const HttpAnswer& head, const ObjectFacts& before) const {
    const std::string etag = etag_of(head);
    const bool other_etag = !etag.empty() && etag != before.etag;
    return other_etag ||
           (head.headers.contains("content-length") && facts_of(head).bytes + file_.bytes() != before.bytes);
  }

  // From where the last connection broke. False when what comes is of another object.
  bool get(const ObjectFacts& before) {
    S3Call call{.method = "GET", .key = key_};
    if (file_.bytes() > 0) {
      call.headers = {{"Range", fmt::format("bytes={}-", file_.bytes())}};
      if (!before.etag.empty()) call.headers.emplace_back("If-Match", "\"" + before.etag + "\"");
    }
    bool another = false;
    call.open = [&](const HttpAnswer& head) -> HttpSink {
      if (head.status != 206) file_.begin_again();
      another = is_another(head, before);
      return [&](std::string_view piece) {
        another = another || file_.bytes() + piece.size() > before.bytes;
        if (another) return;
        file_.append(piece);
        if (client_.options().moved) client_.options().moved(piece.size());
      };
    };
    session_.attempt(call);
    return !another;
  }
};

}  // namespace

ObjectFacts Client::get_file(const std::string& key, const std::filesystem::path& target,
                             const std::string& sha256) const {
  check_key(key);
  AtomicFile whole(target, Overwrite::yes);
  Arriving file(whole.temporary());
  for (int attempt = 1;; ++attempt) {
    if (const std::optional<ObjectFacts> facts = Download(*this, key, file).run()) {
      const std::string found = file.sha256();
      if (!sha256.empty() && found != sha256) {
        throw DataError(fmt::format("{} has the SHA-256 {}, and {} was expected. Make it anew where it comes from.",
                                    session_.name_of(key), found, sha256));
      }
      whole.commit();
      return *facts;
    }
    if (attempt == kTriesOfChanging) {
      throw S3Error(
          fmt::format("somebody writes to {} while it is read. Get it again when that is done.", session_.name_of(key)),
          0, "Changing", true);
    }
    session_.wait_before_attempt(attempt + 1);
  }
}

}  // namespace moola::cluster::s3
