#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace moola::cluster::runpod {

/// One object of an answer, read field by field. What is missing or of another type is a DataError that names the
/// field by its way from the top ("pods[3].cost"), what was expected and what stands there. Fields that nobody asks
/// for are nobody's business: the interface grows.
///
/// `value` must live longer than this.
class AnswerFields {
 public:
  /// `where` names the object in messages.
  AnswerFields(const Json& value, std::string where);

  std::string text(const char* name) const;
  double number(const char* name) const;
  std::int64_t whole(const char* name) const;

  // Of these, one that is missing or null is what the function says.
  std::string text_or_empty(const char* name) const;
  std::optional<double> number_if(const char* name) const;
  std::optional<std::int64_t> whole_if(const char* name) const;
  bool flag_or_false(const char* name) const;
  /// A time of RFC 3339 in nanoseconds UTC; kNoTime where there is none.
  std::int64_t moment_or_none(const char* name) const;
  std::vector<std::string> texts_or_none(const char* name) const;
  /// An object of texts, in the order of its keys.
  std::vector<std::pair<std::string, std::string>> pairs_or_none(const char* name) const;
  std::optional<AnswerFields> object_if(const char* name) const;
  /// Calls `each` for every object of the list.
  void objects_or_none(const char* name, const std::function<void(const AnswerFields&)>& each) const;
  /// The same of a list that must be there.
  void objects(const char* name, const std::function<void(const AnswerFields&)>& each) const;

 private:
  const Json* value_;
  std::string where_;

  std::string way_to(const char* name) const;
  const Json* find(const char* name) const;
  const Json& need(const char* name, const char* expected) const;
  [[noreturn]] static void refuse(const std::string& way, const char* expected, const Json* found);
};

}  // namespace moola::cluster::runpod
