#include "cluster/s3/multipart_upload.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>

#include "base/error.h"
#include "base/parallel_pieces.h"

namespace moola::cluster::s3 {
namespace {

constexpr int kFreshUploads = 2;

struct Upload {
  std::string id, begun;
};

struct Part {
  std::uint64_t bytes = 0;
  std::string etag = {};
};

// The upload is not there, or not what it was: somebody else has ended it, or the interface has lost a part.
bool needs_another_upload(const S3Error& error) {
  return error.code() == "NoSuchUpload" || error.code() == "InvalidPart" || error.code() == "InvalidPartOrder";
}

class MultipartUpload {
 public:
  MultipartUpload(const Client& client, const FileToSend& file, const PartPlan& plan, const std::string& key,
                  const std::optional<ObjectFacts>& before)
      : client_(client), session_(client.session()), file_(file), plan_(plan), key_(key), before_(before) {}

  Sent run() {
    const std::vector<Upload> unfinished = unfinished_uploads();
    const std::string resumed = unfinished.empty() ? "" : unfinished.back().id;
    Sent sent = Sent::whole;
    bool done = !resumed.empty() && try_to_finish(resumed, &sent);
    for (int begun = 0; !done && begun < kFreshUploads; ++begun) done = try_to_finish(begin(), nullptr);
    if (!done) {
      throw S3Error(fmt::format("{} could not be put together of its parts, {} times: RunPod's S3 interface has lost "
                                "them, or somebody else uploads the same file. Try again later.",
                                session_.name_of(key_), kFreshUploads),
                    0, "", true);
    }
    for (const Upload& other : unfinished) {
      if (other.id != resumed) abort(other.id);
    }
    return sent;
  }

 private:
  const Client& client_;
  const Session& session_;
  const FileToSend& file_;
  const PartPlan& plan_;
  const std::string& key_;
  const std::optional<ObjectFacts>& before_;

  // Those of this key, the youngest last.
  std::vector<Upload> unfinished_uploads() const {
    std::vector<Upload> out;
    std::string key_marker, id_marker;
    for (;;) {
      S3Call call{.method = "GET", .query = {{"uploads", ""}, {"prefix", key_}}};
      if (!key_marker.empty()) {
        call.query.emplace_back("key-marker", key_marker);
        call.query.emplace_back("upload-id-marker", id_marker);
      }
      const XmlElement page = session_.ask(call, "ListMultipartUploads");
      for (const XmlElement& one : page.children) {
        if (one.name == "Upload" && one.text_of("Key") == key_)
          out.push_back({one.text_of("UploadId"), one.text_of("Initiated")});
      }
      if (page.text_of("IsTruncated") != "true" || page.text_of("NextKeyMarker").empty() ||
          (page.text_of("NextKeyMarker") == key_marker && page.text_of("NextUploadIdMarker") == id_marker))
        break;
      key_marker = page.text_of("NextKeyMarker");
      id_marker = page.text_of("NextUploadIdMarker");
    }
    std::stable_sort(out.begin(), out.end(), [](const Upload& a, const Upload& b) { return a.begun < b.begun; });
    return out;
  }

  std::string begin() const {
    const XmlElement begun =
        session_.ask({.method = "POST", .key = key_, .query = {{"uploads", ""}}}, "InitiateMultipartUpload");
    if (begun.text_of("UploadId").empty())
      throw DataError("RunPod's S3 interface has begun an upload and not said its id.");
    return begun.text_of("UploadId");
  }

  void abort(const std::string& id) const {
    try {
      session_.call({.method = "DELETE", .key = key_, .query = {{"uploadId", id}}});
    } catch (const S3Error& error) {
      if (error.status() != 404) throw;
    }
  }

  std::map<std::size_t, Part> parts_there(const std::string& id) const {
    std::map<std::size_t, Part> out;
    std::string marker;
    for (;;) {
      S3Call call{.method = "GET", .key = key_, .query = {{"uploadId", id}}};
      if (!marker.empty()) call.query.emplace_back("part-number-marker", marker);
      const XmlElement page = session_.ask(call, "ListParts");
      for (const XmlElement& one : page.children) {
        if (one.name != "Part") continue;
        const ObjectFacts facts = listed_facts(one);
        const int number = std::atoi(one.text_of("PartNumber").c_str());
        if (number >= 1) out[static_cast<std::size_t>(number - 1)] = {facts.bytes, facts.etag};
      }
      const std::string next = page.text_of("NextPartNumberMarker");
      if (page.text_of("IsTruncated") != "true" || next.empty() || next == marker) return out;
      marker = next;
    }
  }

  // False when this upload can't be finished, and another should be begun.
  bool try_to_finish(const std::string& id, Sent* resumed) {
    try {
      const std::map<std::size_t, Part> there = resumed != nullptr ? parts_there(id) : std::map<std::size_t, Part>();
      std::vector<std::string> etags(plan_.count());
      std::atomic<std::size_t> kept{0};
      for_each_piece(plan_.count(), client_.options().connections, [&](std::size_t part) {
        const auto found = there.find(part);
        const Digests digests = file_.digests(plan_.begin(part), plan_.size(part));
        if (found != there.end() && found->second.bytes == plan_.size(part) && found->second.etag == digests.md5) {
          etags[part] = digests.md5;
          ++kept;
        } else {
          etags[part] = send(id, part, digests);
        }
        if (client_.options().moved) client_.options().moved(plan_.size(part));
      });
      // Each part was signed as it was read; that they are of one file, nothing else says.
      file_.demand_unchanged();
      if (!put_together(id, etags)) return false;
      if (resumed != nullptr) *resumed = kept > 0 ? Sent::rest : Sent::whole;
      return true;
    } catch (const S3Error& error) {
      if (!needs_another_upload(error)) throw;
      return somebody_else_was_faster();
    }
  }

  // Another process that sends the same file has finished, which ends this upload too.
  bool somebody_else_was_faster() const {
    const std::optional<ObjectFacts> now = client_.head(key_);
    return now && now->bytes == plan_.bytes && compare_etag(file_, plan_, now->etag) == SameContent::yes;
  }

  std::string send(const std::string& id, std::size_t part, const Digests& digests) const {
    const HttpAnswer answer = session_.call({.method = "PUT",
                                             .key = key_,
                                             .query = {{"partNumber", fmt::format("{}", part + 1)}, {"uploadId", id}},
                                             .source = file_.source(plan_.begin(part), plan_.size(part)),
                                             .source_sha256 = digests.sha256});
    std::string etag = etag_of(answer);
    if (etag.empty()) throw DataError("RunPod's S3 interface has taken a part of an upload and not said its ETag.");
    return etag;
  }

  bool is_there() const {
    const std::optional<ObjectFacts> now = client_.head(key_);
    return now && now->bytes == plan_.bytes && (!before_ || *now != *before_);
  }

  // The interface copies all parts before it answers. What was lost on the way may still be going on.
  bool appears(std::chrono::milliseconds within) const {
    const auto step = std::min<std::chrono::milliseconds>(session_.patience().longest_wait,
                                                          within / 4 + std::chrono::milliseconds(1));
    for (std::chrono::milliseconds waited{0}; waited < within; waited += step) {
      if (is_there()) return true;
      session_.wait(step);
    }
    return is_there();
  }

  bool put_together(const std::string& id, const std::vector<std::string>& etags) const {
    S3Call call{.method = "POST", .key = key_, .query = {{"uploadId", id}}};
    call.body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (std::size_t part = 0; part < etags.size(); ++part) {
      call.body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>&quot;{}&quot;</ETag></Part>", part + 1,
                               xml_text(etags[part]));
    }
    call.body += "</CompleteMultipartUpload>";
    // About as long as the interface takes where it is slow.
    const auto copying = std::chrono::seconds(10 + plan_.bytes / 200'000'000);
    for (int attempt = 1;; ++attempt) {
      try {
        session_.xml(call, session_.attempt(call), "CompleteMultipartUpload");
        if (appears(copying)) return true;
        throw S3Error(fmt::format("RunPod's S3 interface says that {} is whole, and then that there is no such file of "
                                  "{} bytes. The volume may be full; otherwise try again later.",
                                  session_.name_of(key_), plan_.bytes),
                      0, "NotThere", false);
      } catch (const S3Error& error) {
        // An upload that is gone may be so because it was carried out.
        if (!error.passes() && !needs_another_upload(error)) throw;
        if (appears(error.code() == "NoSuchUpload" || error.passes() ? copying : std::chrono::seconds(0))) return true;
        if (needs_another_upload(error)) return false;
        if (attempt >= session_.patience().attempts) throw;
        session_.wait_before_attempt(attempt + 1);
      }
    }
  }
};

}  // namespace

Sent upload_in_parts(const Client& client, const FileToSend& file, const PartPlan& plan, const std::string& key,
                     const std::optional<ObjectFacts>& before) {
  return MultipartUpload(client, file, plan, key, before).run();
}

}  // namespace moola::cluster::s3
