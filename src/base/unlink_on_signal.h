#pragma once
#include <filesystem>
#include <string>

namespace moola {

/// While it lives, a signal that would end the process (SIGINT, SIGTERM, SIGHUP, left at their defaults) removes the
/// file first. Programs that handle these signals themselves are not interfered with. For files that no destructor can
/// remove.
class UnlinkOnSignal {
 public:
  explicit UnlinkOnSignal(const std::filesystem::path& file);
  ~UnlinkOnSignal();
  UnlinkOnSignal(const UnlinkOnSignal&) = delete;
  UnlinkOnSignal& operator=(const UnlinkOnSignal&) = delete;

 private:
  std::string path_;
  int slot_ = -1;  // -1: more files at once than are kept track of
};

}  // namespace moola
