#include <fmt/format.h>

#include "work/sweep/honesty/honesty.h"

namespace moola::work {
namespace {

std::string of_returns(const Json& honesty) {
  const Json& returns = honesty["returns"];
  std::string out =
      fmt::format("honesty  {} complete trials, {} with returns at {} moments", honesty["complete"].get<std::size_t>(),
                  returns["trials"].get<std::size_t>(), returns["rows"].get<std::size_t>());
  if (returns.contains("from")) {
    out += fmt::format(" from {} to {} ({}, {})", returns["from"].get<std::string>(), returns["to"].get<std::string>(),
                       returns["resolution"].get<std::string>(),
                       returns["compounding"] == "log" ? "added up" : "compounded");
  }
  return out + "\n";
}

std::string of_sharpe(const Json& honesty) {
  if (honesty["dsr"].is_null())
    return fmt::format("  DSR    does not apply: {}\n", honesty["no_dsr"].get<std::string>());
  std::string sharpe = fmt::format("{:.4g} a row", honesty["sharpe"].get<double>());
  if (!honesty["annual_sharpe"].is_null())
    sharpe += fmt::format(", {:.3g} a year", honesty["annual_sharpe"].get<double>());
  return fmt::format(
      "  DSR    {:.3f}: how likely the Sharpe ratio of trial {} ({}) is above {:.4g}, what the best of {} trials "
      "without skill has\n"
      "         {:.3f} against the best of {} effective trials\n",
      honesty["dsr"].get<double>(), honesty["judged"].get<std::uint64_t>(), sharpe,
      honesty["expected_maximum"].get<double>(), honesty["trials"].get<std::size_t>(),
      honesty["effective_dsr"].get<double>(), honesty["effective_trials"].get<std::size_t>());
}

std::string of_overfitting(const Json& honesty) {
  const Json& found = honesty["overfitting"];
  if (found.is_null())
    return fmt::format("  PBO    does not apply: {}\n", honesty["no_overfitting"].get<std::string>());
  return fmt::format("  PBO    {:.3f} over {} trials, by the Sharpe ratio of their returns: {}{}\n",
                     found["pbo"].get<double>(), found["trials"].get<std::size_t>(),
                     found["verdict"].get<std::string>(),
                     found["coarse"].get<bool>() ? "; with so few trials it is coarse" : "");
}

std::string of_folds(const Json& honesty) {
  const Json& found = honesty["fold_scores"];
  if (found.is_null()) return {};
  return fmt::format(
      "  folds  mean score {:.6g} of the best, {:.6g} of all {} trials; the best of {} effective ones that do not "
      "differ "
      "has {:.6g}, of all of them {:.6g}\n",
      found["best_mean"].get<double>(), found["grand_mean"].get<double>(), found["trials"].get<std::size_t>(),
      found["effective_trials"].get<std::size_t>(), found["expected_best"].get<double>(),
      found["expected_best_of_all"].get<double>());
}

}  // namespace

std::string honesty_text(const Json& honesty) {
  std::string out;
  if (honesty["returns"].is_null()) {
    out = fmt::format("honesty  DSR and PBO do not apply: {}\n", honesty["no_returns"].get<std::string>());
  } else {
    out = of_returns(honesty) + of_sharpe(honesty) + of_overfitting(honesty);
  }
  out += of_folds(honesty);
  for (const Json& note : honesty["notes"]) out += fmt::format("  note   {}\n", note.get<std::string>());
  return out;
}

}  // namespace moola::work
