#include "cluster/s3/download_changed.h"

#include <fmt/format.h>

#include <exception>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "base/parallel_pieces.h"
#include "cluster/s3/object_key.h"

namespace moola::cluster::s3 {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBatch = 1000;  // of a list's objects at once in memory

Json line_of(const std::string& path, const ObjectFacts& facts) {
  return {{"path", path}, {"bytes", facts.bytes}, {"etag", facts.etag}, {"modified", facts.modified}};
}

// What the files of a folder were when they were brought.
class BroughtFiles {
 public:
  explicit BroughtFiles(const fs::path& folder) : file_(folder / kDownloadRecord) {
    if (!fs::exists(file_)) return;
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);) read(line);
    // Without the lines that later ones have replaced, and the one that a kill cut off.
    std::string text;
    for (const auto& [path, facts] : files_) text += json_text(line_of(path, facts)) + "\n";
    write_file(file_, text);
  }

  bool has(const std::string& path, const ObjectFacts& facts) const {
    const auto found = files_.find(path);
    return found != files_.end() && found->second == facts;
  }

  void add(const std::string& path, const ObjectFacts& facts) {
    const std::lock_guard lock(mutex_);
    std::ofstream out(file_, std::ios::app);
    out << json_text(line_of(path, facts)) << "\n" << std::flush;
    if (!out) throw IoError("cannot write " + file_.string());
  }

 private:
  fs::path file_;
  std::map<std::string, ObjectFacts> files_;
  std::mutex mutex_;

  // A line that can't be read costs a download, and nothing else.
  void read(const std::string& line) {
    const Json fields = Json::parse(line, nullptr, false);
    if (!fields.is_object() || !fields.contains("path") || !fields["path"].is_string() || !fields.contains("bytes") ||
        !fields["bytes"].is_number_unsigned() || !fields.contains("etag") || !fields["etag"].is_string() ||
        !fields.contains("modified") || !fields["modified"].is_string())
      return;
    files_[fields["path"]] = {fields["bytes"], fields["etag"], fields["modified"]};
  }
};

class FolderDownload {
 public:
  FolderDownload(const Client& client, std::string prefix, const fs::path& folder)
      : client_(client), prefix_(std::move(prefix)), folder_(folder), brought_(folder) {}

  Downloaded run() {
    ObjectListing list = client_.list(prefix_, Depth::all);
    for (bool more = true; more;) {
      std::vector<ListedObject> batch;
      more = fill(batch, list);
      for_each_piece(batch.size(), client_.options().connections, [&](std::size_t i) { bring(batch[i]); });
    }
    if (failed_) std::rethrow_exception(failed_);
    return out_;
  }

 private:
  const Client& client_;
  std::string prefix_;
  const fs::path& folder_;
  BroughtFiles brought_;
  Downloaded out_;
  std::exception_ptr failed_;  // the first
  std::mutex mutex_;

  // Whether there is more. A list that breaks off is an error of those that wait until the end.
  bool fill(std::vector<ListedObject>& batch, ObjectListing& list) {
    try {
      while (batch.size() < kBatch) {
        std::optional<ListedObject> next = list.next();
        if (!next) return false;
        if (next->key != prefix_ + kDownloadRecord) batch.push_back(*std::move(next));
      }
      return true;
    } catch (const S3Error&) {
      failed_ = std::current_exception();
    } catch (const DataError&) {
      failed_ = std::current_exception();
    }
    return false;
  }

  void bring(const ListedObject& object) {
    const std::string path = object.key.substr(prefix_.size());
    if (!may_be_here(path)) return;
    const fs::path target = folder_ / path;
    std::error_code none;
    if (brought_.has(path, object.facts) && fs::is_regular_file(target, none) &&
        fs::file_size(target, none) == object.facts.bytes) {
      const std::lock_guard lock(mutex_);
      ++out_.same;
      return;
    }
    try {
      const ObjectFacts facts = client_.get_file(object.key, target);
      // (Lists and answers write times in different ways; what counts is what the next list says.)
      if (facts.bytes == object.facts.bytes && facts.etag == object.facts.etag) brought_.add(path, object.facts);
      const std::lock_guard lock(mutex_);
      ++out_.files;
      out_.bytes += facts.bytes;
    } catch (const S3Error& error) {
      const std::lock_guard lock(mutex_);
      if (error.code() == "Changing")
        out_.changing.push_back(object.key);
      else if (error.status() != 404 && !failed_)  // (404: it has gone since it was listed)
        failed_ = std::current_exception();
    }
  }

  // A list is of others' making.
  bool may_be_here(const std::string& path) {
    try {
      check_key(path);
      return true;
    } catch (const ConfigError& fault) {
      const std::lock_guard lock(mutex_);
      if (!failed_) {
        failed_ = std::make_exception_ptr(
            DataError(fmt::format("the volume's list of {} holds a name that can't be brought: {}",
                                  client_.session().name_of(prefix_), fault.what())));
      }
      return false;
    }
  }
};

}  // namespace

Downloaded download_changed(const Client& client, const std::string& prefix, const fs::path& folder) {
  create_folders(folder);
  remove_abandoned(folder);
  return FolderDownload(client, folder_key(prefix), folder).run();
}

}  // namespace moola::cluster::s3
