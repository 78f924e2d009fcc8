#include "base/json.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"

namespace moola {
namespace {

std::string number_text(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";  // reads back as a floating-point number
  return text;
}

std::string string_text(const std::string& value) {
  return Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);  // a file name need not be UTF-8
}

void append(std::string& out, const Json& value, int indent, int depth) {
  const auto new_line = [&](int levels) {
    if (indent > 0) out += "\n" + std::string(static_cast<std::size_t>(indent * levels), ' ');
  };
  const auto list = [&](char open, char close, const auto& element) {
    if (value.empty()) return void((out += open) += close);
    out += open;
    bool first = true;
    for (auto at = value.begin(); at != value.end(); ++at) {
      if (!first) out += ',';
      first = false;
      new_line(depth + 1);
      element(at);
    }
    new_line(depth);
    out += close;
  };
  if (value.is_object()) {
    list('{', '}', [&](const auto& at) {
      out += string_text(at.key()) + (indent > 0 ? ": " : ":");
      append(out, at.value(), indent, depth + 1);
    });
  } else if (value.is_array()) {
    list('[', ']', [&](const auto& at) { append(out, *at, indent, depth + 1); });
  } else if (value.is_number_float()) {
    out += number_text(value.get<double>());
  } else if (value.is_string()) {
    out += string_text(value.get_ref<const std::string&>());
  } else {
    out += value.dump();
  }
}

}  // namespace

std::string json_text(const Json& value, int indent) {
  std::string out;
  append(out, value, indent, 0);
  return out;
}

std::optional<double> json_number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

Json parse_json(std::string_view text, std::string_view where) {
  static constexpr int kDeepest = 200;  // writing and comparing recurse
  std::vector<std::set<std::string, std::less<>>> keys;
  const auto look = [&](int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    if ((event == Event::object_start || event == Event::array_start) && depth >= kDeepest) {
      throw DataError(fmt::format("{} is JSON nested more than {} levels deep.", where, kDeepest));
    }
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    // The parser would keep the last one without a word.
    if (event == Event::key && !keys.back().insert(value.get<std::string>()).second) {
      throw DataError(fmt::format("{} is JSON in which an object has the key {} twice.", where, json_text(value)));
    }
    return true;
  };
  try {
    return Json::parse(text, look);
  } catch (const Json::exception& error) {  // also a number that no double holds
    throw DataError(std::string(where) + " is not JSON: " + error.what());
  }
}

Json read_json(const std::filesystem::path& file) {
  return parse_json(read_file(file), file.string());
}

}  // namespace moola
