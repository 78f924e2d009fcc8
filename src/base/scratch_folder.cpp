#include "base/scratch_folder.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/error.h"

namespace moola {

ScratchFolder::ScratchFolder(const std::filesystem::path& prefix) {
  std::string name = prefix.string() + "XXXXXX";
  if (::mkdtemp(name.data()) == nullptr)
    throw IoError(fmt::format("cannot make a folder in {}", prefix.parent_path().string()), errno);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;  // what a program still writes into it stays, and harms nobody
  std::filesystem::remove_all(path_, ignored);
}

void ScratchFolder::let_others_read() const {
  if (::chmod(path_.c_str(), 0755) != 0)
    throw IoError(fmt::format("cannot change the permissions of {}", path_.string()), errno);
}

}  // namespace moola
