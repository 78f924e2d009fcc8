#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace moola::models {

/// Reads Universal Binary JSON from front to back, without building a tree of it: who reads says what has to come, and
/// gets DataError where something else does, or where the bytes end first. No length in the bytes is believed before so
/// much is there, and nothing recurses deeper than `kDeepest`, so bytes of any origin may be read. Of the format it
/// knows what XGBoost writes: lengths are of 64 bits. Source: the specification of UBJSON, draft 12.
class UbjsonReader {
 public:
  static constexpr int kDeepest = 32;

  explicit UbjsonReader(std::string_view bytes) : bytes_(bytes) {}

  /// Calls `read(key)` for each key of the object that comes, which has to read the value.
  template <class Read>
  void object(const Read& read) {
    expect('{', "an object");
    std::set<std::string_view> keys;
    while (peek() != '}') {
      const std::string_view key = text_body();
      if (!keys.insert(key).second) throw DataError("an object has the key '" + std::string(key) + "' twice");
      read(key);
    }
    ++at_;
  }

  /// Calls `read(i)` for each element of the array that comes, which has to read it. The array's elements carry their
  /// types.
  template <class Read>
  void array(const Read& read) {
    const Array array = begin_array();
    if (array.type != 0) throw DataError("an array of numbers stands where one of objects does");
    for (std::size_t i = 0; more_of(array, i); ++i) read(i);
  }

  std::string_view text();
  std::int64_t whole();
  /// Of an array of numbers; of `wholes` all are whole.
  std::vector<float> floats();
  std::vector<std::int64_t> wholes();
  /// Whatever comes.
  void skip(int depth = 0);
  /// Throws DataError unless all bytes are read.
  void end() const;

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;

  struct Array {
    char type = 0;  // of all elements; 0: each has its own
    bool counted = false;
    std::size_t size = 0;
  };

  char peek() const;
  char next();
  void expect(char marker, const char* what);
  std::string_view take(std::uint64_t count);
  std::uint64_t length();
  std::string_view text_body();
  Array begin_array();
  bool more_of(const Array& array, std::size_t i);
  std::int64_t whole_of(char type);
  float float_of(char type);
  template <class T, class Read>
  std::vector<T> numbers(const Read& read);
};

}  // namespace moola::models
