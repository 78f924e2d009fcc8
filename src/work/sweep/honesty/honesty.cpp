#include "work/sweep/honesty/honesty.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/thread_count.h"
#include "base/utc_time.h"
#include "validation/overfitting.h"
#include "validation/sharpe.h"
#include "work/sweep/honesty/best_so_far.h"
#include "work/sweep/honesty/effective_trials.h"
#include "work/sweep/honesty/fold_scores.h"
#include "work/sweep/honesty/honesty_settings.h"
#include "work/sweep/honesty/study_returns.h"
#include "work/sweep/honesty/trial_recorder.h"
#include "work/sweep/study/best_trial.h"
#include "work/sweep/study/study_summary.h"
#include "work/sweep/study/trial_attributes.h"

namespace moola::work {
namespace {

constexpr double kYear = 365.25 * 86400e9;  // ns
constexpr std::size_t kMostBlocks = 16, kFewestBlocks = 4, kShownLeftOut = 20;

class Appraisal {
 public:
  Appraisal(const sweep::Study& study, const std::filesystem::path& folder, unsigned threads)
      : study_(study), folder_(folder), threads_(thread_count(threads)), settings_(honesty_settings_of(folder)) {}

  Json run() {
    read();
    deflate();
    overfit();
    score_folds();
    out_["best_so_far"] = study_.directions.size() == 1
                              ? best_so_far(study_, moving_, moments_, luck_ ? luck_->mean_noise : kNone)
                              : Json(nullptr);
    look_at_test_part();
    out_["notes"] = std::move(notes_);
    return std::move(out_);
  }

 private:
  static constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

  const sweep::Study& study_;
  const std::filesystem::path& folder_;
  unsigned threads_;
  HonestySettings settings_;
  StudyReturns all_, moving_;                       // moving: without trials whose returns never change
  StudyReturns means_;                              // of trials of several paths, the mean over them; else as all_
  std::vector<validation::ReturnMoments> moments_;  // of `moving_`
  std::optional<std::uint64_t> judged_;
  std::optional<FoldLuck> luck_;
  std::vector<std::string> notes_;
  Json out_ = Json::object();

  void read() {
    if (const std::optional<BestTrial> best = best_trial(study_)) judged_ = best->number;
    all_ = read_study_returns(study_, folder_, judged_);
    means_ = read_study_returns(study_, folder_, judged_, PathsAs::mean);
    moving_ = all_.moving();
    for (std::size_t c = 0; c < moving_.columns() && moving_.rows() >= 3; ++c) {
      moments_.push_back(validation::measure_returns(moving_.column(c)));
      moments_.back().observations = telling_observations(moving_.trials[c], moving_.rows());
    }
    if (study_.directions.size() > 1) judge_front();
    out_["complete"] = all_.complete;
    out_["judged"] = judged_ ? Json(*judged_) : Json(nullptr);
    tell_returns();
  }

  void judge_front() {
    double highest = -std::numeric_limits<double>::infinity();
    for (const std::uint64_t number : front_of(study_)) {
      const std::optional<std::size_t> at = moving_.find(number);
      if (!at || *at >= moments_.size() || !(moments_[*at].sharpe > highest)) continue;
      highest = moments_[*at].sharpe;
      judged_ = number;
    }
  }

  // Returns that are independent of each other as far as the trial's models are.
  std::size_t telling_observations(std::uint64_t trial, std::size_t rows) const {
    const std::optional<Json> said = read_attribute(study_.trials[trial].user, kSharedTraining);
    const std::optional<double> shared = said ? json_number(*said) : std::nullopt;
    if (!shared || !(*shared > 1)) return rows;
    return 1 + static_cast<std::size_t>(static_cast<double>(rows - 1) / *shared);
  }

  void tell_returns() {
    if (all_.columns() == 0) {
      out_["returns"] = nullptr;
      out_["no_returns"] = why_no_returns();
      return;
    }
    Json left_out = Json::array();
    for (std::size_t i = 0; i < std::min(all_.left_out.size(), kShownLeftOut); ++i)
      left_out.push_back(all_.left_out[i]);
    Json returns = {{"trials", all_.columns()}, {"rows", all_.rows()}};
    if (all_.time.empty()) {
      returns["resolution"] = nullptr;
      if (all_.rows() > 0) notes_.emplace_back("the returns have no times: rows are taken as the trials wrote them");
    } else {
      returns["from"] = utc_text(all_.time.front());
      returns["to"] = utc_text(all_.time.back());
      returns["resolution"] = to_string(settings_.resolution);
      returns["compounding"] = settings_.compounding == Compounding::log ? "log" : "simple";
    }
    returns.update({{"longest", all_.longest},
                    {"without", all_.without},
                    {"left_out_trials", all_.left_out.size()},
                    {"left_out", std::move(left_out)}});
    out_["returns"] = std::move(returns);
    if (all_.without > 0)
      notes_.push_back(fmt::format("{} of {} complete trials have kept no returns{}; they count as trials",
                                   all_.without, all_.complete, first_fault()));
    if (!all_.left_out.empty())
      notes_.push_back(fmt::format("{} trials with returns can't stand beside the others ({}); they count as trials",
                                   all_.left_out.size(), all_.left_out.front()));
    if (all_.rows() < all_.longest)
      notes_.push_back(fmt::format("trials have {} rows in common, and the longest has {}: the others are left out",
                                   all_.rows(), all_.longest));
    if (moving_.columns() < all_.columns())
      notes_.push_back(
          fmt::format("the returns of {} trials never change; they count as trials, and have no Sharpe ratio",
                      all_.columns() - moving_.columns()));
  }

  std::string first_fault() const {
    for (const sweep::Trial& trial : study_.trials) {
      const std::optional<Json> fault = read_attribute(trial.user, kReturnsFault);
      if (fault && fault->is_string()) return fmt::format(" (the first to be refused: {})", fault->get<std::string>());
    }
    return {};
  }

  std::string why_no_returns() const {
    if (all_.complete == 0) return "no trial is complete";
    if (!all_.left_out.empty()) return all_.left_out.front();
    return fmt::format(
        "no complete trial has kept out-of-sample returns: a program names a file of them by `returns` in its answer, "
        "and of jobs those keep them that trade{}",
        first_fault());
  }

  void deflate() {
    for (const char* key : {"sharpe", "annual_sharpe", "effective_observations", "psr"}) out_[key] = nullptr;
    out_["trials"] = all_.complete;
    for (const char* key : {"trial_variance", "expected_maximum", "dsr", "effective_trials", "effective_dsr"})
      out_[key] = nullptr;
    const std::string why = why_no_dsr();
    if (!why.empty()) {
      out_["no_dsr"] = why;
      return;
    }
    std::vector<double> sharpes;
    for (const validation::ReturnMoments& each : moments_) sharpes.push_back(each.sharpe);
    const validation::ReturnMoments& best = moments_[*moving_.find(*judged_)];
    const auto trials = static_cast<double>(all_.complete);
    const double variance = validation::variance_of_trials(sharpes, moving_.rows());
    out_["sharpe"] = best.sharpe;
    if (!moving_.time.empty()) {
      const double span = static_cast<double>(moving_.time.back()) - static_cast<double>(moving_.time.front());
      out_["annual_sharpe"] = best.sharpe * std::sqrt(static_cast<double>(moving_.rows() - 1) * kYear / span);
    }
    out_["effective_observations"] = best.observations;
    if (best.observations < moving_.rows())
      notes_.push_back(
          fmt::format("the {} returns of trial {} tell as much as {} independent ones: each of its models was trained "
                      "on the others' test parts",
                      moving_.rows(), *judged_, best.observations));
    out_["psr"] = validation::probabilistic_sharpe(best);
    out_["trial_variance"] = variance;
    out_["expected_maximum"] = validation::deflation_benchmark(variance, trials);
    out_["dsr"] = validation::deflated_sharpe(best, variance, trials);
    const EffectiveTrials effective = effective_trials(means_.values, means_.columns(), threads_);
    const double cluster_variance =
        effective.sharpe_variance > 0 ? effective.sharpe_variance : 1.0 / static_cast<double>(moving_.rows() - 1);
    out_["effective_trials"] = effective.count;
    out_["clustered_trials"] = effective.looked_at;
    out_["effective_dsr"] = validation::deflated_sharpe(best, cluster_variance, static_cast<double>(effective.count));
    if (effective.looked_at < all_.columns())
      notes_.push_back(
          fmt::format("the effective number is of {} of {} trials, evenly spaced: there are at least so many",
                      effective.looked_at, all_.columns()));
  }

  std::string why_no_dsr() const {
    if (all_.columns() == 0) return why_no_returns();
    if (moments_.empty()) return fmt::format("{} rows that all trials have are too few", all_.rows());
    if (!judged_) return "no trial is the best one";
    if (!moving_.find(*judged_)) {
      return all_.find(*judged_) ? fmt::format("the returns of trial {} never change: it did nothing", *judged_)
                                 : fmt::format("trial {}, the best one, has kept no returns", *judged_);
    }
    return {};
  }

  void overfit() {
    out_["overfitting"] = nullptr;
    std::string why;
    const StudyReturns moving = means_.moving();
    const std::size_t blocks = std::min(kMostBlocks, moving.rows() / 4 * 2);
    if (all_.columns() == 0) {
      why = why_no_returns();
    } else if (moving.columns() < 2) {
      why = fmt::format("{} of the trials {} returns that move: where nothing is chosen nothing can be overfit",
                        moving.columns(), moving.columns() == 1 ? "has" : "have");
    } else if (blocks < kFewestBlocks) {
      why = fmt::format("{} rows that all trials have are too few to be cut into blocks", moving.rows());
    }
    if (!why.empty()) {
      out_["no_overfitting"] = why;
      return;
    }
    const validation::Overfitting found =
        validation::backtest_overfitting(moving.values, moving.columns(), {.blocks = blocks}, threads_);
    out_["overfitting"] = {{"pbo", found.pbo},
                           {"trials", found.configurations},
                           {"blocks", blocks},
                           {"combinations", found.combinations},
                           {"rows", found.rows},
                           {"prob_loss", found.prob_loss},
                           {"slope", found.slope},
                           {"coarse", found.coarse()},
                           {"verdict", fmt::format("the choice {}", found.verdict())}};
  }

  void score_folds() {
    out_["fold_scores"] = nullptr;
    const std::optional<FoldScores> scores = fold_scores_of(study_);
    if (!scores || study_.directions.size() != 1 || !judged_) return;
    const auto at = std::ranges::find(scores->trials, *judged_);
    if (at == scores->trials.end()) return;
    luck_ = measure_fold_luck(*scores, static_cast<std::size_t>(at - scores->trials.begin()),
                              study_.directions.front() == sweep::Direction::maximize, threads_);
    if (!luck_) return;
    out_["fold_scores"] = {{"trials", scores->trials.size()},
                           {"folds", scores->folds},
                           {"grand_mean", luck_->grand_mean},
                           {"best_mean", luck_->best_mean},
                           {"noise", luck_->noise},
                           {"mean_noise", luck_->mean_noise},
                           {"expected_best", luck_->expected_best},
                           {"expected_best_of_all", luck_->expected_of_all},
                           {"effective_trials", luck_->effective}};
  }

  void look_at_test_part() {
    if (!settings_.has_outer_test) {
      out_["outer_test"] = nullptr;
      notes_.emplace_back(
          "no outer test part was set aside (honesty.test_from): nothing here tells what the winner does on times that "
          "no trial has seen");
      return;
    }
    const bool open = settings_.test_to == HonestySettings{}.test_to;
    out_["outer_test"] = {{"from", utc_text(settings_.test_from)},
                          {"to", open ? Json(nullptr) : Json(utc_text(settings_.test_to))}};
  }
};

}  // namespace

Json honesty_json(const sweep::Study& study, const std::filesystem::path& study_folder, unsigned threads) {
  return Appraisal(study, study_folder, threads).run();
}

}  // namespace moola::work
