#pragma once
#include <string>

#include "base/error.h"

namespace moola::cluster::runpod {

/// RunPod said no, or nothing that can be read.
class ApiError : public Error {
 public:
  /// `status` as HTTP has it; 0 when no whole answer came. `detail` is what RunPod said, for lists of several answers.
  ApiError(const std::string& message, int status, std::string detail)
      : Error(message, passes(status) ? ExitCode::failed : ExitCode::permanent),
        status_(status),
        detail_(std::move(detail)) {}

  int status() const { return status_; }
  const std::string& detail() const { return detail_; }

 private:
  int status_;
  std::string detail_;

  // The same call may go through later, without anybody's doing: quota, a failure of RunPod's.
  static bool passes(int status) { return status == 429 || status >= 500; }
};

/// The request may have been carried out, and what came of it is not known: the answer was lost on its way, could not
/// be read, or was a failure of the server's.
class LostAnswer : public ApiError {
 public:
  using ApiError::ApiError;
};

}  // namespace moola::cluster::runpod
