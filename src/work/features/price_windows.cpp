#include "work/features/price_windows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "market/window_features/window_checks.h"

namespace moola::work {
namespace {

data::DatasetId find_windows(const std::filesystem::path& workspace, const std::string& text) {
  data::DatasetId id = data::find_dataset(workspace, text);
  if (id.kind == "labeled_windows" || id.kind == "unlabeled_windows") return id;
  throw ConfigError(
      fmt::format("{} holds no windows; features of windows are computed on labeled_windows or unlabeled_windows. "
                  "Features of bars: moola features --bars {}/v{}",
                  data::to_string(id), id.name, id.version));
}

}  // namespace

PriceWindows::PriceWindows(const std::filesystem::path& workspace, const std::string& id)
    : reader_(workspace, find_windows(workspace, id)) {
  const data::hdf5::File& file = reader_.file();
  if (!file.has_dataset("X")) {
    data::WindowOptions options;
    options.normalize = market::Normalisation::none;
    options.order = data::Order::blocked;
    view_ = data::open_windows(workspace, reader_.id(), options);
    size_ = view_->size();
    length_ = static_cast<std::size_t>(view_->length());
    channels_ = view_->channel_names();
  } else {
    x_ = file.dataset("X");
    channels_ = file.list_attribute("channel_names");
    if (x_->type() != data::hdf5::Type::float32 || x_->shape().size() != 3 || x_->shape()[1] == 0 ||
        x_->shape()[2] != channels_.size()) {
      throw DataError(fmt::format(
          "X of {} has the shape {} in {} and {} channel names; expected windows x bars x channels in <f4, with a name "
          "for each channel.",
          file.path().string(), x_->shape(), data::hdf5::numpy_name(x_->type()), channels_.size()));
    }
    size_ = static_cast<std::int64_t>(x_->rows());
    length_ = x_->shape()[1];
  }
  for (const char* price : {"open", "high", "low", "close"}) {
    const auto at = std::ranges::find(channels_, price);
    if (at == channels_.end()) {
      throw ConfigError(fmt::format(
          "features of windows are made of open, high, low and close, and the channels of {} are {}. If they are "
          "prices, name them when the windows are imported: moola data import windows FILE --channels ohlc",
          data::to_string(reader_.id()), fmt::join(channels_, ", ")));
    }
    prices_.push_back(static_cast<std::size_t>(at - channels_.begin()));
  }
}

std::int64_t PriceWindows::piece(std::size_t more) const {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const std::size_t one = length_ * (channels_.size() * sizeof(float) + 4 * sizeof(double)) + more;
  return static_cast<std::int64_t>(std::clamp<std::size_t>(kBytes / one, 1, 65536));
}

void PriceWindows::read(std::int64_t first, std::int64_t count, Piece& out) const {
  const std::size_t bars = static_cast<std::size_t>(count) * length_, channels = channels_.size();
  out.first = first;
  out.count = count;
  out.stored.resize(bars * channels);
  if (view_) {
    std::vector<std::int64_t> index(static_cast<std::size_t>(count));
    std::iota(index.begin(), index.end(), first);
    view_->gather(index, out.stored);
  } else {
    x_->read_rows(static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(count), out.stored);
  }
  out.prices.resize(bars * 4);
  for (std::size_t bar = 0; bar < bars; ++bar) {
    for (std::size_t c = 0; c < 4; ++c) out.prices[bar * 4 + c] = out.stored[bar * channels + prices_[c]];
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const auto problem = market::price_problem(out.window(i));
    if (!problem) continue;
    throw DataError(fmt::format(
        "{} of window {} of {} ({}, counted from 0), and features of windows are made of prices that are finite and "
        "above 0. Import the windows without that one.",
        *problem, first + i, data::to_string(id()), reader_.file().path().string()));
  }
}

}  // namespace moola::work
