#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

/// A variable of the environment for the time of its life.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

inline std::string fake_library(const char* name = "libmoola-cuda-fake.so") {
  return (std::filesystem::path(MOOLA_BINARY_DIR).parent_path() / "tests" / name).string();
}
