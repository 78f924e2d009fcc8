#include "data/windows/labelled_windows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace moola::data {
namespace {

class Reading {
 public:
  explicit Reading(const DatasetReader& reader) : file_(reader.file()), path_(file_.path().string()) {}

  LabelledWindows run() {
    read_values();
    column("y", out_.y);
    if (out_.y.empty()) fail("has no labels (y)");
    out_.label_names = file_.list_attribute("label_names");
    for (const auto& [name, values] : {std::pair("t0", &out_.t0),
                                       {"t1", &out_.t1},
                                       {"group", &out_.group},
                                       {"raw_start", &out_.raw_start},
                                       {"raw_end", &out_.raw_end}})
      column(name, *values);
    column("weight", out_.weight);
    column("symbol", out_.symbol);
    if (!out_.symbol.empty()) out_.symbols = file_.list_attribute("symbols");
    check_numbers("y", out_.y, out_.label_names.size());
    check_numbers("symbol", out_.symbol, out_.symbols.size());
    if (out_.t0.size() != out_.t1.size()) fail("has only one of t0 and t1; an interval has both");
    for (std::size_t i = 0; i < out_.t0.size(); ++i) {
      if (out_.t1[i] < out_.t0[i]) fail(fmt::format("has t1 before t0 in window {}", i));
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw DataError(fmt::format("{} {}.", path_, what)); }

  void read_values() {
    if (!file_.has_dataset("X")) fail("holds no windows (X)");
    const hdf5::Dataset x = file_.dataset("X");
    out_.channel_names = file_.list_attribute("channel_names");
    if (x.shape().size() != 3 || x.shape()[1] == 0 || x.shape()[2] != out_.channels()) {
      fail(
          fmt::format("has X with {} axes and {} channel names; expected windows x bars x channels, with a name for "
                      "each channel",
                      x.shape().size(), out_.channels()));
    }
    windows_ = x.rows();
    out_.length = x.shape()[1];
    out_.x = x.read<float>();
    if (!file_.has_dataset("X_feats")) return;
    const hdf5::Dataset feats = file_.dataset("X_feats");
    out_.feature_names = file_.list_attribute("feature_names");
    if (feats.shape() != hdf5::Shape{windows_, out_.feature_names.size()})
      fail(fmt::format("has X_feats of another shape than {} windows x {} names", windows_, out_.feature_names.size()));
    out_.feats = feats.read<float>();
  }

  template <class T>
  void column(const char* name, std::vector<T>& into) const {
    if (!file_.has_dataset(name)) return;
    const hdf5::Dataset dataset = file_.dataset(name);
    if (dataset.shape() != hdf5::Shape{windows_})
      fail(fmt::format("has data set '{}' of {} rows for {} windows", name, dataset.rows(), windows_));
    into = dataset.read<T>();
  }

  void check_numbers(const char* name, const std::vector<std::int32_t>& numbers, std::size_t names) const {
    const auto bad = std::ranges::find_if(
        numbers, [&](std::int32_t each) { return each < 0 || static_cast<std::size_t>(each) >= names; });
    if (bad != numbers.end())
      fail(fmt::format("has {} = {} in window {}, and {} names", name, *bad, bad - numbers.begin(), names));
  }

  const hdf5::File& file_;
  std::string path_;
  std::uint64_t windows_ = 0;
  LabelledWindows out_ = {};
};

}  // namespace

LabelledWindows read_labelled_windows(const DatasetReader& reader) {
  return Reading(reader).run();
}

}  // namespace moola::data
