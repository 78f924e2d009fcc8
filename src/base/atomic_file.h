#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/unlink_on_signal.h"

namespace moola {

/// A whole file as text. Throws IoError with the path.
std::string read_file(const std::filesystem::path& file);

enum class Overwrite { no, yes };

/// A file that appears whole or not at all: written under a temporary name beside the target, then fsynced and renamed.
///
///     AtomicFile file(target);
///     write_to(file.temporary());
///     file.commit();
///
/// Without `commit` (an exception on the way, or a signal that ends the process) the temporary is removed. A killed
/// process leaves `.NAME.HOST.PID.N.tmp`, which nothing reads and `remove_abandoned` deletes.
class AtomicFile {
 public:
  /// Creates missing parent folders. Throws IoError when the folder can't be written to or, with Overwrite::no, the
  /// target exists.
  explicit AtomicFile(std::filesystem::path target, Overwrite overwrite = Overwrite::no);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }
  const std::filesystem::path& target() const { return target_; }

  /// Starts to bring to the disk what has been written so far, without waiting: `commit` then has less to wait for.
  void start_flush() const;

  /// fsync, rename, fsync of the folder. `read_only` takes the write permissions off first.
  void commit(bool read_only = false);
  /// The same, but says false when, with Overwrite::no, another process has made the target meanwhile: then another
  /// name can be tried.
  bool commit_if_free(bool read_only = false);
  /// Another name in the same folder.
  void retarget(std::filesystem::path target) { target_ = std::move(target); }

 private:
  std::filesystem::path target_, temporary_;
  Overwrite overwrite_;
  std::optional<UnlinkOnSignal> interrupted_;
  bool done_ = false;
};

/// Writes `content` through an AtomicFile. Throws IoError.
void write_file(const std::filesystem::path& target, std::string_view content, Overwrite overwrite = Overwrite::yes);

/// Writes a file that can be made anew from what is kept elsewhere: a reader may see half of it, and a crash of the
/// machine may lose it, which `write_file` prevents at the cost of an fsync. Throws IoError.
void write_derived_file(const std::filesystem::path& target, std::string_view content);

/// Takes the write permissions off a file that has any: it can be replaced and deleted, but not changed in place.
/// Throws IoError.
void make_read_only(const std::filesystem::path& file);

/// Deletes the temporaries of killed writers in `folder`: those of this host whose process is gone. Cost: one directory
/// listing.
void remove_abandoned(const std::filesystem::path& folder);

/// Creates a folder and its parents. Throws IoError with the path and the reason.
void create_folders(const std::filesystem::path& folder);

/// Makes the entries of a folder durable. Throws IoError.
void sync_folder(const std::filesystem::path& folder);

}  // namespace moola
