#include "sweep/space/parameter_value.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "base/json.h"
#include "base/toml_text.h"

namespace moola::sweep {
namespace {

// Decimal digits of a finite number without point, and where the point stands: 0.00125 is {"125", -2}.
struct Decimal {
  std::string digits;
  int point;
};

Decimal decimal_of(double magnitude) {
  char text[32];
  const std::to_chars_result end = std::to_chars(text, text + sizeof text, magnitude, std::chars_format::scientific);
  const std::string_view all(text, static_cast<std::size_t>(end.ptr - text));
  const std::size_t e = all.find('e');
  Decimal out{.digits = std::string(all.substr(0, 1)), .point = 0};
  if (e > 2) out.digits += all.substr(2, e - 2);
  const char* exponent = all.data() + e + 1 + (all[e + 1] == '+' ? 1 : 0);
  std::from_chars(exponent, all.data() + all.size(), out.point);
  ++out.point;
  return out;
}

}  // namespace

std::string json_number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string out = std::signbit(value) ? "-" : "";
  const auto [digits, point] = decimal_of(std::fabs(value));
  const int count = static_cast<int>(digits.size());
  if (point > 16 || point < -3) {
    const int exponent = point - 1;
    out += digits.substr(0, 1);
    if (count > 1) out += "." + digits.substr(1);
    const std::string power = std::to_string(std::abs(exponent));
    return out + (exponent < 0 ? "e-" : "e+") + (power.size() < 2 ? "0" : "") + power;
  }
  if (point <= 0) return out + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (count <= point) return out + digits + std::string(static_cast<std::size_t>(point - count), '0') + ".0";
  return out + digits.substr(0, static_cast<std::size_t>(point)) + "." + digits.substr(static_cast<std::size_t>(point));
}

std::string json_of(const ParameterValue& value) {
  if (std::holds_alternative<std::monostate>(value)) return "null";
  if (const bool* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const std::int64_t* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const double* number = std::get_if<double>(&value)) return json_number_text(*number);
  return Json(std::get<std::string>(value)).dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string toml_text(const ParameterValue& value) {
  if (const std::string* text = std::get_if<std::string>(&value)) return toml_quoted(*text);
  if (const double* number = std::get_if<double>(&value)) return toml_number(*number);
  return std::holds_alternative<std::monostate>(value) ? "{}" : plain_text(value);
}

std::string plain_text(const ParameterValue& value) {
  const std::string* text = std::get_if<std::string>(&value);
  return text == nullptr ? json_of(value) : *text;
}

}  // namespace moola::sweep
