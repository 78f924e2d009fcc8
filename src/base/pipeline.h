#pragma once
#include <string>
#include <vector>

namespace moola {

/// How two programs ended, of which the first wrote what the second read.
struct PipelineResult {
  int first_code = 0, second_code = 0;  // 128 + n when signal n ended it
  std::string first_errors, second_errors;
  std::string output;  // of the second
};

/// Runs `first` and `second` without a shell, the output of one on the input of the other, and waits for both; `input`
/// goes to the first. Nothing of what passes between them is held. Throws IoError when one can't be started; then the
/// other is ended.
PipelineResult run_pipeline(const std::vector<std::string>& first, const std::vector<std::string>& second,
                            const std::string& input = {});

}  // namespace moola
