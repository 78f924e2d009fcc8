#include "comm/reduction.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/error.h"
#include "base/nearest.h"
#include "comm/activity.h"

namespace moola::comm {
namespace {

void add_values(std::vector<double>& into, std::span<const double> from) {
  for (std::size_t i = 0; i < into.size(); ++i) into[i] += from[i];
}

// Messages carry floats; a double travels as the two halves of its bytes, which no one adds.
std::vector<float> as_floats(std::span<const double> values) {
  std::vector<float> halves(values.size() * 2);
  std::memcpy(halves.data(), values.data(), values.size_bytes());
  return halves;
}

}  // namespace

ReduceMode parse_reduce_mode(const std::string& text) {
  if (text == "exact") return ReduceMode::exact;
  if (text == "fast") return ReduceMode::fast;
  const std::vector<std::string> known{"exact", "fast"};
  throw ConfigError("parallel.reduce = \"" + text +
                    "\" is neither \"exact\" (the same bits on any number of ranks) nor \"fast\"." +
                    did_you_mean(text, known));
}

Reduction::Reduction(Communicator world, Collectives& collectives, std::size_t floats, std::size_t doubles,
                     ReduceMode mode)
    : world_(std::move(world)), collectives_(collectives), floats_(floats), doubles_(doubles), mode_(mode) {
  assert(world_.rank() == collectives_.rank() && world_.size() == collectives_.size());
}

void Reduction::begin_step(int leaves) {
  assert(leaves >= 1);
  auto known = schedules_.find(leaves);
  const Leaves shared(leaves, world_.size());
  if (known == schedules_.end()) known = schedules_.emplace(leaves, tree_schedule(shared, world_.rank())).first;
  schedule_ = &known->second;
  own_ = shared.of(world_.rank());
  next_leaf_ = own_.begin;
  depth_ = 0;
  value_slots_.clear();
}

float* Reduction::slot(std::size_t number) {
  while (slots_.size() <= number) slots_.push_back(collectives_.allocate(floats_));
  return slots_[number].get();
}

void Reduction::add_leaf(int leaf, const float* gradient, std::span<const double> values) {
  assert(schedule_ != nullptr && leaf == next_leaf_ && leaf < own_.end && values.size() == doubles_);
  const int merges = schedule_->merges_after[static_cast<std::size_t>(leaf - own_.begin)];
  ++next_leaf_;

  value_slots_.emplace_back(values.begin(), values.end());
  for (int i = 0; i < merges; ++i) {
    add_values(value_slots_[value_slots_.size() - 2], value_slots_.back());
    value_slots_.pop_back();
  }

  if (floats_ == 0) return;
  if (mode_ == ReduceMode::fast) {
    if (leaf == own_.begin) {
      collectives_.copy(slot(0), gradient, floats_);
    } else {
      collectives_.add(slot(0), gradient, floats_);
    }
    return;
  }
  if (merges == 0) {
    collectives_.copy(slot(depth_++), gradient, floats_);
    return;
  }
  // The first merge takes the leaf from where it is: it need not be copied to the stack first.
  collectives_.add(slot(depth_ - 1), gradient, floats_);
  for (int i = 1; i < merges; ++i) {
    collectives_.add(slot(depth_ - 2), slot(depth_ - 1), floats_);
    --depth_;
  }
}

void Reduction::reduce_floats(float* total) {
  if (mode_ == ReduceMode::fast) {
    if (own_.size() == 0) collectives_.set_zero(slot(0), floats_);
    const WaitingIn waiting("all-reduce of the gradient");
    collectives_.all_reduce_sum(slot(0), floats_);
    collectives_.copy(total, slot(0), floats_);
    return;
  }
  for (const TreeSchedule::Round& round : schedule_->rounds) {
    while (received_.size() < round.receives.size()) received_.push_back(collectives_.allocate(floats_));
    std::vector<Send> sends;
    std::vector<Receive> receives;
    for (const auto& [peer, from] : round.sends)
      sends.push_back({peer, {slot(static_cast<std::size_t>(from)), floats_}});
    for (const auto& [peer, into] : round.receives)
      receives.push_back({peer, {received_[static_cast<std::size_t>(into)].get(), floats_}});
    if (!sends.empty() || !receives.empty()) {
      const WaitingIn waiting("gradient tree", receives.empty() ? sends.front().peer : receives.front().peer);
      collectives_.exchange(sends, receives);
    }
    for (const auto& [into, from, received] : round.additions) {
      const auto number = static_cast<std::size_t>(from);
      collectives_.add(slot(static_cast<std::size_t>(into)), received ? received_[number].get() : slot(number),
                       floats_);
    }
  }
  if (world_.rank() == 0) collectives_.copy(total, slot(0), floats_);
  const WaitingIn waiting("broadcast of the gradient", 0);
  collectives_.broadcast(total, floats_, 0);
}

void Reduction::reduce_values(std::span<double> values) {
  const std::size_t halves = doubles_ * 2;
  for (const TreeSchedule::Round& round : schedule_->rounds) {
    std::vector<std::vector<float>> outgoing, incoming(round.receives.size(), std::vector<float>(halves));
    std::vector<Send> sends;
    std::vector<Receive> receives;
    for (const auto& [peer, from] : round.sends)
      outgoing.push_back(as_floats(value_slots_[static_cast<std::size_t>(from)]));
    for (std::size_t i = 0; i < outgoing.size(); ++i) sends.push_back({round.sends[i].peer, outgoing[i]});
    for (std::size_t i = 0; i < incoming.size(); ++i) receives.push_back({round.receives[i].peer, incoming[i]});
    if (!sends.empty() || !receives.empty()) {
      const WaitingIn waiting("loss tree", receives.empty() ? sends.front().peer : receives.front().peer);
      world_.exchange(sends, receives);
    }
    for (const auto& [into, from, received] : round.additions) {
      const auto number = static_cast<std::size_t>(from);
      std::vector<double> right(doubles_);
      if (received) {
        std::memcpy(right.data(), incoming[number].data(), doubles_ * sizeof(double));
      } else {
        right = value_slots_[number];
      }
      add_values(value_slots_[static_cast<std::size_t>(into)], right);
    }
  }
  if (world_.rank() == 0) std::copy(value_slots_.front().begin(), value_slots_.front().end(), values.begin());
  const WaitingIn waiting("broadcast of the losses", 0);
  world_.broadcast(values, 0);
}

void Reduction::finish(float* total, std::span<double> values) {
  assert(schedule_ != nullptr && next_leaf_ == own_.end && values.size() == doubles_);
  if (floats_ > 0) {
    reduce_floats(total);
    collectives_.check();
  }
  if (doubles_ > 0) reduce_values(values);
  if (floats_ > 0) {
    // Whoever reads the total next would wait for a GPU without an end if a rank is gone; the fence notices.
    const WaitingIn waiting("gradient on its way");
    collectives_.fence();
  }
  schedule_ = nullptr;
}

}  // namespace moola::comm
