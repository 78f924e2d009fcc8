#pragma once
// Pages read by somebody who knows nothing of how they are made.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace moola::test {

/// A page of HTML that is written like XML: every element is closed, every attribute quoted, and what stands between
/// them is text.
struct ReadPage {
  std::vector<std::string> problems = {};  // why it is none, or refers to something outside
  // By the id of the section, "" before the first one; a space between elements, and never two.
  std::map<std::string, std::string> text = {};
  std::map<std::string, std::vector<std::string>> paths = {};     // the same of drawn paths: their d
  std::map<std::string, std::vector<std::string>> labels = {};    // the same of texts in drawings
  std::map<std::string, std::vector<std::string>> readings = {};  // the same of what drawings say to who can't see them

  /// The words of all sections.
  std::string all_text() const {
    std::string out;
    for (const auto& [id, words] : text) out += words;
    return out;
  }
  std::size_t dots(const std::string& section) const {
    std::size_t out = 0;
    if (!paths.contains(section)) return out;
    for (const std::string& path : paths.at(section)) {
      for (std::size_t at = path.find("h0"); at != std::string::npos; at = path.find("h0", at + 1)) ++out;
    }
    return out;
  }
};

class PageReader {
 public:
  explicit PageReader(std::string_view page) : left_(page) {}

  ReadPage read() {
    if (!take("<!DOCTYPE html>")) problem("it does not begin with its kind");
    while (!left_.empty()) {
      if (left_.front() == '<')
        tag();
      else
        words();
    }
    for (const std::string& name : open_) problem(name + " is not closed");
    for (auto& [id, words] : out_.text) {
      std::ranges::replace(words, '\n', ' ');
      const auto rest = std::ranges::unique(words, [](char a, char b) { return a == ' ' && b == ' '; });
      words.erase(rest.begin(), rest.end());
    }
    return std::move(out_);
  }

 private:
  std::string_view left_;
  std::vector<std::string> open_;
  std::set<std::string> ids_;
  std::string section_;
  ReadPage out_;

  void problem(const std::string& words) {
    out_.problems.push_back(fmt::format("{} (before: {})", words, left_.substr(0, 60)));
  }
  bool take(std::string_view word) {
    if (!left_.starts_with(word)) return false;
    left_.remove_prefix(word.size());
    return true;
  }
  std::string_view until(std::string_view stop) {
    const std::size_t end = std::min(left_.find(stop), left_.size());
    const std::string_view out = left_.substr(0, end);
    left_.remove_prefix(std::min(end + stop.size(), left_.size()));
    return out;
  }

  std::string plain(std::string_view markup) {
    std::string out;
    while (!markup.empty()) {
      if (markup.front() != '&') {
        if (markup.front() == '<' || markup.front() == '>') problem("a bare " + std::string(1, markup.front()));
        out += markup.front();
        markup.remove_prefix(1);
        continue;
      }
      bool known = false;
      for (const auto& [entity, sign] : {std::pair<std::string_view, char>{"&amp;", '&'},
                                         {"&lt;", '<'},
                                         {"&gt;", '>'},
                                         {"&quot;", '"'},
                                         {"&#39;", '\''}}) {
        if (!markup.starts_with(entity)) continue;
        out += sign;
        markup.remove_prefix(entity.size());
        known = true;
        break;
      }
      if (known) continue;
      problem("an & that is no sign");
      markup.remove_prefix(1);
    }
    return out;
  }

  void words() {
    const std::size_t end = std::min(left_.find('<'), left_.size());
    const std::string said = plain(left_.substr(0, end));
    left_.remove_prefix(end);
    out_.text[section_] += said;
    if (!open_.empty() && open_.back() == "text") out_.labels[section_].push_back(said);
  }

  void tag() {
    if (take("</")) {
      const std::string name(until(">"));
      if (open_.empty() || open_.back() != name) return problem(name + " is closed and was not open");
      open_.pop_back();
      if (name == "section") section_.clear();
      out_.text[section_] += ' ';
      return;
    }
    take("<");
    std::string name;
    while (!left_.empty() && (std::isalnum(static_cast<unsigned char>(left_.front())) != 0)) {
      name += left_.front();
      left_.remove_prefix(1);
    }
    static const std::set<std::string> kKnown{
        "html", "head", "meta",  "title", "style", "body",  "main", "header", "footer", "section",
        "div",  "span", "p",     "b",     "i",     "h1",    "h2",   "dl",     "dt",     "dd",
        "ul",   "li",   "table", "thead", "tbody", "tr",    "th",   "td",     "figure", "figcaption",
        "svg",  "path", "text",  "g",     "code",  "small", "br"};
    if (!kKnown.contains(name)) problem("an element " + name);
    const bool closed = attributes(name);
    if (name == "style") {
      check_style(until("</style>"));
    } else if (!closed && name != "meta" && name != "br") {
      open_.push_back(name);
    }
  }

  // Whether the element is closed at once.
  bool attributes(const std::string& element) {
    std::set<std::string> seen;
    while (!left_.empty()) {
      while (take(" ") || take("\n")) {
      }
      if (take("/>")) return true;
      if (take(">")) return false;
      const std::string name(until("=\""));
      if (!std::ranges::all_of(name,
                               [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '-'; }))
        problem("an attribute " + name);
      const std::string value = plain(until("\""));
      if (!seen.insert(name).second) problem(name + " stands twice");
      if (name.starts_with("on") || name == "src" || name == "href") problem("an attribute " + name);
      if (name == "style") check_style(value);
      if (name == "id" && !ids_.insert(value).second) problem("two of the id " + value);
      if (name == "id" && element == "section") section_ = value;
      if (name == "aria-label") out_.readings[section_].push_back(value);
      if (name == "d") {
        out_.paths[section_].push_back(value);
        if (value.find_first_not_of("MLHVhvz0123456789.- ") != std::string::npos) problem("a path " + value);
      }
    }
    problem("an element without end");
    return true;
  }

  void check_style(std::string_view style) {
    for (const char* word : {"url(", "@import", "http:", "https:", "expression"}) {
      if (style.find(word) != std::string_view::npos) problem(std::string("a style with ") + word);
    }
  }
};

}  // namespace moola::test
