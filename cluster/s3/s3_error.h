#pragma once
#include <chrono>
#include <optional>
#include <string>

#include "base/error.h"

namespace moola::cluster::s3 {

/// The server said no, or nothing that can be read.
class S3Error : public Error {
 public:
  /// `status` as HTTP has it, 0 when no whole answer came; `code` as S3 has it ("NoSuchKey"), empty when it said none.
  /// `passes`: the same call may go through later, without anybody's doing.
  S3Error(const std::string& message, int status, std::string code, bool passes,
          std::optional<std::chrono::seconds> retry_after = {})
      : Error(message, passes ? ExitCode::failed : ExitCode::permanent),
        status_(status),
        code_(std::move(code)),
        passes_(passes),
        retry_after_(retry_after) {}

  int status() const { return status_; }
  const std::string& code() const { return code_; }
  bool passes() const { return passes_; }
  std::optional<std::chrono::seconds> retry_after() const { return retry_after_; }

 private:
  int status_;
  std::string code_;
  bool passes_;
  std::optional<std::chrono::seconds> retry_after_;
};

}  // namespace moola::cluster::s3
