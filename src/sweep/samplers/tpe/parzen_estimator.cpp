#include "sweep/samplers/tpe/parzen_estimator.h"

#include <algorithm>
#include <cmath>

#include "sweep/samplers/tpe/parzen_kernel.h"

namespace moola::sweep {
namespace {

using parzen_kernel::padded;

const parzen_kernel::Kernel& kernel() {
  return parzen_kernel::kernel(isa());
}

double logarithm(double x) {
  double out = 0;
  kernel().logarithms(&x, 1, &out);
  return out;
}

parzen_kernel::Interval interval(const ParzenAxis& axis) {
  return {.middle = axis.middle(), .half = 0.5 * axis.width()};
}

bool is_number(const ParzenAxis& axis) {
  return axis.kind != ParzenAxis::Kind::choices;
}

// From the value at `at` of the sorted ones to the farther neighbour.
double gap_at(const std::vector<double>& sorted, std::size_t at, const ParzenAxis& axis) {
  if (sorted.size() == 1) return std::max(sorted[0] - axis.from, axis.to - sorted[0]);
  const double left = at > 0 ? sorted[at] - sorted[at - 1] : 0;
  const double right = at + 1 < sorted.size() ? sorted[at + 1] - sorted[at] : 0;
  return std::max(left, right);
}

template <class T>
void insert_at(std::vector<T>& values, std::size_t position, T value) {
  values.insert(values.begin() + static_cast<std::ptrdiff_t>(position), value);
}
template <class T>
void erase_at(std::vector<T>& values, std::size_t position) {
  values.erase(values.begin() + static_cast<std::ptrdiff_t>(position));
}

}  // namespace

ParzenEstimator::ParzenEstimator(std::vector<ParzenAxis> axes, ParzenOptions options) : options_(options) {
  for (ParzenAxis& axis : axes) columns_.push_back({.axis = axis});
}

void ParzenEstimator::observe(std::span<const std::uint64_t> numbers,
                              const std::function<double(std::uint64_t number, std::size_t axis)>& value) {
  std::vector<std::size_t> gone;
  std::vector<std::uint64_t> fresh;
  std::size_t at = 0;
  for (const std::uint64_t number : numbers) {
    while (at < numbers_.size() && numbers_[at] < number) gone.push_back(at++);
    if (at < numbers_.size() && numbers_[at] == number)
      ++at;
    else
      fresh.push_back(number);
  }
  while (at < numbers_.size()) gone.push_back(at++);
  if (gone.empty() && fresh.empty()) return;
  prepared_ = false;
  if (gone.size() + fresh.size() > 16 + numbers.size() / 16) {
    rebuild(numbers, value);
    return;
  }
  for (auto position = gone.rbegin(); position != gone.rend(); ++position) erase(*position);
  for (const std::uint64_t number : fresh) insert(number, value);
}

void ParzenEstimator::forget(std::uint64_t number) {
  const auto at = std::ranges::lower_bound(numbers_, number);
  if (at != numbers_.end() && *at == number) erase(static_cast<std::size_t>(at - numbers_.begin()));
}

void ParzenEstimator::weigh(std::span<const double> weights) {
  if (std::ranges::equal(weights, given_weights_)) return;
  given_weights_.assign(weights.begin(), weights.end());
  prepared_ = false;
}

void ParzenEstimator::rebuild(std::span<const std::uint64_t> numbers,
                              const std::function<double(std::uint64_t number, std::size_t axis)>& value) {
  const std::size_t n = numbers.size();
  numbers_.assign(numbers.begin(), numbers.end());
  std::vector<double> values(n);
  for (std::size_t a = 0; a < columns_.size(); ++a) {
    Column& column = columns_[a];
    for (std::size_t i = 0; i < n; ++i) values[i] = value(numbers[i], a);
    column.stale.clear();
    if (!is_number(column.axis)) {
      column.rows.assign(values.begin(), values.end());
      continue;
    }
    column.centres.resize(n);
    place(column.axis, values, column.centres.data());
    column.positions = ascending_order(column.centres, column.axis.from, column.axis.to);
    column.sorted.resize(n);
    column.gaps.resize(n);
    for (std::size_t i = 0; i < n; ++i) column.sorted[i] = column.centres[column.positions[i]];
    for (std::size_t i = 0; i < n; ++i) column.gaps[column.positions[i]] = gap_at(column.sorted, i, column.axis);
  }
  all_stale_ = true;
}

void ParzenEstimator::insert(std::uint64_t number,
                             const std::function<double(std::uint64_t number, std::size_t axis)>& value) {
  const auto place_of = std::ranges::lower_bound(numbers_, number);
  const auto position = static_cast<std::uint32_t>(place_of - numbers_.begin());
  const std::size_t n = numbers_.size();
  numbers_.insert(place_of, number);
  insert_at(constants_, std::min<std::size_t>(position, constants_.size()), 0.0);
  for (std::size_t a = 0; a < columns_.size(); ++a) {
    Column& column = columns_[a];
    const double own = value(number, a);
    if (!is_number(column.axis)) {
      insert_at(column.rows, position, static_cast<std::uint32_t>(own));
      continue;
    }
    double centre = 0;
    place(column.axis, {&own, 1}, &centre);
    if (position < n) {
      for (std::uint32_t& each : column.positions) each += each >= position ? 1U : 0U;
      for (std::uint32_t& each : column.stale) each += each >= position ? 1U : 0U;
    }
    auto at = static_cast<std::size_t>(std::ranges::lower_bound(column.sorted, centre) - column.sorted.begin());
    while (at < n && column.sorted[at] == centre && column.positions[at] < position) ++at;
    insert_at(column.sorted, at, centre);
    insert_at(column.positions, at, position);
    for (auto* each : {&column.gaps, &column.deviations, &column.scales, &column.normalisers})
      insert_at(*each, std::min<std::size_t>(position, each->size()), 0.0);
    insert_at(column.centres, position, centre);
    for (std::size_t i = at > 0 ? at - 1 : 0; i < std::min(at + 2, n + 1); ++i) {
      column.gaps[column.positions[i]] = gap_at(column.sorted, i, column.axis);
      column.stale.push_back(column.positions[i]);
    }
  }
}

void ParzenEstimator::erase(std::size_t position) {
  prepared_ = false;
  erase_at(numbers_, position);
  const std::size_t n = numbers_.size();
  if (position < constants_.size()) erase_at(constants_, position);
  for (Column& column : columns_) {
    if (!is_number(column.axis)) {
      erase_at(column.rows, position);
      continue;
    }
    const auto found = std::ranges::find(column.positions, static_cast<std::uint32_t>(position));
    const auto at = static_cast<std::size_t>(found - column.positions.begin());
    erase_at(column.sorted, at);
    erase_at(column.positions, at);
    for (auto* each : {&column.centres, &column.gaps, &column.deviations, &column.scales, &column.normalisers}) {
      if (position < each->size()) erase_at(*each, position);
    }
    std::erase(column.stale, static_cast<std::uint32_t>(position));
    for (auto* list : {&column.positions, &column.stale}) {
      for (std::uint32_t& each : *list) each -= each > position ? 1U : 0U;
    }
    for (std::size_t i = at > 0 ? at - 1 : 0; i < std::min(at + 1, n); ++i) {
      column.gaps[column.positions[i]] = gap_at(column.sorted, i, column.axis);
      column.stale.push_back(column.positions[i]);
    }
  }
}

double ParzenEstimator::deviation(const Column& column, double gap) const {
  const auto n = static_cast<double>(numbers_.size());
  const double width = column.axis.width();
  double out = gap;
  if (options_.bandwidth == ParzenBandwidth::scott) {
    double power = -logarithm(std::max(n, 1.0)) / static_cast<double>(columns_.size() + 4);
    kernel().exponentials(&power, 1, &power);
    out = 0.2 * power * width;
  }
  return std::clamp(out, width / std::min(100.0, n + 2), width);
}

void ParzenEstimator::prepare() {
  if (prepared_) return;
  const std::size_t n = numbers_.size();
  // Bounds and bandwidths that depend on how many there are.
  if (n != prepared_for_ && (options_.bandwidth == ParzenBandwidth::scott ||
                             std::min<std::size_t>(n, 98) != std::min<std::size_t>(prepared_for_, 98)))
    all_stale_ = true;
  prepare_weights();
  for (Column& column : columns_) prepare_column(column);
  prepare_constants();
  for (Column& column : columns_) column.stale.clear();
  all_stale_ = false;
  prepared_ = true;
  prepared_for_ = n;
}

void ParzenEstimator::prepare_weights() {
  constexpr std::size_t kNewest = 25;
  const std::size_t n = numbers_.size();
  weights_.assign(padded(n + 1), 0.0);
  if (!given_weights_.empty()) {
    std::ranges::copy(given_weights_, weights_.begin());
  } else {
    const std::size_t older = n > kNewest ? n - kNewest : 0;
    const double least = 1 / static_cast<double>(n);
    for (std::size_t i = 0; i < older; ++i)
      weights_[i] = least + (older > 1 ? static_cast<double>(i) * ((1 - least) / static_cast<double>(older - 1)) : 0);
    std::fill(weights_.begin() + static_cast<std::ptrdiff_t>(older), weights_.begin() + static_cast<std::ptrdiff_t>(n),
              1.0);
  }
  weights_[n] = n == 0 ? 1 : options_.prior_weight;
  cumulative_.resize(n + 1);
  double sum = 0;
  for (std::size_t i = 0; i <= n; ++i) cumulative_[i] = sum += weights_[i];
}

void ParzenEstimator::prepare_column(Column& column) {
  const std::size_t n = numbers_.size(), size = padded(n + 1);
  const ParzenAxis& axis = column.axis;
  if (!is_number(axis)) {
    column.rows.resize(size);
    column.rows[n] = static_cast<std::uint32_t>(axis.choices);
    std::fill(column.rows.begin() + static_cast<std::ptrdiff_t>(n) + 1, column.rows.end(), 0U);
    return;
  }
  for (auto* each : {&column.centres, &column.gaps, &column.deviations, &column.scales, &column.normalisers}) {
    each->resize(size);
    std::fill(each->begin() + static_cast<std::ptrdiff_t>(n) + 1, each->end(), 0.0);
  }
  column.centres[n] = axis.middle();
  column.deviations[n] = axis.width();
  if (all_stale_) {
    const double same = deviation(column, 0);
    const bool gaps = options_.bandwidth == ParzenBandwidth::gap;
    for (std::size_t i = 0; i < n; ++i)
      column.deviations[i] = gaps ? std::clamp(column.gaps[i], same, axis.width()) : same;
  } else {
    for (const std::uint32_t i : column.stale) column.deviations[i] = deviation(column, column.gaps[i]);
  }
  if (axis.kind == ParzenAxis::Kind::stepped) {
    prepare_rows(column);
    return;
  }
  if (all_stale_) {
    kernel().normalisers(column.centres.data(), column.deviations.data(), n + 1, interval(axis),
                         column.normalisers.data(), column.scales.data());
    return;
  }
  column.stale.push_back(static_cast<std::uint32_t>(n));
  std::vector<double> centres, deviations, normalisers(column.stale.size()), scales(column.stale.size());
  for (const std::uint32_t i : column.stale) {
    centres.push_back(column.centres[i]);
    deviations.push_back(column.deviations[i]);
  }
  kernel().normalisers(centres.data(), deviations.data(), centres.size(), interval(axis), normalisers.data(),
                       scales.data());
  for (std::size_t j = 0; j < column.stale.size(); ++j) {
    column.normalisers[column.stale[j]] = normalisers[j];
    column.scales[column.stale[j]] = scales[j];
  }
}

void ParzenEstimator::prepare_rows(Column& column) {
  const std::size_t n = numbers_.size();
  column.rows.assign(padded(n + 1), 0U);
  column.distinct.clear();
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t position = column.positions[i];
    const Row own{column.sorted[i], column.deviations[position]};
    if (column.distinct.empty() || column.distinct.back().centre != own.centre ||
        column.distinct.back().deviation != own.deviation)
      column.distinct.push_back(own);
    column.rows[position] = static_cast<std::uint32_t>(column.distinct.size() - 1);
  }
  column.rows[n] = static_cast<std::uint32_t>(column.distinct.size());
  column.distinct.push_back({column.centres[n], column.deviations[n]});
  std::vector<double> middles, halves;
  for (const Row& row : column.distinct) {
    middles.push_back((column.axis.middle() - row.centre) / row.deviation);
    halves.push_back(0.5 * column.axis.width() / row.deviation);
  }
  column.row_masses.resize(column.distinct.size());
  kernel().log_masses(middles.data(), halves.data(), middles.size(), column.row_masses.data());
}

void ParzenEstimator::prepare_constants() {
  const std::size_t n = numbers_.size();
  std::vector<const double*> normalisers;
  for (const Column& column : columns_) {
    if (column.axis.kind == ParzenAxis::Kind::continuous) normalisers.push_back(column.normalisers.data());
  }
  const auto set = [&](std::size_t i) {
    double sum = 0;
    for (const double* each : normalisers) sum -= each[i];
    constants_[i] = sum;
  };
  constants_.resize(padded(n + 1));
  std::fill(constants_.begin() + static_cast<std::ptrdiff_t>(n), constants_.end(), 0.0);
  if (all_stale_) {
    for (std::size_t i = 0; i < n; ++i) set(i);
  } else {
    for (const Column& column : columns_) {
      if (column.axis.kind != ParzenAxis::Kind::continuous) continue;
      for (const std::uint32_t i : column.stale) set(i);
    }
  }
  set(n);
  peak_ = *std::max_element(constants_.begin(), constants_.begin() + static_cast<std::ptrdiff_t>(n) + 1);
}

void ParzenEstimator::draw(std::size_t count, KeyedRandom& random, std::vector<double>& values) {
  prepare();
  const std::size_t n = numbers_.size();
  std::vector<std::size_t> components(count);
  std::vector<double> uniforms(count * columns_.size()), centres(count), deviations(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double at = random.uniform_double() * cumulative_[n];
    components[i] =
        std::min(static_cast<std::size_t>(std::ranges::upper_bound(cumulative_, at) - cumulative_.begin()), n);
    for (std::size_t a = 0; a < columns_.size(); ++a) uniforms[a * count + i] = random.uniform_double();
  }
  values.resize(uniforms.size());
  for (std::size_t a = 0; a < columns_.size(); ++a) {
    const Column& column = columns_[a];
    double* own = values.data() + a * count;
    if (is_number(column.axis)) {
      for (std::size_t i = 0; i < count; ++i) {
        centres[i] = column.centres[components[i]];
        deviations[i] = column.deviations[components[i]];
      }
      kernel().draw(centres.data(), deviations.data(), uniforms.data() + a * count, count, interval(column.axis), own);
      take_values(column.axis, {own, count});
      continue;
    }
    // Every choice has a share, the observed one 1 more.
    const auto choices = static_cast<double>(column.axis.choices);
    const double share = options_.prior_weight / static_cast<double>(n + 1);
    for (std::size_t i = 0; i < count; ++i) {
      const double uniform = uniforms[a * count + i];
      double choice = uniform * choices;
      if (components[i] < n) {
        const double observed = column.rows[components[i]];
        const double at = uniform * (1 + choices * share);
        choice = at < observed * share ? at / share : at < (observed + 1) * share + 1 ? observed : (at - 1) / share;
      }
      own[i] = std::min(std::floor(choice), choices - 1);
    }
  }
}

// Of each candidate, the logarithms that components look up; where each one's begin.
std::vector<double> ParzenEstimator::tables(const Column& column, std::span<const double> values,
                                            std::vector<std::size_t>& begins) {
  const std::size_t n = numbers_.size();
  std::vector<double> out, seen;
  if (!is_number(column.axis)) {
    const double share = options_.prior_weight / static_cast<double>(n + 1);
    const double whole = 1 + static_cast<double>(column.axis.choices) * share;
    const double other = logarithm(share / whole), observed = logarithm((1 + share) / whole);
    const double prior = -logarithm(static_cast<double>(column.axis.choices));
    for (const double value : values) {
      begins.push_back(out.size());
      out.resize(out.size() + column.axis.choices, other);
      out[begins.back() + static_cast<std::size_t>(value)] = observed;
      out.push_back(prior);
    }
    return out;
  }
  const std::size_t rows = column.distinct.size();
  const double half_step = column.axis.step / 2;
  std::vector<double> middles(rows), halves(rows);
  for (const double value : values) {
    const auto same = std::ranges::find(seen, value);
    begins.push_back(static_cast<std::size_t>(same - seen.begin()) * rows);
    if (same != seen.end()) continue;
    seen.push_back(value);
    const double ends[2] = {value - half_step, value + half_step};
    double placed[2];
    place(column.axis, ends, placed);
    for (std::size_t r = 0; r < rows; ++r) {
      middles[r] = (0.5 * (placed[0] + placed[1]) - column.distinct[r].centre) / column.distinct[r].deviation;
      halves[r] = 0.5 * (placed[1] - placed[0]) / column.distinct[r].deviation;
    }
    out.resize(out.size() + rows);
    double* own = out.data() + begins.back();
    kernel().log_masses(middles.data(), halves.data(), rows, own);
    for (std::size_t r = 0; r < rows; ++r) own[r] = std::min(own[r] - column.row_masses[r], 0.0);
  }
  return out;
}

void ParzenEstimator::log_densities(std::span<const double> values, std::size_t count, std::vector<double>& out) {
  prepare();
  const std::size_t n = numbers_.size();
  // The last candidate stands in for those that fill up a tile.
  const std::size_t wide = (count + parzen_kernel::kTile - 1) / parzen_kernel::kTile * parzen_kernel::kTile;
  std::vector<const double*> centres, scales, table_of;
  std::vector<const std::uint32_t*> rows;
  std::vector<std::vector<double>> tables_of;
  std::vector<double> places;
  std::vector<double> own(wide);
  for (std::size_t a = 0; a < columns_.size(); ++a) {
    const Column& column = columns_[a];
    std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(a * count), count, own.begin());
    std::fill(own.begin() + static_cast<std::ptrdiff_t>(count), own.end(), own[count - 1]);
    if (column.axis.kind == ParzenAxis::Kind::continuous) {
      centres.push_back(column.centres.data());
      scales.push_back(column.scales.data());
      places.resize(places.size() + wide);
      place(column.axis, own, places.data() + places.size() - wide);
      continue;
    }
    rows.push_back(column.rows.data());
    std::vector<std::size_t> begins;
    tables_of.push_back(tables(column, own, begins));
    for (const std::size_t begin : begins) table_of.push_back(tables_of.back().data() + begin);
  }
  const parzen_kernel::Mixture mixture{.components = n + 1,
                                       .continuous = centres.size(),
                                       .tabulated = rows.size(),
                                       .centres = centres.data(),
                                       .scales = scales.data(),
                                       .rows = rows.data(),
                                       .constants = constants_.data(),
                                       .weights = weights_.data(),
                                       .peak = peak_};
  out.resize(wide);
  kernel().log_densities(mixture, {.count = wide, .values = places.data(), .tables = table_of.data()}, out.data());
  const double whole = logarithm(cumulative_[n]);
  for (double& each : out) each -= whole;
  out.resize(count);
}

}  // namespace moola::sweep
