#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace moola::sweep {

/// What is wrong with a line of a journal, without the file and the line: whoever reads the file adds them.
class BadRecord : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A string as it stands between its quotes.
struct RawText {
  std::string_view raw = {};
  bool plain = true;  // without escapes
  /// What it says, in UTF-8; half a surrogate pair becomes U+FFFD.
  std::string text() const;
};

struct JsonNumber {
  double value = 0;
  std::int64_t integer = 0;  // where is_integer
  bool is_integer = false;   // digits alone, within 64 bits
};

/// Takes JSON off a text's front, piece by piece, as Python's json module reads it: with the bare tokens NaN, Infinity
/// and -Infinity, and numbers of any size (too large ones are infinite). Nothing is allocated; every function leaves
/// the scanner behind what it took, or throws BadRecord: also for text that is not UTF-8 and for nesting of more than
/// 200 levels. The text must outlive what is returned.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  /// The next character that is no space; 0 at the end. It is not taken.
  char next();
  /// Whether the next one is `character`; it is taken then.
  bool take(char character);
  void expect(char character);
  RawText string();
  /// Whether a string is next that reads as `likely`, which some scanner has checked; it is taken then. Takes less time
  /// than to scan it.
  bool take_string(const RawText& likely);
  JsonNumber number();
  bool take_null();
  /// Any value, as it stands there.
  std::string_view value();
  std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  bool at_end() { return next() == 0 && at_ == end_; }

 private:
  const char *begin_, *at_, *end_;

  bool take_word(std::string_view word);
  void take_escape();
  void take_letter();
  void take_scalar();
  std::size_t take_digits();
  [[noreturn]] void fail(std::string_view expected) const;
};

/// A JSON text on one line, without spaces, in ASCII, as Python's json module writes it; numbers stand as they were.
/// Throws BadRecord when it is none.
std::string compact_json(std::string_view json);

/// A text as a JSON string in ASCII, with its quotes; what is no UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text);

}  // namespace moola::sweep
