#include "base/version.h"

#include "moola_version.h"  // written by cmake/version.cmake at every build

namespace moola {

std::string version() {
  return MOOLA_VERSION;
}

std::string git_commit() {
  return MOOLA_GIT_COMMIT;
}

bool git_dirty() {
  return MOOLA_GIT_DIRTY != 0;
}

std::string code_version() {
  return version() + "+" + git_commit().substr(0, 8) + (git_dirty() ? ".dirty" : "");
}

}  // namespace moola
