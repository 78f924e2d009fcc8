#include "cluster/s3/xml_element.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/error.h"

namespace moola::cluster::s3 {
namespace {

constexpr int kDeepest = 32;

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) return add(0xC0 | code >> 6), add(0x80 | (code & 0x3F));
  if (code < 0x10000) return add(0xE0 | code >> 12), add(0x80 | (code >> 6 & 0x3F)), add(0x80 | (code & 0x3F));
  add(0xF0 | code >> 18), add(0x80 | (code >> 12 & 0x3F)), add(0x80 | (code >> 6 & 0x3F)), add(0x80 | (code & 0x3F));
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view where) : rest_(text), where_(where) {}

  XmlElement document() {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
    between_elements();
    XmlElement root = element(0);
    between_elements();
    if (!rest_.empty()) fail("something stands behind the last element");
    return root;
  }

 private:
  std::string_view rest_, where_;

  [[noreturn]] void fail(const std::string& why) const {
    throw DataError(fmt::format("{} is not the XML that was expected: {}.", where_, why));
  }

  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string_view until(std::string_view end) {
    const std::size_t at = rest_.find(end);
    if (at == std::string_view::npos) fail("it breaks off");
    const std::string_view out = rest_.substr(0, at);
    rest_.remove_prefix(at + end.size());
    return out;
  }

  // Blanks, comments, the declaration: servers also send blanks to keep a connection alive.
  void between_elements() {
    for (;;) {
      while (!rest_.empty() && blank(rest_.front())) rest_.remove_prefix(1);
      if (take("<!--"))
        until("-->");
      else if (take("<?"))
        until("?>");
      else
        return;
    }
  }

  std::string name() {
    const std::size_t end = rest_.find_first_of(" \t\r\n/><=");
    if (end == std::string_view::npos) fail("it breaks off");
    std::string_view out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (const std::size_t prefix = out.find(':'); prefix != std::string_view::npos) out.remove_prefix(prefix + 1);
    if (out.empty() || out.front() == '!') fail("an element has no name");
    return std::string(out);
  }

  // Whether the element ends with its opening tag.
  bool attributes() {
    for (;;) {
      while (!rest_.empty() && blank(rest_.front())) rest_.remove_prefix(1);
      if (take("/>")) return true;
      if (take(">")) return false;
      name();
      while (!rest_.empty() && blank(rest_.front())) rest_.remove_prefix(1);
      if (!take("=")) fail("an attribute has no value");
      while (!rest_.empty() && blank(rest_.front())) rest_.remove_prefix(1);
      if (take("\""))
        until("\"");
      else if (take("'"))
        until("'");
      else
        fail("an attribute's value is not quoted");
    }
  }

  void reference(std::string& out) {
    const std::string_view word = until(";");
    static constexpr std::pair<std::string_view, char> kNamed[] = {
        {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [entity, character] : kNamed) {
      if (word == entity) {
        out += character;
        return;
      }
    }
    const bool hexadecimal = word.starts_with("#x");
    const std::string_view digits = word.substr(std::min<std::size_t>(word.size(), hexadecimal ? 2 : 1));
    std::uint32_t code = 0;
    const auto [end, wrong] =
        std::from_chars(digits.data(), digits.data() + digits.size(), code, hexadecimal ? 16 : 10);
    if (!word.starts_with('#') || wrong != std::errc() || end != digits.data() + digits.size() || code == 0 ||
        code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      fail(fmt::format("'&{};' is no character", word.substr(0, 20)));
    }
    append_utf8(out, code);
  }

  XmlElement element(int depth) {
    if (depth > kDeepest) fail(fmt::format("elements are nested more than {} deep", kDeepest));
    if (!take("<")) fail("no element stands where one should");
    XmlElement out{.name = name(), .text = {}, .children = {}};
    if (attributes()) return out;
    for (;;) {
      if (rest_.empty()) fail("it breaks off");
      if (take("<![CDATA[")) {
        out.text += until("]]>");
      } else if (take("<!--")) {
        until("-->");
      } else if (take("<?")) {
        until("?>");
      } else if (take("</")) {
        if (name() != out.name) fail(fmt::format("{} ends with another name", out.name));
        while (!rest_.empty() && blank(rest_.front())) rest_.remove_prefix(1);
        if (!take(">")) fail("the end of an element breaks off");
        return out;
      } else if (rest_.front() == '<') {
        out.children.push_back(element(depth + 1));
      } else if (take("&")) {
        reference(out.text);
      } else {
        const std::size_t end = std::min(rest_.find_first_of("<&"), rest_.size());
        out.text += rest_.substr(0, end);
        rest_.remove_prefix(end);
      }
    }
  }
};

}  // namespace

std::string XmlElement::text_of(std::string_view child) const {
  for (const XmlElement& one : children) {
    if (one.name == child) return one.text;
  }
  return {};
}

bool XmlElement::has(std::string_view child) const {
  return std::any_of(children.begin(), children.end(), [&](const XmlElement& one) { return one.name == child; });
}

XmlElement parse_xml(std::string_view text, std::string_view where) {
  return Reader(text, where).document();
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace moola::cluster::s3
