#include "work/evaluate/rows/window_normaliser.h"

#include <algorithm>

namespace moola::work {

using market::Normalisation;

WindowNormaliser::WindowNormaliser(const std::string& text, const std::vector<std::string>& channels)
    : channels_(channels.size()) {
  const auto add = [&](Normalisation normalisation, const auto& takes) {
    std::vector<std::size_t> from;
    std::vector<std::string> names;
    for (std::size_t c = 0; c < channels.size(); ++c) {
      if (!takes(channels[c])) continue;
      from.push_back(c);
      names.push_back(channels[c]);
    }
    if (from.empty()) return;
    parts_.push_back({std::move(from), market::WindowTransform(normalisation, std::move(names))});
    const std::vector<std::string>& out = parts_.back().transform.channel_names();
    names_.insert(names_.end(), out.begin(), out.end());
  };
  const auto every = [](const std::string&) { return true; };
  const auto price = [](const std::string& name) { return market::is_price(name); };
  const bool none = std::ranges::none_of(channels, price);
  const bool close = std::ranges::find(channels, "close") != channels.end();
  const bool usual = text == "usual";
  const Normalisation chosen = !usual  ? market::parse_normalisation(text)
                               : none  ? Normalisation::none
                               : close ? Normalisation::window_log_return
                                       : Normalisation::zscore;
  const bool of_all = !usual && (chosen == Normalisation::zscore || chosen == Normalisation::none);
  // Without a price by its name, the transform itself says what it takes: one channel alone may be one.
  if (of_all || none) {
    add(chosen, every);
    return;
  }
  add(chosen, price);
  add(Normalisation::none, [&](const std::string& name) { return !price(name); });
}

std::optional<std::string> WindowNormaliser::operator()(std::span<const float> window, std::span<float> out) const {
  const std::size_t bars = window.size() / channels_;
  std::vector<double> in;
  std::vector<float> made;
  std::size_t at = 0;
  for (const Part& part : parts_) {
    in.clear();
    for (std::size_t bar = 0; bar < bars; ++bar) {
      for (const std::size_t c : part.from) in.push_back(static_cast<double>(window[bar * channels_ + c]));
    }
    if (auto problem = part.transform.problem(in)) return problem;
    const std::size_t channels = part.transform.channels_out();
    made.resize(bars * channels);
    part.transform(in, made);
    for (std::size_t bar = 0; bar < bars; ++bar)
      std::copy_n(made.data() + bar * channels, channels, out.data() + bar * names_.size() + at);
    at += channels;
  }
  return std::nullopt;
}

}  // namespace moola::work
