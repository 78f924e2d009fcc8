#include "data/windows/windows.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <new>
#include <set>
#include <thread>

#include "data/window_workspace.h"

using namespace moola;
using namespace moola::data;
using namespace moola::test;

namespace {

const std::vector<std::string> kOhlc{"open", "high", "low", "close"};

std::vector<std::int64_t> some_windows(std::int64_t n, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> index{0, n - 1};
  while (index.size() < count) index.push_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n)));
  return index;
}

std::vector<float> gathered(const Windows& windows, const std::vector<std::int64_t>& index) {
  std::vector<float> out(index.size() * static_cast<std::size_t>(windows.length() * windows.channels()));
  windows.gather(index, out);
  return out;
}

// The largest difference between gathered windows and the definition.
double worst_difference(const Workspace& workspace, const Windows& windows, Normalisation normalise,
                        const std::vector<std::string>& channels) {
  const std::vector<std::int64_t> index = some_windows(windows.size(), 300, 4);
  const std::vector<float> out = gathered(windows, index);
  const std::size_t values = out.size() / index.size();
  double worst = 0.0;
  for (std::size_t i = 0; i < index.size(); ++i) {
    const std::vector<float> expected = workspace.expected(index[i], normalise, channels);
    for (std::size_t k = 0; k < values; ++k)
      worst = std::max(worst, static_cast<double>(std::fabs(out[i * values + k] - expected[k])));
  }
  return worst;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(windows)

BOOST_AUTO_TEST_CASE(a_view_numbers_the_windows_of_all_its_symbols) {
  const Workspace workspace;
  const Windows windows = workspace.open();
  BOOST_TEST(windows.size() == static_cast<std::int64_t>(workspace.places.size()));
  BOOST_TEST(windows.size() == workspace.cut.windows);
  BOOST_TEST(windows.length() == 32);
  BOOST_TEST(windows.channel_names() == kOhlc, boost::test_tools::per_element());
  BOOST_TEST(to_string(windows.id()) == "unlabeled_windows/AAA+BBB/v1");
  BOOST_TEST(windows.parents().size() == 2U);
  for (const std::int64_t w : some_windows(windows.size(), 50, 1)) {
    const auto [s, begin] = workspace.places[static_cast<std::size_t>(w)];
    const auto& time = workspace.bars[static_cast<std::size_t>(s)].time;
    BOOST_TEST(windows.symbol(w) == (s == 0 ? "AAA" : "BBB"));
    BOOST_TEST(windows.time(w).begin == time[static_cast<std::size_t>(begin)]);
    BOOST_TEST(windows.time(w).end == time[static_cast<std::size_t>(begin + 31)] + kMinute);
  }
}

BOOST_AUTO_TEST_CASE(log_returns_are_right_to_a_ten_millionth) {
  const Workspace workspace;
  BOOST_TEST(worst_difference(workspace, workspace.open(), Normalisation::window_log_return, kOhlc) <= 1e-7);
}

BOOST_AUTO_TEST_CASE(the_other_normalisations_give_the_bits_of_their_definition) {
  const Workspace workspace;
  for (const Normalisation normalise : {Normalisation::none, Normalisation::zscore, Normalisation::relative}) {
    const Windows windows = workspace.open({.normalize = normalise});
    BOOST_TEST_CONTEXT(market::to_string(normalise))
    BOOST_TEST(worst_difference(workspace, windows, normalise, kOhlc) == 0.0);
    BOOST_TEST(windows.channels() == (normalise == Normalisation::relative ? 11 : 4));
  }
}

BOOST_AUTO_TEST_CASE(windows_shorter_than_the_trailing_bars_are_relative_too) {
  const Workspace workspace({.length = 5, .stride = 3, .max_gap = kMinute});
  BOOST_TEST(worst_difference(workspace, workspace.open({.normalize = Normalisation::relative}),
                              Normalisation::relative, kOhlc) == 0.0);
}

BOOST_AUTO_TEST_CASE(what_is_hidden_has_no_part_in_the_visible_bars_of_a_view) {
  const Workspace workspace;
  std::mt19937_64 random(6);
  for (const Normalisation normalise :
       {Normalisation::none, Normalisation::window_log_return, Normalisation::zscore, Normalisation::relative}) {
    for (const Order order : {Order::shuffled, Order::blocked}) {
      const Windows windows = workspace.open({.normalize = normalise, .order = order});
      const std::vector<std::int64_t> index = some_windows(windows.size(), 100, 7);
      std::vector<std::uint8_t> hidden(index.size() * 32);
      for (std::uint8_t& bar : hidden) bar = random() % 3 == 0 ? 1 : 0;
      std::vector<float> out(index.size() * static_cast<std::size_t>(32 * windows.channels()));
      windows.gather(index, hidden, out);
      const std::size_t values = out.size() / index.size();
      double worst = 0;
      for (std::size_t i = 0; i < index.size(); ++i) {
        const std::vector<float> expected =
            workspace.expected(index[i], normalise, kOhlc, std::span(hidden).subspan(i * 32, 32));
        for (std::size_t k = 0; k < values; ++k)
          worst = std::max(worst, static_cast<double>(std::fabs(out[i * values + k] - expected[k])));
      }
      BOOST_TEST_INFO_SCOPE(market::to_string(normalise));
      BOOST_TEST(worst <= (normalise == Normalisation::window_log_return ? 1e-7 : 0.0));
    }
  }
  const Windows windows = workspace.open();
  std::vector<float> out(2 * 32 * 4);
  BOOST_CHECK_THROW(windows.gather(std::vector<std::int64_t>{0, 1}, std::vector<std::uint8_t>(32), out),
                    std::out_of_range);
}

BOOST_AUTO_TEST_CASE(chosen_channels_come_in_the_order_they_were_named) {
  const Workspace workspace;
  const std::vector<std::string> two{"close", "high"}, five{"open", "high", "low", "close", "volume"};
  BOOST_TEST(worst_difference(workspace, workspace.open({.channels = "close, high"}), Normalisation::window_log_return,
                              two) <= 1e-7);
  BOOST_TEST(worst_difference(workspace, workspace.open({.normalize = Normalisation::zscore, .channels = "ohlcv"}),
                              Normalisation::zscore, five) == 0.0);
  BOOST_CHECK_EXCEPTION(workspace.open({.channels = "clsoe"}), ConfigError, says("Did you mean 'close'?"));
  BOOST_CHECK_EXCEPTION(workspace.open({.channels = "close,close"}), ConfigError, says("named twice"));
  BOOST_CHECK_EXCEPTION(workspace.open({.channels = "ohlcv"}), ConfigError, says("'volume' is no price"));
}

BOOST_AUTO_TEST_CASE(strided_windows_begin_at_every_stride_from_the_runs_first_bar) {
  const Workspace workspace({.length = 16, .stride = 7, .max_gap = 2 * kMinute});
  const Windows windows = workspace.open({.normalize = Normalisation::none});
  BOOST_TEST(windows.size() == static_cast<std::int64_t>(workspace.places.size()));
  BOOST_TEST(worst_difference(workspace, windows, Normalisation::none, kOhlc) == 0.0);
}

BOOST_AUTO_TEST_CASE(blocked_gives_the_same_windows_within_its_memory) {
  const Workspace workspace;
  for (const Normalisation normalise :
       {Normalisation::window_log_return, Normalisation::relative, Normalisation::none}) {
    const std::int64_t memory = normalise == Normalisation::relative ? 1'100'000 : 250'000;
    const Windows windows = workspace.open({.normalize = normalise, .order = Order::blocked, .memory = memory});
    const Windows whole = workspace.open({.normalize = normalise});
    const WindowOrder order = windows.order(windows.size(), 3);
    std::set<std::int64_t> seen;
    for (std::int64_t p = 0; p < windows.size(); p += 64) {
      std::vector<std::int64_t> batch;
      for (std::int64_t i = p; i < std::min(p + 64, windows.size()); ++i) batch.push_back(order(0, i));
      seen.insert(batch.begin(), batch.end());
      BOOST_TEST((gathered(windows, batch) == gathered(whole, batch)));
    }
    BOOST_TEST(static_cast<std::int64_t>(seen.size()) == windows.size());
    const std::int64_t runs = static_cast<std::int64_t>(workspace.cut.runs) * 64;
    BOOST_TEST(windows.most_bytes_resident() <= memory + runs);
    BOOST_TEST(windows.most_bytes_resident() > memory / 4);
  }
}

BOOST_AUTO_TEST_CASE(blocked_reads_a_series_that_does_not_fit_into_the_memory_the_system_gives) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  BOOST_TEST_MESSAGE("skipped: the sanitizers reserve more address space than any limit allows");
  return;
#endif
  const TemporaryFolder folder;
  // In processes of their own, so that what one of them gave back is no room for the next.
  const auto in_child = [](auto work) {
    const pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
      int status = 2;
      try {
        work();
        status = 0;
      } catch (const std::bad_alloc&) {
        status = 1;
      } catch (...) {
      }
      ::_exit(status);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const auto make = [&] {  // 48 MB of rows and stamps
    const std::vector<DatasetId> ids{store(folder.path(), "LONG", random_bars(2'000'000, 1))};
    cut_windows(folder.path(), ids, {.length = 105, .stride = 1, .max_gap = 20 * kMinute});
  };
  BOOST_REQUIRE(in_child(make) == 0);

  // In a process that may grow by 20 MB, the whole series can't be opened, and blocked reads every window once.
  const auto limited = [&](Order order) {
    return in_child([&] {
      // RLIMIT_DATA counts writable memory; RLIMIT_AS would also count what malloc has reserved for threads, and so
      // leave it as room.
      std::ifstream statm("/proc/self/statm");
      rlim_t size = 0;
      for (int field = 0; field < 6; ++field) statm >> size;
      size = size * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (20U << 20);
      const rlimit limit{size, size};
      ::setrlimit(RLIMIT_DATA, &limit);
      const Windows windows =
          open_windows(folder.path(), {"unlabeled_windows", "LONG", 1}, {.order = order, .memory = 4 << 20});
      const WindowOrder visits = windows.order(windows.size(), 1);
      const EpochOrder epoch = visits.epoch(0);
      std::vector<std::int64_t> batch(512);
      std::vector<float> out(512 * 105 * 4);
      for (std::int64_t p = 0; p + 512 <= windows.size(); p += 512) {
        for (std::int64_t i = 0; i < 512; ++i) batch[static_cast<std::size_t>(i)] = epoch(p + i);
        windows.gather(batch, out);
      }
    });
  };
  BOOST_TEST(limited(Order::shuffled) == 1);
  BOOST_TEST(limited(Order::blocked) == 0);
}

BOOST_AUTO_TEST_CASE(too_little_memory_says_how_much_is_needed) {
  const Workspace workspace;
  BOOST_CHECK_EXCEPTION(workspace.open({.order = Order::blocked, .memory = 1000}), ConfigError,
                        says("is too little for windows of 32 bars"));
}

BOOST_AUTO_TEST_CASE(threads_may_gather_at_once) {
  const Workspace workspace;
  for (const Order order : {Order::shuffled, Order::blocked}) {
    const Windows windows = workspace.open({.order = order, .memory = 250'000});
    const std::vector<std::int64_t> index = some_windows(windows.size(), 500, 9);
    const std::vector<float> expected = gathered(windows, index);
    std::array<bool, 4> same{};
    {
      std::vector<std::jthread> threads;
      for (bool& right : same) {
        threads.emplace_back([&] {
          right = true;
          for (int i = 0; i < 5; ++i) right = right && gathered(windows, index) == expected;
        });
      }
    }
    for (const bool right : same) BOOST_TEST(right);
  }
}

BOOST_AUTO_TEST_CASE(a_window_out_of_range_or_too_little_room_is_an_error) {
  const Workspace workspace;
  const Windows windows = workspace.open();
  std::vector<float> out(32 * 4);
  for (const std::int64_t bad : {std::int64_t{-1}, windows.size()}) {
    BOOST_CHECK_THROW(windows.gather(std::vector<std::int64_t>{bad}, out), std::out_of_range);
  }
  BOOST_CHECK_THROW(windows.gather(std::vector<std::int64_t>{0, 1}, out), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(the_holdout_of_a_view_begins_at_one_moment_for_all_symbols) {
  const Workspace workspace;
  for (const Order order : {Order::shuffled, Order::blocked}) {
    const Windows windows = workspace.open({.order = order, .memory = 250'000});
    const HoldoutSplit split = windows.hold_out(windows.all(), 0.2);
    BOOST_TEST(split.holdout.size() >= windows.size() / 5);
    BOOST_TEST(split.holdout.size() <= windows.size() / 5 + 2);
    for (std::int64_t k = 0; k < split.train.size(); k += 7) {
      const std::int64_t w = split.train[k];
      const auto [s, begin] = workspace.places[static_cast<std::size_t>(w)];
      const auto& time = workspace.bars[static_cast<std::size_t>(s)].time;
      const auto first_held = std::ranges::lower_bound(time, split.cut.value()) - time.begin();
      if (begin + 32 + 32 > first_held || windows.time(w).end + 32 * kMinute > *split.cut)
        BOOST_ERROR("window " << w << " is too near");
    }
    const auto span = windows.span(split.train);
    BOOST_REQUIRE(span.size() == 2U);
    BOOST_TEST(span[0].times.size() == 1U);
    BOOST_TEST(span[1].times.back().end <= *split.cut - 32 * kMinute);
  }
}

BOOST_AUTO_TEST_SUITE_END()
