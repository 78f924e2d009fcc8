#include "cluster/runpod/volume_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <mutex>
#include <vector>

#include "base/byte_size.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/parallel_pieces.h"
#include "base/progress.h"
#include "cluster/runpod/client.h"
#include "cluster/s3/client.h"
#include "cluster/s3/download_changed.h"
#include "cluster/s3/object_key.h"

namespace moola::cluster::runpod {
namespace {

namespace fs = std::filesystem;

// A bar that several threads move.
class Bar {
 public:
  Bar(const std::string& title, std::uint64_t total) : progress_(title, static_cast<std::int64_t>(total), "B") {}
  void move(std::uint64_t bytes) {
    const std::lock_guard lock(guard_);
    progress_.update(static_cast<std::int64_t>(done_ += bytes));
  }

 private:
  std::mutex guard_;
  Progress progress_;
  std::uint64_t done_ = 0;
};

// "/" is the whole volume.
std::string path_of(const VolumeOptions& options) {
  return options.path == "/" ? "" : options.path;
}

std::string files_text(std::uint64_t count) {
  return fmt::format("{} file{}", count, count == 1 ? "" : "s");
}

s3::Client open_volume(const VolumeOptions& options, const std::shared_ptr<Bar>& bar) {
  std::string data_center = options.data_center;
  if (data_center.empty()) data_center = open_client().volume(options.volume).data_center;
  s3::TransferOptions transfers{.connections = static_cast<unsigned>(std::clamp(options.connections, 1, 32))};
  if (bar) transfers.moved = [bar](std::uint64_t bytes) { bar->move(bytes); };
  return s3::open_client(options.volume, data_center, std::move(transfers));
}

std::shared_ptr<Bar> bar_of(const VolumeOptions& options, const std::string& title, std::uint64_t total) {
  return options.common.quiet ? nullptr : std::make_shared<Bar>(title, total);
}

// Names are others'; a terminal would obey some characters.
std::string readable(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, '?');
  return name;
}

void throw_nothing_there(const s3::Client& client, const std::string& path) {
  throw ConfigError(
      fmt::format("there is no file or folder {}. `moola runpod volume ls VOLUME` shows what there is; a "
                  "path is the one that a pod has below its mount (/workspace/PATH).",
                  client.session().name_of(path)));
}

Json json_of(const s3::ListedObject& object) {
  return {{"path", object.key},
          {"bytes", object.facts.bytes},
          {"modified", object.facts.modified},
          {"etag", object.facts.etag}};
}

// What lies in a folder, or the one file.
class Listing {
 public:
  Listing(const s3::Client& client, const std::string& path, bool recursive) {
    list_.emplace(client.list(s3::folder_key(path), recursive ? s3::Depth::all : s3::Depth::folder));
    next_ = list_->next();
    if (next_ || path.empty()) return;
    list_.reset();
    const auto facts = path.ends_with('/') ? std::nullopt : client.head(path);
    if (!facts) throw_nothing_there(client, path);
    next_ = s3::ListedObject{path, *facts};
  }
  std::optional<s3::ListedObject> next() {
    std::optional<s3::ListedObject> out = std::move(next_);
    next_ = list_ && out ? list_->next() : std::nullopt;
    return out;
  }

 private:
  std::optional<s3::ObjectListing> list_;
  std::optional<s3::ListedObject> next_;
};

struct LocalFile {
  fs::path file;
  std::string key;
  std::uint64_t bytes = 0;
};

std::vector<LocalFile> files_below(const fs::path& folder, const std::string& key) {
  std::vector<LocalFile> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path() == folder / s3::kDownloadRecord) continue;
    out.push_back({entry.path(), key + entry.path().lexically_relative(folder).generic_string(), entry.file_size()});
  }
  std::sort(out.begin(), out.end(), [](const LocalFile& a, const LocalFile& b) { return a.key < b.key; });
  return out;
}

std::vector<LocalFile> files_to_put(const VolumeOptions& options) {
  if (fs::is_directory(options.local)) return files_below(options.local, s3::folder_key(path_of(options)));
  if (!fs::is_regular_file(options.local)) {
    throw ConfigError(fmt::format("there is no file or folder {}.", options.local.string()));
  }
  std::string key = path_of(options);
  if (key.empty() || key.ends_with('/')) key += options.local.filename().string();
  return {{options.local, key, fs::file_size(options.local)}};
}

}  // namespace

void list_volume_command(const VolumeOptions& options) {
  const s3::Client client = open_volume(options, nullptr);
  Listing list(client, path_of(options), options.recursive);
  Json files = Json::array(), folders = Json::array();
  while (const auto next = list.next()) {
    const bool folder = next->key.ends_with('/');
    if (options.common.json) {
      folder ? folders.push_back(next->key) : files.push_back(json_of(*next));
    } else {
      std::cout << fmt::format("{:>10}  {:<29}  {}\n", folder ? "" : readable_bytes(next->facts.bytes),
                               readable(next->facts.modified), readable(next->key));
    }
  }
  if (options.common.json) std::cout << json_text({{"files", files}, {"folders", folders}}, 2) << "\n";
}

void get_from_volume_command(const VolumeOptions& options) {
  const auto bar = bar_of(options, "get", 0);
  const s3::Client client = open_volume(options, bar);
  const std::string path = path_of(options);
  s3::Downloaded done;
  const bool file = !path.empty() && !path.ends_with('/') && client.head(path);
  if (file) {
    const bool into = fs::is_directory(options.local) || !options.local.has_filename();
    done.bytes = client.get_file(path, into ? options.local / fs::path(path).filename() : options.local).bytes;
    done.files = 1;
  } else {
    const std::string folder = s3::folder_key(path);
    if (!client.list(folder, s3::Depth::folder).next()) throw_nothing_there(client, path);
    done = s3::download_changed(client, folder, options.local);
  }
  if (options.common.json) {
    std::cout << json_text(
                     {{"files", done.files}, {"bytes", done.bytes}, {"same", done.same}, {"changing", done.changing}},
                     2)
              << "\n";
  } else {
    std::cout << fmt::format("{}, {}, brought to {}{}.\n", files_text(done.files), readable_bytes(done.bytes),
                             options.local.string(), file ? "" : fmt::format("; {} were the same", done.same));
  }
  if (!done.changing.empty()) {
    for (const std::string& key : done.changing) log_warning("{} was written to while it was read.", readable(key));
    throw s3::S3Error(
        fmt::format("{} files were written to while they were read, and are here as they were before. Get "
                    "them again when that is done.",
                    done.changing.size()),
        0, "Changing", true);
  }
}

void put_on_volume_command(const VolumeOptions& options) {
  const std::vector<LocalFile> files = files_to_put(options);
  std::uint64_t total = 0, bytes = 0, sent = 0;
  for (const LocalFile& file : files) {
    s3::check_key(file.key);
    total += file.bytes;
  }
  const s3::Client client = open_volume(options, bar_of(options, "put", total));
  std::mutex guard;
  const auto put = [&](const LocalFile& file) {
    if (client.put_file(file.file, file.key) == s3::Sent::nothing) return;
    const std::lock_guard lock(guard);
    ++sent;
    bytes += file.bytes;
  };
  // A large one has all connections to itself.
  std::vector<const LocalFile*> small;
  for (const LocalFile& file : files) {
    if (file.bytes > client.options().part_bytes)
      put(file);
    else
      small.push_back(&file);
  }
  for_each_piece(small.size(), client.options().connections, [&](std::size_t i) { put(*small[i]); });
  if (options.common.json) {
    std::cout << json_text({{"files", sent}, {"bytes", bytes}, {"same", files.size() - sent}}, 2) << "\n";
  } else {
    std::cout << fmt::format("{}, {}, brought to {}; {} of {} were there.\n", files_text(sent), readable_bytes(bytes),
                             client.session().name_of(path_of(options)), files.size() - sent, files.size());
  }
}

}  // namespace moola::cluster::runpod
