#include "models/lstm_kernel.h"

#include <algorithm>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <ostream>
#include <vector>

namespace lk = moola::models::lstm_kernel;
using moola::Isa;

namespace moola {
std::ostream& operator<<(std::ostream& out, Isa isa) {
  return out << 'v' << static_cast<int>(isa) + 2;
}
}  // namespace moola

namespace {

struct Size {
  std::ptrdiff_t steps, rows, inputs, hidden;
  friend std::ostream& operator<<(std::ostream& out, const Size& s) {
    return out << "T=" << s.steps << " B=" << s.rows << " I=" << s.inputs << " H=" << s.hidden;
  }
};

std::vector<float> numbers(std::ptrdiff_t count, float scale, std::uint32_t seed) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (auto& v : values) {
    seed = seed * 1664525u + 1013904223u;
    v = scale * (static_cast<float>(seed >> 8) * 0x1p-23f - 1.0f);
  }
  return values;
}

/// Everything one direction takes and gives. Buffers that a kernel must fill start as NaN: what is read before it is
/// written shows.
struct Run {
  Size s;
  bool reverse;
  std::vector<float> x, w_ih, w_hh, b_ih, b_hh, dy;
  std::vector<float> y, dx, dw_ih, dw_hh, bias;

  Run(Size size, bool backwards) : s(size), reverse(backwards) {
    x = numbers(s.steps * s.rows * s.inputs, 1.5f, 1);
    w_ih = numbers(4 * s.hidden * s.inputs, 1.0f / std::sqrt(static_cast<float>(s.inputs)), 2);
    w_hh = numbers(4 * s.hidden * s.hidden, 1.0f / std::sqrt(static_cast<float>(s.hidden)), 3);
    b_ih = numbers(4 * s.hidden, 0.3f, 4);
    b_hh = numbers(4 * s.hidden, 0.3f, 5);
    dy = numbers(s.steps * s.rows * s.hidden, 1.0f, 6);
  }

  /// In row ranges of at most `rows_each`, weight gradients in group ranges of at most `groups_each`.
  void compute(const lk::Kernels& k, std::ptrdiff_t rows_each, std::ptrdiff_t groups_each) {
    static constexpr float kUnset = std::numeric_limits<float>::quiet_NaN();
    const auto fresh = [](std::ptrdiff_t n) { return std::vector<float>(static_cast<std::size_t>(n), kUnset); };
    y = fresh(s.steps * s.rows * s.hidden);
    dx = fresh(s.steps * s.rows * s.inputs);
    dw_ih = fresh(4 * s.hidden * s.inputs);
    dw_hh = fresh(4 * s.hidden * s.hidden);
    bias = fresh(4 * s.hidden);
    auto forward_weights = fresh(k.packed_forward_floats(s.inputs, s.hidden));
    auto backward_weights = fresh(k.packed_backward_floats(s.inputs, s.hidden));
    auto gates = fresh(k.gate_floats(s.steps, s.rows, s.hidden)),
         cells = fresh(k.cell_floats(s.steps, s.rows, s.hidden));
    auto cell_gradient = fresh(k.cell_floats(1, s.rows, s.hidden)), sums = fresh(k.sum_floats(s.inputs, s.hidden));
    k.pack_forward(w_ih.data(), w_hh.data(), b_ih.data(), b_hh.data(), s.inputs, s.hidden, forward_weights.data());
    k.pack_backward(w_ih.data(), w_hh.data(), s.inputs, s.hidden, backward_weights.data());
    for (std::ptrdiff_t b = 0; b < s.rows; b += rows_each) {
      const auto end = std::min(b + rows_each, s.rows);
      k.forward({.steps = s.steps,
                 .rows = s.rows,
                 .inputs = s.inputs,
                 .hidden = s.hidden,
                 .row_begin = b,
                 .row_end = end,
                 .reverse = reverse,
                 .x = x.data(),
                 .x_step = s.rows * s.inputs,
                 .x_row = s.inputs,
                 .y = y.data(),
                 .y_step = s.rows * s.hidden,
                 .y_row = s.hidden,
                 .weights = forward_weights.data(),
                 .gates = gates.data(),
                 .cells = cells.data()});
      k.backward({.steps = s.steps,
                  .rows = s.rows,
                  .inputs = s.inputs,
                  .hidden = s.hidden,
                  .row_begin = b,
                  .row_end = end,
                  .reverse = reverse,
                  .dy = dy.data(),
                  .dy_step = s.rows * s.hidden,
                  .dy_row = s.hidden,
                  .weights = backward_weights.data(),
                  .gates = gates.data(),
                  .cells = cells.data(),
                  .cell_gradient = cell_gradient.data(),
                  .dx = dx.data(),
                  .dx_step = s.rows * s.inputs,
                  .dx_row = s.inputs,
                  .accumulate = false});
    }
    for (std::ptrdiff_t g = 0; g < k.groups(s.hidden); g += groups_each) {
      k.weight_gradient({.steps = s.steps,
                         .rows = s.rows,
                         .inputs = s.inputs,
                         .hidden = s.hidden,
                         .group_begin = g,
                         .group_end = std::min(g + groups_each, k.groups(s.hidden)),
                         .reverse = reverse,
                         .x = x.data(),
                         .x_step = s.rows * s.inputs,
                         .x_row = s.inputs,
                         .y = y.data(),
                         .y_step = s.rows * s.hidden,
                         .y_row = s.hidden,
                         .gates = gates.data(),
                         .sums = sums.data(),
                         .w_ih = dw_ih.data(),
                         .w_hh = dw_hh.data(),
                         .bias = bias.data()});
    }
  }

  std::vector<const std::vector<float>*> results() const { return {&y, &dx, &dw_ih, &dw_hh, &bias}; }
};

/// The textbook in double: the brute-force twin.
struct Twin {
  std::vector<double> y, dx, dw_ih, dw_hh, bias;

  explicit Twin(const Run& r) {
    const auto [T, B, I, H] = r.s;
    const auto sigmoid = [](double v) { return 1.0 / (1.0 + std::exp(-v)); };
    const auto zeros = [](std::ptrdiff_t n) { return std::vector<double>(static_cast<std::size_t>(n)); };
    y = zeros(T * B * H), dx = zeros(T * B * I), dw_ih = zeros(4 * H * I), dw_hh = zeros(4 * H * H),
    bias = zeros(4 * H);
    auto gates = zeros(T * B * 4 * H), cells = zeros(T * B * H);
    const auto time = [&, T = T](std::ptrdiff_t order) { return r.reverse ? T - 1 - order : order; };
    for (std::ptrdiff_t b = 0; b < B; ++b) {
      for (std::ptrdiff_t s = 0; s < T; ++s) {
        const auto at = time(s) * B + b, before = s ? time(s - 1) * B + b : -1;
        for (std::ptrdiff_t j = 0; j < 4 * H; ++j) {
          double sum = double{r.b_ih[j]} + r.b_hh[j];
          for (std::ptrdiff_t i = 0; i < I; ++i) sum += double{r.w_ih[j * I + i]} * r.x[at * I + i];
          for (std::ptrdiff_t h = 0; s && h < H; ++h) sum += r.w_hh[j * H + h] * y[before * H + h];
          gates[at * 4 * H + j] = j / H == 2 ? std::tanh(sum) : sigmoid(sum);
        }
        for (std::ptrdiff_t h = 0; h < H; ++h) {
          const double* g = &gates[at * 4 * H + h];
          cells[at * H + h] = g[0] * g[2 * H] + (s ? g[H] * cells[before * H + h] : 0.0);
          y[at * H + h] = g[3 * H] * std::tanh(cells[at * H + h]);
        }
      }
      auto dh = zeros(H), dc = zeros(H), dg = zeros(4 * H);
      for (std::ptrdiff_t s = T - 1; s >= 0; --s) {
        const auto at = time(s) * B + b, before = s ? time(s - 1) * B + b : -1;
        for (std::ptrdiff_t h = 0; h < H; ++h) {
          const double* g = &gates[at * 4 * H + h];
          const double c = std::tanh(cells[at * H + h]), d = dh[h] + r.dy[at * H + h];
          dc[h] += d * g[3 * H] * (1 - c * c);
          dg[h] = dc[h] * g[2 * H] * g[0] * (1 - g[0]);
          dg[H + h] = (s ? dc[h] * cells[before * H + h] : 0.0) * g[H] * (1 - g[H]);
          dg[2 * H + h] = dc[h] * g[0] * (1 - g[2 * H] * g[2 * H]);
          dg[3 * H + h] = d * c * g[3 * H] * (1 - g[3 * H]);
          dc[h] *= g[H];
        }
        std::fill(dh.begin(), dh.end(), 0.0);
        for (std::ptrdiff_t j = 0; j < 4 * H; ++j) {
          bias[j] += dg[j];
          for (std::ptrdiff_t i = 0; i < I; ++i) {
            dw_ih[j * I + i] += dg[j] * r.x[at * I + i];
            dx[at * I + i] += dg[j] * r.w_ih[j * I + i];
          }
          for (std::ptrdiff_t h = 0; h < H; ++h) {
            if (s) dw_hh[j * H + h] += dg[j] * y[before * H + h];
            dh[h] += dg[j] * r.w_hh[j * H + h];
          }
        }
      }
    }
  }

  std::vector<const std::vector<double>*> results() const { return {&y, &dx, &dw_ih, &dw_hh, &bias}; }
};

double distance(const std::vector<float>& a, const std::vector<double>& b) {
  double scale = 1e-30, worst = 0.0;
  for (const double v : b) scale = std::max(scale, std::abs(v));
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(a[i] - b[i]);
    if (!(d <= worst)) worst = std::isnan(d) ? 1e30 : d;
  }
  return worst / scale;
}

const Isa kIsas[] = {Isa::v2, Isa::v3, Isa::v4};
const Size kSizes[] = {{1, 1, 1, 1},    {2, 3, 4, 5},    {105, 1, 4, 16}, {2, 67, 11, 48}, {7, 13, 256, 16},
                       {5, 150, 3, 20}, {1, 67, 4, 128}, {9, 24, 16, 33}, {105, 3, 11, 5}, {3, 2, 256, 128}};

}  // namespace

BOOST_AUTO_TEST_SUITE(lstm_kernel)

BOOST_DATA_TEST_CASE(every_instruction_set_agrees_with_the_textbook_in_double,
                     boost::unit_test::data::make(kIsas) * boost::unit_test::data::make(kSizes), isa, size) {
  if (!moola::supported(isa)) return;
  for (const bool reverse : {false, true}) {
    Run run(size, reverse);
    run.compute(lk::kernels(isa), size.rows, size.hidden);
    const Twin twin(run);
    for (std::size_t i = 0; i < run.results().size(); ++i) {
      BOOST_TEST(distance(*run.results()[i], *twin.results()[i]) < 5e-6, "result " << i << " reverse " << reverse);
    }
  }
}

BOOST_DATA_TEST_CASE(the_bits_do_not_depend_on_how_rows_and_groups_are_cut, boost::unit_test::data::make(kIsas), isa) {
  if (!moola::supported(isa)) return;
  Run whole({6, 67, 11, 48}, true), cut = whole;
  whole.compute(lk::kernels(isa), 67, 48);
  cut.compute(lk::kernels(isa), 10, 1);
  for (std::size_t i = 0; i < whole.results().size(); ++i) BOOST_TEST((*whole.results()[i] == *cut.results()[i]));
}

BOOST_DATA_TEST_CASE(a_row_does_not_depend_on_the_rows_beside_it, boost::unit_test::data::make(kIsas), isa) {
  if (!moola::supported(isa)) return;
  Run many({4, 31, 4, 24}, false), one({4, 1, 4, 24}, false);
  const std::ptrdiff_t row = 17;
  for (std::ptrdiff_t t = 0; t < 4; ++t) {
    std::copy_n(many.x.begin() + (t * 31 + row) * 4, 4, one.x.begin() + t * 4);
  }
  many.compute(lk::kernels(isa), 31, 24);
  one.compute(lk::kernels(isa), 1, 24);
  for (std::ptrdiff_t t = 0; t < 4; ++t) {
    const auto* expected = many.y.data() + (t * 31 + row) * 24;
    BOOST_TEST(std::equal(expected, expected + 24, one.y.data() + t * 24));
  }
}

BOOST_DATA_TEST_CASE(saturated_gates_stay_finite_and_correct, boost::unit_test::data::make(kIsas), isa) {
  if (!moola::supported(isa)) return;
  Run run({3, 5, 2, 17}, false);
  const float extremes[] = {1e30f, -1e30f, 200.0f, -200.0f, 89.0f, -89.0f, 1e-42f, 0.0f, -0.0f, 30.0f};
  for (std::size_t i = 0; i < run.x.size(); ++i) run.x[i] = extremes[i % std::size(extremes)];
  run.dy = numbers(std::ssize(run.dy), 1.0f, 9);
  run.compute(lk::kernels(isa), 5, 17);
  const Twin twin(run);
  BOOST_TEST(distance(run.y, twin.y) < 1e-5);
  BOOST_TEST(distance(run.bias, twin.bias) < 1e-5);
}

BOOST_DATA_TEST_CASE(an_infinite_input_gives_what_the_limit_gives, boost::unit_test::data::make(kIsas), isa) {
  if (!moola::supported(isa)) return;
  Run run({2, 1, 1, 5}, false), large = run;
  run.x[0] = std::numeric_limits<float>::infinity();
  large.x[0] = 1e20f;
  run.compute(lk::kernels(isa), 1, 5);
  large.compute(lk::kernels(isa), 1, 5);
  BOOST_TEST((run.y == large.y));
}

BOOST_DATA_TEST_CASE(nan_reaches_every_later_step_of_its_row_and_no_other_row, boost::unit_test::data::make(kIsas),
                     isa) {
  if (!moola::supported(isa)) return;
  Run run({4, 7, 3, 20}, false);
  run.x[(1 * 7 + 2) * 3 + 1] = std::numeric_limits<float>::quiet_NaN();
  run.compute(lk::kernels(isa), 7, 20);
  for (std::ptrdiff_t t = 0; t < 4; ++t) {
    for (std::ptrdiff_t b = 0; b < 7; ++b) {
      for (std::ptrdiff_t h = 0; h < 20; ++h) {
        BOOST_REQUIRE_EQUAL(std::isnan(run.y[(t * 7 + b) * 20 + h]), b == 2 && t >= 1);
      }
      BOOST_REQUIRE_EQUAL(std::isnan(run.dx[(t * 7 + b) * 3]), b == 2);
    }
  }
  for (const auto* gradient : {&run.dw_ih, &run.dw_hh, &run.bias}) {
    BOOST_TEST(std::all_of(gradient->begin(), gradient->end(), [](float v) { return std::isnan(v); }));
  }
}

BOOST_DATA_TEST_CASE(without_saved_gates_the_states_are_the_same, boost::unit_test::data::make(kIsas), isa) {
  if (!moola::supported(isa)) return;
  const auto& k = lk::kernels(isa);
  Run run({6, 9, 4, 21}, true);
  run.compute(k, 9, 21);
  std::vector<float> weights(static_cast<std::size_t>(k.packed_forward_floats(4, 21))), y(run.y.size()),
      cells(static_cast<std::size_t>(k.cell_floats(1, 9, 21)));
  k.pack_forward(run.w_ih.data(), run.w_hh.data(), run.b_ih.data(), run.b_hh.data(), 4, 21, weights.data());
  k.forward({.steps = 6,
             .rows = 9,
             .inputs = 4,
             .hidden = 21,
             .row_begin = 0,
             .row_end = 9,
             .reverse = true,
             .x = run.x.data(),
             .x_step = 9 * 4,
             .x_row = 4,
             .y = y.data(),
             .y_step = 9 * 21,
             .y_row = 21,
             .weights = weights.data(),
             .gates = nullptr,
             .cells = cells.data()});
  BOOST_TEST((y == run.y));
}

BOOST_AUTO_TEST_SUITE_END()
