#pragma once
#include <boost/test/unit_test.hpp>
#include <exception>
#include <string>
#include <vector>

#include "base/error.h"

namespace moola::test {

/// Whether `part` stands in `text`; when it does not, the test's output shows both.
inline bool holds(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return true;
  BOOST_TEST_MESSAGE("expected: " << part << "\nin: " << text.substr(0, 2000));
  return false;
}

/// Whether each of `parts` stands in `text`.
inline bool holds_all(const std::string& text, const std::vector<std::string>& parts) {
  bool all = true;
  for (const std::string& part : parts) all = holds(text, part) && all;
  return all;
}

/// What the error of the kind `Expected` says that `action` throws; an empty text when none is thrown.
template <class Expected = std::exception>
std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Expected& error) {
    return error.what();
  }
  return "";
}

/// The same of one of Moola's own errors, which must end a job with "permanent", exit code 2.
std::string refusal_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    BOOST_TEST((error.exit_code() == ExitCode::permanent));
    return error.what();
  }
  return "";
}

}  // namespace moola::test
