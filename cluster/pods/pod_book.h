#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/utc_time.h"

namespace moola::cluster {

/// A pod, or a cluster of them, that was rented for a run.
struct Rental {
  std::string name;     // what RunPod knows it by, besides its id
  std::string id = {};  // empty: whoever rented it was stopped before it knew
  bool is_cluster = false;
  std::string gpu = {};         // empty: none
  double per_hour = 0;          // US dollars, all pods together
  std::int64_t made = kNoTime;  // when it was asked for
  std::int64_t ended = kNoTime;
  std::string why = {};  // it has ended
  bool was_lost = false;
  bool begun = false;  // everything was sent, and it was told to begin

  /// US dollars by the clock, up to `now`.
  double cost(std::int64_t now) const;
  double seconds(std::int64_t now) const;
};

/// What was rented for a run, in RUN/pods.jsonl: one line for each thing that has happened, durable before the next is
/// done. See runpod::PodOwners.
class PodBook {
 public:
  /// Throws DataError, IoError.
  explicit PodBook(const std::filesystem::path& run_folder);

  const std::vector<Rental>& rentals() const { return rentals_; }
  /// The last, while it has not ended; null: nothing is rented.
  const Rental* current() const;
  std::int64_t lost() const;
  /// Why nothing more is rented; none: it may be.
  const std::optional<std::string>& closed() const { return closed_; }
  /// Words of `moola` that the machine has still to be told: a retry of what has failed.
  const std::vector<std::vector<std::string>>& orders() const { return orders_; }
  /// What the last machine that was told to begin has made is here.
  bool fetched() const { return fetched_; }
  double dollars(std::int64_t now) const;

  /// Before RunPod is asked.
  void begin_rental(const std::string& name, std::int64_t now);
  void made(const Rental& rental);
  /// Everything was sent, and the machine told to begin, as soon as it is there.
  void sent(const std::string& name);
  void ended(const std::string& name, const std::string& why, bool was_lost, std::int64_t now);
  void results_are_here();
  void close(const std::string& why);
  void open_again();
  void order(const std::vector<std::string>& words);
  void obeyed(std::size_t orders);

 private:
  std::filesystem::path file_;
  std::vector<Rental> rentals_;
  std::optional<std::string> closed_;
  std::vector<std::vector<std::string>> orders_;
  bool fetched_ = true;  // nothing has begun yet

  Rental& named(const std::string& name);
};

}  // namespace moola::cluster
