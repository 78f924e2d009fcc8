#pragma once
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/jobs/program.h"

namespace moola::test {

/// What `call` (a command with --json, given a number of threads) writes has the same content_sha256 under every
/// instruction set that this processor has, with each number of threads.
inline void check_one_content(const std::vector<std::string>& threads,
                              const std::function<ProcessResult(const std::string& threads)>& call) {
  std::string first;
  for (const char* set : {"v2", "v3", "v4"}) {
    for (const std::string& each : threads) {
      ::setenv("MOOLA_ISA", set, 1);
      const ProcessResult result = call(each);
      ::unsetenv("MOOLA_ISA");
      if (result.exit_code != 0 && result.errors.find("this processor") != std::string::npos) continue;
      BOOST_REQUIRE_MESSAGE(result.exit_code == 0, result.errors);
      const std::string hash = parse_json(result.output, "standard output")["content_sha256"];
      if (first.empty()) first = hash;
      BOOST_TEST(hash == first, set << " with " << each << " threads");
    }
  }
  BOOST_TEST(!first.empty());
}

}  // namespace moola::test
