#include "cluster/pods/pod_book.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "cluster/run/event_file.h"
#include "cluster/run/record_field.h"

namespace moola::cluster {
namespace {

constexpr const char* kLine = "a line of pods.jsonl";

}  // namespace

double Rental::seconds(std::int64_t now) const {
  if (made == kNoTime || id.empty()) return 0;
  return std::max(0.0, static_cast<double>((ended == kNoTime ? now : ended) - made) / 1e9);
}

double Rental::cost(std::int64_t now) const {
  return per_hour * seconds(now) / 3600;
}

PodBook::PodBook(const std::filesystem::path& run_folder) : file_(run_folder / "pods.jsonl") {
  for (const Json& event : read_events(file_)) {
    const std::string kind = text_at(event, "event", kLine);
    if (kind == "closed") {
      closed_ = text_at(event, "why", kLine);
    } else if (kind == "open") {
      closed_.reset();
    } else if (kind == "fetched") {
      fetched_ = true;
    } else if (kind == "order") {
      orders_.push_back(event.value("words", std::vector<std::string>()));
    } else if (kind == "obeyed") {
      const auto count = std::min(event.value("count", std::size_t{0}), orders_.size());
      orders_.erase(orders_.begin(), orders_.begin() + static_cast<std::ptrdiff_t>(count));
    } else if (kind == "renting") {
      rentals_.push_back({.name = text_at(event, "name", kLine), .made = parse_utc(text_at(event, "time", kLine))});
    } else {
      Rental& rental = named(text_at(event, "name", kLine));
      if (kind == "made") {
        rental.is_cluster = event.contains("cluster");
        rental.id = text_at(event, rental.is_cluster ? "cluster" : "pod", kLine);
        rental.gpu = event.value("gpu", "");
        rental.per_hour = event.value("per_hour", 0.0);
        rental.made = parse_utc(text_at(event, "time", kLine));
      } else if (kind == "sent") {
        rental.begun = true;
        fetched_ = false;
      } else if (kind == "ended") {
        rental.ended = parse_utc(text_at(event, "time", kLine));
        rental.why = text_at(event, "why", kLine);
        rental.was_lost = event.value("lost", false);
      } else {
        throw DataError(fmt::format("{} has a line that is none: {}", file_.string(), json_text(event)));
      }
    }
  }
}

Rental& PodBook::named(const std::string& name) {
  const auto at = std::ranges::find(rentals_, name, &Rental::name);
  if (at == rentals_.end()) throw DataError(fmt::format("{} knows nothing of {}.", file_.string(), name));
  return *at;
}

const Rental* PodBook::current() const {
  return rentals_.empty() || rentals_.back().ended != kNoTime ? nullptr : &rentals_.back();
}

std::int64_t PodBook::lost() const {
  return std::ranges::count(rentals_, true, &Rental::was_lost);
}

double PodBook::dollars(std::int64_t now) const {
  double out = 0;
  for (const Rental& each : rentals_) out += each.cost(now);
  return out;
}

void PodBook::begin_rental(const std::string& name, std::int64_t now) {
  append_event(file_, {{"event", "renting"}, {"name", name}, {"time", utc_text(now)}});
  rentals_.push_back({.name = name, .made = now});
}

void PodBook::made(const Rental& rental) {
  append_event(file_, {{"event", "made"},
                       {"name", rental.name},
                       {rental.is_cluster ? "cluster" : "pod", rental.id},
                       {"gpu", rental.gpu},
                       {"per_hour", rental.per_hour},
                       {"time", utc_text(utc_now())}});
  Rental& own = named(rental.name);
  own.made = utc_now();  // what it is paid for from
  own.id = rental.id;
  own.is_cluster = rental.is_cluster;
  own.gpu = rental.gpu;
  own.per_hour = rental.per_hour;
}

void PodBook::sent(const std::string& name) {
  append_event(file_, {{"event", "sent"}, {"name", name}});
  named(name).begun = true;
  fetched_ = false;
}

void PodBook::results_are_here() {
  append_event(file_, {{"event", "fetched"}});
  fetched_ = true;
}

void PodBook::ended(const std::string& name, const std::string& why, bool was_lost, std::int64_t now) {
  append_event(file_, {{"event", "ended"}, {"name", name}, {"why", why}, {"lost", was_lost}, {"time", utc_text(now)}});
  Rental& own = named(name);
  own.ended = now;
  own.why = why;
  own.was_lost = was_lost;
}

void PodBook::close(const std::string& why) {
  append_event(file_, {{"event", "closed"}, {"why", why}});
  closed_ = why;
}

void PodBook::open_again() {
  append_event(file_, {{"event", "open"}});
  closed_.reset();
}

void PodBook::order(const std::vector<std::string>& words) {
  append_event(file_, {{"event", "order"}, {"words", words}});
  orders_.push_back(words);
}

void PodBook::obeyed(std::size_t orders) {
  append_event(file_, {{"event", "obeyed"}, {"count", orders}});
  orders_.erase(orders_.begin(), orders_.begin() + static_cast<std::ptrdiff_t>(std::min(orders, orders_.size())));
}

}  // namespace moola::cluster
