#pragma once
// What a journal comes to, found the slow way: every line becomes a tree of JSON, every record is applied as Optuna's
// replay has it, nothing is remembered between lines.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/parse_number.h"
#include "sweep/journal/json_scanner.h"
#include "sweep/journal/stamps.h"
#include "sweep/study/trial.h"

namespace moola::test {

struct Tree {
  enum class Kind { null, truth, number, text, list, object } kind = Kind::null;
  double number = 0;
  std::optional<std::int64_t> integer = {};
  std::string text = {};  // of a text
  std::string raw = {};   // of anything, as it was written
  std::vector<Tree> list = {};
  std::vector<std::pair<std::string, Tree>> members = {};

  const Tree* find(std::string_view key) const {
    for (const auto& [name, value] : members)
      if (name == key) return &value;
    return nullptr;
  }
};

/// Recursive descent, character by character. Throws std::runtime_error.
class TreeParser {
 public:
  explicit TreeParser(std::string_view text) : text_(text) {}
  Tree whole() {
    Tree out = value(0);
    space();
    if (at_ != text_.size()) throw std::runtime_error("more");
    return out;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }
  void need(bool holds) const {
    if (!holds) throw std::runtime_error("byte " + std::to_string(at_));
  }
  Tree value(int depth) {
    space();
    const std::size_t begin = at_;
    Tree out;
    need(at_ < text_.size());
    if (word("null")) {
    } else if (word("true") || word("false")) {
      out.kind = Tree::Kind::truth;
    } else if (peek() == '"') {
      out.kind = Tree::Kind::text;
      out.text = string();
    } else if (peek() == '[' || peek() == '{') {
      need(depth < 200);
      const bool object = text_[at_++] == '{';
      out.kind = object ? Tree::Kind::object : Tree::Kind::list;
      space();
      if (!word(object ? "}" : "]")) {
        do {
          space();
          if (!object) {
            out.list.push_back(value(depth + 1));
          } else {
            const std::string key = string();
            space();
            need(word(":"));
            Tree member = value(depth + 1);
            const auto known = std::ranges::find(out.members, key, &std::pair<std::string, Tree>::first);
            if (known == out.members.end()) {
              out.members.emplace_back(key, std::move(member));
            } else {
              known->second = std::move(member);
            }
          }
          space();
        } while (word(","));
        need(word(object ? "}" : "]"));
      }
    } else {
      number(out);
    }
    out.raw = text_.substr(begin, at_ - begin);
    return out;
  }
  void number(Tree& out) {
    out.kind = Tree::Kind::number;
    if (word("NaN")) return void(out.number = std::nan(""));
    const std::size_t begin = at_;
    const bool minus = word("-");
    if (word("Infinity")) return void(out.number = minus ? -HUGE_VAL : HUGE_VAL);
    const auto digits = [&] {
      const std::size_t from = at_;
      while (peek() >= '0' && peek() <= '9') ++at_;
      return at_ - from;
    };
    const bool zero = peek() == '0';
    const std::size_t whole = digits();
    need(zero ? whole == 1 : whole > 0);
    bool integer = whole <= 18;
    if (word(".")) {
      need(digits() > 0);
      integer = false;
    }
    if (word("e") || word("E")) {
      word("+") || word("-");
      need(digits() > 0);
      integer = false;
    }
    const std::string text(text_.substr(begin, at_ - begin));
    out.number = std::strtod(text.c_str(), nullptr);
    if (integer) out.integer = std::stoll(text);
  }
  unsigned hex4() {
    unsigned out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      need(std::isxdigit(static_cast<unsigned char>(peek())) != 0);
      out = out * 16 + static_cast<unsigned>(std::stoul(std::string(1, peek()), nullptr, 16));
    }
    return out;
  }
  static void put(std::string& out, unsigned code) {
    const auto byte = [&](unsigned value) { out += static_cast<char>(value); };
    if (code < 0x80) {
      byte(code);
    } else if (code < 0x800) {
      byte(0xc0 + code / 64);
    } else if (code < 0x10000) {
      byte(0xe0 + code / 4096);
    } else {
      byte(0xf0 + code / 262144);
      byte(0x80 + code / 4096 % 64);
    }
    if (code >= 0x800) byte(0x80 + code / 64 % 64);
    if (code >= 0x80) byte(0x80 + code % 64);
  }
  std::string string() {
    need(word("\""));
    std::string out;
    for (;;) {
      need(at_ < text_.size());
      const auto c = static_cast<unsigned char>(text_[at_]);
      need(c >= 0x20);
      if (c == '"') break;
      if (c >= 0x80) {
        letter(out);
      } else if (c != '\\') {
        out += text_[at_++];
      } else {
        ++at_;
        static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
        const std::size_t which = kFrom.find(peek());
        if (at_ < text_.size() && which != std::string_view::npos) {
          out += kTo[which];
          ++at_;
          continue;
        }
        need(word("u"));
        unsigned code = hex4();
        if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
          const std::size_t back = at_;
          at_ += 2;
          const unsigned second = hex4();
          if (second >= 0xdc00 && second < 0xe000) {
            code = 0x10000 + (code - 0xd800) * 0x400 + second - 0xdc00;
          } else {
            at_ = back;
          }
        }
        put(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
      }
    }
    ++at_;
    return out;
  }
  // A letter beyond ASCII: decoded and encoded again, it must be the same bytes.
  void letter(std::string& out) {
    const auto first = static_cast<unsigned char>(text_[at_]);
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    const std::string_view bytes = text_.substr(at_, size);
    need(first >= 0xc0 && first < 0xf8 && bytes.size() == size);
    unsigned code = first & (0xffU >> (size + 1));
    for (const char byte : bytes.substr(1)) code = code << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
    std::string again;
    put(again, code);
    need(again == bytes && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000));
    out += again;
    at_ += size;
  }
};

class JournalTwin {
 public:
  std::vector<sweep::Study> studies = {};

  /// Throws std::exception for a line that Optuna does not read.
  void apply(std::string_view line) {
    using namespace sweep;
    using Kind = Tree::Kind;
    const Tree log = TreeParser(line).whole();
    if (log.kind != Kind::object) throw std::runtime_error("no object");
    const auto need = [&](const char* key, Kind kind) -> const Tree& {
      const Tree* out = log.find(key);
      if (out == nullptr || out->kind != kind) throw std::runtime_error(key);
      return *out;
    };
    const auto integer = [&](const char* key) {
      const Tree& out = need(key, Kind::number);
      if (!out.integer) throw std::runtime_error(key);
      return *out.integer;
    };
    const auto is_null = [&](const char* key) {
      const Tree* out = log.find(key);
      return out != nullptr && out->kind == Kind::null;
    };
    const std::int64_t op = integer("op_code");
    if (op < 0 || op > 10) throw std::runtime_error("op_code");
    if (op == 10) return;
    if (op == 0) {
      const std::string name = need("study_name", Kind::text).text;
      std::vector<Direction> directions;
      for (const Tree& each : need("directions", Kind::list).list) {
        if (!each.integer || *each.integer < 0 || *each.integer > 2) throw std::runtime_error("direction");
        directions.push_back(static_cast<Direction>(*each.integer));
      }
      if (std::ranges::none_of(studies, [&](const Study& s) { return s.name == name && !s.deleted; }))
        studies.push_back({.name = name, .directions = directions});
      return;
    }
    if (op <= 4) {
      const std::int64_t id = integer("study_id");
      if (id < 0 || id >= std::ssize(studies) || studies[static_cast<std::size_t>(id)].deleted) return;
      Study& study = studies[static_cast<std::size_t>(id)];
      if (op == 1) study.deleted = true;
      if (op == 2) attribute(study.user, need("user_attr", Kind::object));
      if (op == 3) attribute(study.system, need("system_attr", Kind::object));
      if (op == 4 && log.find("worker_id") == nullptr) throw std::runtime_error("worker_id");
      if (op == 4) create(study, log);
      if (op == 4) places_.emplace_back(static_cast<std::size_t>(id), study.trials.size() - 1);
      return;
    }
    const std::int64_t id = integer("trial_id");
    if (id < 0 || id >= std::ssize(places_)) return;
    const auto [of, number] = places_[static_cast<std::size_t>(id)];
    Study& study = studies[of];
    Trial& trial = study.trials[number];
    if (is_finished(trial.state)) return;
    if (op == 5) {
      const std::string name = need("param_name", Kind::text).text;
      const double value = need("param_value_internal", Kind::number).number;
      const Distribution distribution = parse(need("distribution", Kind::text).text);
      for (const Trial& other : study.trials) {
        const auto at = std::ranges::find_if(
            other.parameters, [&](const TrialParameter& p) { return study.parameters[p.parameter].name == name; });
        if (at == other.parameters.end()) continue;
        if (!is_compatible(study.parameters[at->parameter].distribution, distribution)) return;
        break;
      }
      set(study, trial, name, distribution, inner(distribution, value));
    } else if (op == 6) {
      const TrialState state = state_of(integer("state"));
      if (state == TrialState::running && trial.state == state) return;
      const Tree* values = log.find("values");
      if (values == nullptr || (values->kind != Kind::null && values->kind != Kind::list))
        throw std::runtime_error("values");
      const std::vector<double> numbers = numbers_of(*values);
      if (state == TrialState::running) trial.started = time(need("datetime_start", Kind::text).text);
      if (is_finished(state)) trial.completed = time(need("datetime_complete", Kind::text).text);
      trial.state = state;
      if (values->kind == Kind::list) trial.values = numbers;
    } else if (op == 7) {
      const std::int64_t step = integer("step");
      const double value =
          is_null("intermediate_value") ? std::nan("") : need("intermediate_value", Kind::number).number;
      report(trial, step, value);
    } else {
      attribute(op == 8 ? trial.user : trial.system, need(op == 8 ? "user_attr" : "system_attr", Kind::object));
    }
  }

 private:
  std::vector<std::pair<std::size_t, std::size_t>> places_ = {};

  static sweep::TrialState state_of(std::int64_t number) {
    if (number < 0 || number > 4) throw std::runtime_error("state");
    return static_cast<sweep::TrialState>(number);
  }
  static std::int64_t time(const std::string& text) {
    const auto stamp = sweep::parse_stamp(text);
    if (!stamp) throw std::runtime_error("time");
    return sweep::LocalClock().to_utc(*stamp);
  }
  static sweep::Distribution parse(const std::string& text) { return sweep::parse_distribution(text); }
  static double inner(const sweep::Distribution& of, double value) {
    if (of.index() == 0) return value;
    const double whole = std::trunc(value);
    if (!std::isfinite(whole)) throw std::runtime_error("value");
    if (const auto* choices = std::get_if<sweep::CategoricalDistribution>(&of))
      if (whole < 0 || whole >= static_cast<double>(choices->choices.size())) throw std::runtime_error("choice");
    return whole;
  }
  static std::vector<double> numbers_of(const Tree& list) {
    std::vector<double> out;
    for (const Tree& each : list.list) {
      if (each.kind != Tree::Kind::number && each.kind != Tree::Kind::null) throw std::runtime_error("values");
      out.push_back(each.kind == Tree::Kind::null ? std::nan("") : each.number);
    }
    return out;
  }
  static void attribute(std::vector<sweep::Attribute>& all, const Tree& object) {
    if (object.members.size() != 1) throw std::runtime_error("attribute");
    put(all, object.members[0]);
  }
  static void put(std::vector<sweep::Attribute>& all, const std::pair<std::string, Tree>& member) {
    for (sweep::Attribute& each : all)
      if (each.key == member.first) return void(each.json = member.second.raw);
    all.push_back({member.first, member.second.raw});
  }
  static void report(sweep::Trial& trial, std::int64_t step, double value) {
    for (sweep::Report& each : trial.reports)
      if (each.step == step) return void(each.value = value);
    trial.reports.push_back({step, value});
    std::ranges::sort(trial.reports, {}, &sweep::Report::step);
  }
  static void set(sweep::Study& study, sweep::Trial& trial, const std::string& name, const sweep::Distribution& of,
                  double value) {
    const auto known = std::ranges::find_if(study.parameters, [&](const sweep::StudyParameter& p) {
      return p.name == name && json_of(p.distribution) == json_of(of);
    });
    const auto index = static_cast<std::uint32_t>(known - study.parameters.begin());
    if (known == study.parameters.end()) study.parameters.push_back({name, of});
    for (sweep::TrialParameter& each : trial.parameters)
      if (study.parameters[each.parameter].name == name) return void(each = {index, value});
    trial.parameters.push_back({index, value});
  }
  static void create(sweep::Study& study, const Tree& log) {
    using Kind = Tree::Kind;
    const auto get = [&](const char* key, Kind kind, bool may_be_null) -> const Tree* {
      const Tree* out = log.find(key);
      if (out != nullptr && out->kind != kind && !(may_be_null && out->kind == Kind::null))
        throw std::runtime_error(key);
      return out;
    };
    sweep::Trial trial;
    if (const Tree* state = get("state", Kind::number, false)) {
      if (!state->integer) throw std::runtime_error("state");
      trial.state = state_of(*state->integer);
    }
    const Tree* start = get("datetime_start", Kind::text, true);
    if (start == nullptr) throw std::runtime_error("datetime_start");
    if (start->kind == Kind::text) trial.started = time(start->text);
    if (const Tree* end = get("datetime_complete", Kind::text, false)) trial.completed = time(end->text);
    const Tree* value = get("value", Kind::number, true);
    const Tree* values = get("values", Kind::list, true);
    if (values != nullptr) trial.values = numbers_of(*values);
    if (value != nullptr && value->kind == Kind::number) {
      if (values != nullptr && values->kind == Kind::list) throw std::runtime_error("value and values");
      trial.values = {value->number};
    }
    if (const Tree* all = get("user_attrs", Kind::object, false))
      for (const auto& member : all->members) put(trial.user, member);
    if (const Tree* all = get("system_attrs", Kind::object, false))
      for (const auto& member : all->members) put(trial.system, member);
    if (const Tree* all = get("intermediate_values", Kind::object, false)) {
      for (const auto& [key, number] : all->members) {
        std::int64_t step = 0;
        const auto [end, wrong] = std::from_chars(key.data(), key.data() + key.size(), step);
        if (wrong != std::errc() || end != key.data() + key.size()) throw std::runtime_error("step");
        if (number.kind != Kind::number && number.kind != Kind::null) throw std::runtime_error("report");
        report(trial, step, number.kind == Kind::null ? std::nan("") : number.number);
      }
    }
    std::vector<std::pair<std::string, sweep::Distribution>> distributions;
    if (const Tree* all = get("distributions", Kind::object, false)) {
      for (const auto& [name, text] : all->members) {
        if (text.kind != Kind::text) throw std::runtime_error("distribution");
        distributions.emplace_back(name, parse(text.text));
      }
    }
    if (const Tree* all = get("params", Kind::object, false)) {
      std::vector<std::pair<std::size_t, double>> found;
      for (const auto& [name, number] : all->members) {
        const auto of = std::ranges::find(distributions, name, &std::pair<std::string, sweep::Distribution>::first);
        if (of == distributions.end()) throw std::runtime_error("no distribution");
        double outer = number.number;
        if (number.kind == Kind::text) {
          const auto parsed = parse_number(number.text);
          if (!parsed) throw std::runtime_error("params");
          outer = *parsed;
        } else if (number.kind != Kind::number) {
          throw std::runtime_error("params");
        }
        found.emplace_back(of - distributions.begin(), inner(of->second, outer));
      }
      for (const auto& [which, number] : found)
        set(study, trial, distributions[which].first, distributions[which].second, number);
    }
    study.trials.push_back(trial);
  }
};

}  // namespace moola::test
