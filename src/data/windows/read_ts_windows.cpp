#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text_ends.h"
#include "data/windows/window_table.h"

namespace moola::data {
namespace {

// Calls visit with each piece of text between separators.
template <class Visit>
void split(std::string_view text, char separator, Visit visit) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    visit(trimmed(text.substr(begin, end - begin), " \t\r"));
    begin = end + 1;
  }
}

class TsReader {
 public:
  explicit TsReader(std::string_view where) : where_(where) {}

  WindowTable read(std::string_view text) {
    bool data = false;
    split(text, '\n', [&](std::string_view line) {
      ++line_;
      if (line.empty() || line.front() == '#') return;
      if (data) {
        add_window(line);
      } else if (line.front() == '@') {
        data = header(line);
      } else {
        fail("expected a line that begins with '@' before @data; is this a .ts file?");
      }
    });
    if (!data) fail("the file ends without @data; expected the .ts format of the UCR/UEA archive");
    if (table_.windows == 0) fail("there is no window after @data");
    return std::move(table_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(fmt::format("{}, line {}: {}.", where_, line_, what));
  }

  bool header(std::string_view line) {
    std::vector<std::string> words;
    split(line, ' ', [&](std::string_view word) {
      if (!word.empty()) words.emplace_back(word);
    });
    std::string key = words[0];
    std::ranges::transform(key, key.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto flag = [&] {
      std::string value = words.size() > 1 ? words[1] : "";
      std::ranges::transform(value, value.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (value != "true" && value != "false") fail(fmt::format("{} must be true or false", words[0]));
      return value == "true";
    };
    if (key == "@data") return true;
    if (key == "@timestamps" && flag())
      fail("windows with time stamps of their own (@timeStamps true) are not read; write the values alone");
    if (key == "@equallength" && !flag())
      fail("windows of unequal length (@equalLength false) are not read; cut or pad them to one length");
    if (key == "@targetlabel" && flag())
      fail("the targets are numbers to regress on (@targetLabel true); classes are read (@classLabel)");
    if (key == "@dimensions") {
      const std::string value = words.size() > 1 ? words[1] : "";
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), table_.channels);
      if (error != std::errc() || end != value.data() + value.size() || table_.channels == 0)
        fail("@dimensions must be a number above zero");
    }
    if (key == "@univariate" && flag()) table_.channels = 1;
    if (key == "@classlabel") {
      labelled_ = flag();
      if (labelled_) table_.label_names.assign(words.begin() + 2, words.end());
      if (labelled_ && table_.label_names.empty())
        fail("@classLabel true must be followed by the names of the classes");
    }
    return false;
  }

  void add_window(std::string_view line) {
    std::vector<std::string_view> parts;
    split(line, ':', [&](std::string_view part) { parts.push_back(part); });
    if (labelled_) {
      if (std::ranges::find(table_.label_names, parts.back()) == table_.label_names.end()) {
        fail(fmt::format("the class '{}' is not among those that @classLabel names", parts.back()));
      }
      table_.labels.emplace_back(parts.back());
      parts.pop_back();
    }
    if (table_.channels == 0) table_.channels = parts.size();
    if (parts.size() != table_.channels)
      fail(fmt::format("{} channels, where {} are expected (':' stands between them)", parts.size(), table_.channels));
    const std::size_t begin = table_.x.size();
    for (std::size_t c = 0; c < parts.size(); ++c) {
      std::uint64_t t = 0;
      split(parts[c], ',', [&](std::string_view value) {
        const float number = parse(value);
        if (c == 0 && table_.windows == 0) {
          table_.x.resize(table_.x.size() + table_.channels);
          ++table_.length;
        } else if (c == 0 && t == 0) {
          table_.x.resize(begin + table_.length * table_.channels);
        }
        if (t < table_.length) table_.x[begin + t * table_.channels + c] = number;
        ++t;
      });
      if (t != table_.length)
        fail(fmt::format("channel {} has {} values, where {} are expected: all windows must be equally long", c, t,
                         table_.length));
    }
    ++table_.windows;
  }

  float parse(std::string_view text) const {
    if (text == "?" || text == "NaN" || text == "nan") return std::numeric_limits<float>::quiet_NaN();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range || error != std::errc() || end != text.data() + text.size()) {
      fail(fmt::format("'{}' is no number", text.substr(0, 40)));
    }
    return static_cast<float>(value);
  }

  std::string_view where_;
  WindowTable table_;
  std::size_t line_ = 0;
  bool labelled_ = false;
};

}  // namespace

WindowTable parse_ts_windows(std::string_view text, std::string_view where) {
  return TsReader(where).read(text);
}

WindowTable read_ts_windows(const std::filesystem::path& file) {
  return parse_ts_windows(read_file(file), file.string());
}

}  // namespace moola::data
