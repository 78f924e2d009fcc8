#pragma once
#include <filesystem>

namespace moola {

/// A new folder that nobody else has, gone with everything in it when this goes; one that was renamed meanwhile stays.
class ScratchFolder {
 public:
  /// PREFIX and six characters that make it new, for its owner alone. Throws IoError.
  explicit ScratchFolder(const std::filesystem::path& prefix);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Others may look into it. Throws IoError.
  void let_others_read() const;

 private:
  std::filesystem::path path_;
};

}  // namespace moola
