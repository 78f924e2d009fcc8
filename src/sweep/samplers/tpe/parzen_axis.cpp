#include "sweep/samplers/tpe/parzen_axis.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sweep/samplers/tpe/parzen_kernel.h"

namespace moola::sweep {
namespace {

const parzen_kernel::Kernel& kernel() {
  return parzen_kernel::kernel(isa());
}

ParzenAxis number_axis(double low, double high, double step, bool log) {
  ParzenAxis out{.kind = step > 0 ? ParzenAxis::Kind::stepped : ParzenAxis::Kind::continuous,
                 .log = log,
                 .low = low,
                 .high = high,
                 .step = step,
                 .from = low - step / 2,
                 .to = high + step / 2};
  if (log) {
    kernel().logarithms(&out.from, 1, &out.from);
    kernel().logarithms(&out.to, 1, &out.to);
  }
  return out;
}

}  // namespace

ParzenAxis axis_of(const Distribution& distribution) {
  if (const auto* f = std::get_if<FloatDistribution>(&distribution))
    return number_axis(f->low, f->high, f->step, f->log);
  if (const auto* i = std::get_if<IntDistribution>(&distribution))
    return number_axis(static_cast<double>(i->low), static_cast<double>(i->high), static_cast<double>(i->step), i->log);
  return {.kind = ParzenAxis::Kind::choices, .choices = std::get<CategoricalDistribution>(distribution).choices.size()};
}

void place(const ParzenAxis& axis, std::span<const double> values, double* out) {
  if (axis.log)
    kernel().logarithms(values.data(), values.size(), out);
  else
    std::ranges::copy(values, out);
}

void take_values(const ParzenAxis& axis, std::span<double> places) {
  if (axis.log) kernel().exponentials(places.data(), places.size(), places.data());
  for (double& value : places) {
    if (axis.kind == ParzenAxis::Kind::stepped)
      value = axis.low + std::round((value - axis.low) / axis.step) * axis.step;
    value = std::clamp(value, axis.low, axis.high);
  }
}

std::vector<std::uint32_t> ascending_order(std::span<const double> values, double from, double to) {
  constexpr std::uint32_t kFew = 24;
  const std::size_t n = values.size();
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    return values[a] < values[b] || (values[a] == values[b] && a < b);
  };
  std::vector<std::uint32_t> out(n);
  if (n <= kFew) {
    std::iota(out.begin(), out.end(), 0U);
    std::ranges::sort(out, before);
    return out;
  }
  const double per_unit = static_cast<double>(n) / (to - from);
  std::vector<std::uint32_t> bucket(n), begin(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i) {
    bucket[i] = static_cast<std::uint32_t>(std::clamp((values[i] - from) * per_unit, 0.0, static_cast<double>(n - 1)));
    ++begin[bucket[i] + 1];
  }
  for (std::size_t i = 0; i < n; ++i) begin[i + 1] += begin[i];
  for (std::size_t i = 0; i < n; ++i) out[begin[bucket[i]]++] = static_cast<std::uint32_t>(i);
  // Now begin[b] is where bucket b ends.
  for (std::size_t b = 0, first = 0; b < n; first = begin[b++]) {
    const std::span<std::uint32_t> part(out.data() + first, begin[b] - first);
    if (part.size() > kFew) {
      std::ranges::sort(part, before);
      continue;
    }
    for (std::size_t i = 1; i < part.size(); ++i) {
      const std::uint32_t moved = part[i];
      std::size_t at = i;
      for (; at > 0 && before(moved, part[at - 1]); --at) part[at] = part[at - 1];
      part[at] = moved;
    }
  }
  return out;
}

}  // namespace moola::sweep
