#pragma once
#include <fmt/format.h>

#include <string>
#include <vector>

#include "cluster/runpod/client.h"

namespace moola::cluster::runpod {

/// Makes the one thing called `name`, or finds it.
///
/// list() gives all that there are, create() makes one and may throw LostAnswer, remove(id) ends one. What a lost
/// answer may have left behind is looked for before another is made; and, as a list can lag behind, once more
/// afterwards: a second one of the name, which only a lost answer can have made, is ended.
template <class T>
Made<T> make_once(ApiSession& session, const std::string& what, const std::string& name, const auto& list,
                  const auto& create, const auto& remove) {
  const auto called = [&] {
    std::vector<T> found;
    for (T& one : list()) {
      if (one.name == name) found.push_back(std::move(one));
    }
    return found;
  };
  const auto only = [&](std::vector<T>& found) -> T& {
    if (found.size() > 1) {
      throw ConfigError(
          fmt::format("RunPod has {} {}s called '{}', {} and {} among them. Names tell them apart: end what "
                      "is not needed, in the console or by `moola runpod pods --end-orphans`.",
                      found.size(), what, name, found[0].id, found[1].id));
    }
    return found.front();
  };
  if (std::vector<T> found = called(); !found.empty()) return {std::move(only(found)), true};
  for (int attempt = 1;; ++attempt) {
    try {
      T made = create();
      if (attempt > 1) {
        for (const T& one : called()) {
          if (one.id != made.id) remove(one.id);
        }
      }
      return {std::move(made), false};
    } catch (const LostAnswer& lost) {
      session.wait_before_attempt(attempt + 1);
      if (std::vector<T> found = called(); !found.empty()) return {std::move(only(found)), false};
      if (attempt >= session.patience().attempts) {
        throw ApiError(
            fmt::format("{} No {} called '{}' is there after {} attempts.", lost.what(), what, name, attempt),
            lost.status(), lost.detail());
      }
    }
  }
}

}  // namespace moola::cluster::runpod
