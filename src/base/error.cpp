#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace moola {
namespace {

ExitCode exit_code_of(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOENT:
    case EISDIR:
    case ENOTDIR:
    case ENAMETOOLONG:
    case EEXIST:
      return ExitCode::permanent;
    default:
      return ExitCode::failed;
  }
}

}  // namespace

IoError::IoError(const std::string& what, int error_number)
    : Error(what + ": " + std::strerror(error_number), exit_code_of(error_number)) {}

}  // namespace moola
