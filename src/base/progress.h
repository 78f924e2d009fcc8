#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace moola {

/// How far a long loop has come: a bar with rate and time left on a terminal, one line every 30 s when there is none.
///
///     Progress progress("pretrain", total_windows, "windows");
///     progress.update(done, "loss 0.0123");
class Progress {
 public:
  using Clock = std::chrono::steady_clock;

  /// `unit` is what is counted, for the rate: "windows", "rows", "B" (bytes are shown as MB). total = 0: unknown.
  /// `now` is the clock, for tests.
  Progress(std::string title, std::int64_t total, std::string unit,
           std::function<Clock::time_point()> now = Clock::now);
  /// Takes the bar off the terminal.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Cheap: draws ten times a second at most. `done` counts from the loop's true beginning; what a resumed run has
  /// behind it is given once as `already`, and does not count for the rate.
  void update(std::int64_t done, const std::string& note = {});
  void start_at(std::int64_t already);

 private:
  std::string title_, unit_;
  std::function<Clock::time_point()> now_;
  std::int64_t total_, already_ = 0;
  Clock::time_point began_, last_drawn_;
  bool drawn_ = false;
};

}  // namespace moola
