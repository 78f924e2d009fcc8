#include "comm/task_pool.h"

#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "base/error.h"
#include "comm/activity.h"
#include "comm/mailbox.h"
#include "comm/task_queue.h"

namespace moola::comm {
namespace {

using Clock = std::chrono::steady_clock;

// Short enough for MPI to take a letter at once, whether or not anybody looks for it.
constexpr std::size_t kLongestMessage = 3000;

// How long to wait between two looks: a share of the time since something last happened, so that what is lost is a
// small share of any task's length. To look every millisecond for ever would cost more than a hundredth of a core
// (waking up is what costs: 10 to 30 us on a virtual machine), so the pauses go on growing, slowly.
class Patience {
 public:
  void something_happened() { since_ = Clock::now(); }
  // Zero: look again at once.
  std::chrono::microseconds pause() const {
    const auto idle = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - since_);
    if (idle < kEager) return std::chrono::microseconds(0);
    const auto most = std::clamp(idle / 256, kUsual, kLongest);
    return std::clamp(idle / 16, kShortest, most);
  }

 private:
  static constexpr std::chrono::microseconds kEager{20}, kShortest{2}, kUsual{1000}, kLongest{10'000};
  Clock::time_point since_ = Clock::now();
};

struct Outcome {
  enum class Kind : std::uint8_t { none, done, failed, left };
  Kind kind = Kind::none;
  std::size_t task = 0;
  double seconds = 0;
  std::string message = {};  // of one that failed
};

Outcome attempt(const std::function<void(std::size_t)>& work, std::size_t task) {
  const AtTask at(task);
  const auto began = Clock::now();
  const auto failed = [&](std::string_view words) {
    return Outcome{
        .kind = Outcome::Kind::failed, .task = task, .message = std::string(words.substr(0, kLongestMessage))};
  };
  try {
    work(task);
  } catch (const CommError&) {
    throw;
  } catch (const TaskStopped&) {
    return {.kind = Outcome::Kind::left, .task = task};
  } catch (const std::exception& error) {
    return failed(error.what());
  } catch (...) {
    return failed("something that is no exception of ours was thrown");
  }
  return {.kind = Outcome::Kind::done,
          .task = task,
          .seconds = std::chrono::duration<double>(Clock::now() - began).count()};
}

void note(TaskQueue& queue, int rank, Outcome&& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::none:
      break;
    case Outcome::Kind::done:
      queue.note_done(outcome.task, rank, outcome.seconds);
      break;
    case Outcome::Kind::failed:
      queue.note_failed(outcome.task, rank, std::move(outcome.message));
      break;
    case Outcome::Kind::left:
      queue.note_left(outcome.task, rank);
      break;
  }
}

// What a rank writes to rank 0: how its task ended, whether it was asked to stop, and whether it wants another task.
// Rank 0 answers those that ask, with a task's number.
struct Report {
  Outcome outcome;
  bool stop = false;
  enum class Wish : std::uint8_t { task, nothing, leave } wish = Wish::task;
};

struct ReportHead {
  std::uint64_t task;
  double seconds;
  Outcome::Kind kind;
  Report::Wish wish;
  bool stop;
};

constexpr std::uint64_t kNoMore = ~std::uint64_t{0};

std::string written(const Report& report) {
  const ReportHead head{report.outcome.task, report.outcome.seconds, report.outcome.kind, report.wish, report.stop};
  std::string text(sizeof head, '\0');
  std::memcpy(text.data(), &head, sizeof head);
  return text + report.outcome.message;
}

Report read_report(const Letter& letter) {
  ReportHead head{};
  if (letter.text.size() < sizeof head)
    throw CommError("rank " + std::to_string(letter.from) + " sent a report that is cut off.");
  std::memcpy(&head, letter.text.data(), sizeof head);
  return {.outcome = {.kind = head.kind,
                      .task = head.task,
                      .seconds = head.seconds,
                      .message = letter.text.substr(sizeof head)},
          .stop = head.stop,
          .wish = head.wish};
}

std::string written(std::uint64_t task) {
  std::string text(sizeof task, '\0');
  std::memcpy(text.data(), &task, sizeof task);
  return text;
}

std::uint64_t read_answer(const Letter& letter) {
  std::uint64_t task = 0;
  if (letter.text.size() != sizeof task) throw CommError("rank 0 sent an answer of another size than a task's number.");
  std::memcpy(&task, letter.text.data(), sizeof task);
  return task;
}

bool asked_to_stop(const TaskPoolOptions& options) {
  return options.stop_requested && options.stop_requested();
}

// Rank 0's part: the queue, which its main thread takes tasks from directly, and the thread that speaks with the
// others.
class Counter {
 public:
  Counter(TaskQueue& queue, Mailbox& mailbox, int ranks, const TaskPoolOptions& options)
      : queue_(queue), mailbox_(mailbox), ranks_(ranks), options_(options) {
    // Signals are for the main thread: the mask is inherited.
    sigset_t all, old;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &old);
    thread_ = std::thread([this] {
      ::prctl(PR_SET_TIMERSLACK, 1000UL);  // nanoseconds; the usual 50 us are what a short wait should take
      try {
        serve();
      } catch (...) {
        const std::lock_guard lock(mutex_);
        error_ = std::current_exception();
        main_wakes_.notify_one();
      }
    });
    ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  }

  // Without finish(): an exception leaves the pool.
  ~Counter() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      abandoned_ = true;
    }
    service_wakes_.notify_one();
    thread_.join();
  }

  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  /// Rank 0's own next task. Waits for those that others are at, which may fail.
  std::optional<std::size_t> next_task() {
    std::unique_lock lock(mutex_);
    if (asked_to_stop(options_)) queue_.stop();
    waiting_.push_back(0);
    hand_out();
    const auto decided = [this] { return own_ || error_ || queue_.finished(); };
    if (!decided()) {
      const WaitingIn waiting("last tasks");
      main_wakes_.wait(lock, decided);
    }
    if (error_) return std::nullopt;
    if (!own_) std::erase(waiting_, 0);
    return std::exchange(own_, std::nullopt);
  }

  void take(Outcome&& outcome) {
    bool urgent = false;
    {
      const std::lock_guard lock(mutex_);
      if (asked_to_stop(options_)) queue_.stop();
      note(queue_, 0, std::move(outcome));
      ++changes_;
      hand_out();
      urgent = !answers_.empty() || queue_.finished();
    }
    if (urgent) service_wakes_.notify_one();
  }

  /// Once there is no task for rank 0: until all ranks are told. Throws what ended the thread.
  void finish() {
    const WaitingIn waiting("last tasks");
    thread_.join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  struct Answer {
    int to;
    std::uint64_t task;
  };

  std::mutex mutex_;
  std::condition_variable main_wakes_, service_wakes_;
  TaskQueue& queue_;
  Mailbox& mailbox_;
  const int ranks_;
  const TaskPoolOptions& options_;
  std::deque<int> waiting_;         // ranks that want a task, in the order they asked
  std::optional<std::size_t> own_;  // rank 0's
  std::vector<Answer> answers_;     // the others', to be sent
  bool abandoned_ = false;
  std::uint64_t changes_ = 0;
  std::exception_ptr error_;
  std::thread thread_;

  // With the lock held, as all below but serve().
  void hand_out() {
    while (!waiting_.empty()) {
      const int rank = waiting_.front();
      const auto task = queue_.next(rank, Clock::now());
      if (!task) return;
      waiting_.pop_front();
      ++changes_;
      if (rank > 0) {
        answers_.push_back({rank, *task});
      } else {
        own_ = task;
        main_wakes_.notify_one();
      }
    }
  }

  // What the rank wants now.
  Report::Wish receive(const Letter& letter) {
    Report report = read_report(letter);
    if (report.stop) queue_.stop();
    if (report.outcome.kind != Outcome::Kind::none) ++changes_;
    note(queue_, letter.from, std::move(report.outcome));
    if (report.wish == Report::Wish::task) waiting_.push_back(letter.from);
    return report.wish;
  }

  bool all_others_wait() const {
    return std::count_if(waiting_.begin(), waiting_.end(), [](int rank) { return rank > 0; }) == ranks_ - 1;
  }

  void serve() {
    Patience patience;
    std::vector<Answer> answers;
    std::uint64_t told = 0;
    bool over = false;
    for (int left = 0; left < ranks_ - 1;) {
      const std::optional<Letter> letter = mailbox_.look();
      std::optional<TaskProgress> news;
      {
        std::unique_lock lock(mutex_);
        if (abandoned_) return;
        if (asked_to_stop(options_)) queue_.stop();
        if (letter && receive(*letter) == Report::Wish::leave) ++left;
        hand_out();
        // All at once: who has left would wait for the others in a broadcast, at the cost of a core.
        if (!over && queue_.finished() && all_others_wait()) {
          over = true;
          for (int rank = 1; rank < ranks_; ++rank) answers_.push_back({rank, kNoMore});
        }
        if (queue_.finished()) main_wakes_.notify_one();
        if (changes_ != told && options_.progress) news = queue_.progress(Clock::now(), ranks_);
        told = changes_;
        answers.swap(answers_);
        if (letter || !answers.empty()) {
          patience.something_happened();
        } else if (const auto pause = patience.pause(); !news && pause.count() > 0) {
          service_wakes_.wait_for(lock, pause);
        }
      }
      for (const Answer& answer : answers) mailbox_.send(answer.to, written(answer.task));
      answers.clear();
      if (news) options_.progress(*news);
    }
  }
};

void lead(TaskQueue& queue, Mailbox& mailbox, int ranks, const std::function<void(std::size_t)>& work,
          const TaskPoolOptions& options) {
  Counter counter(queue, mailbox, ranks, options);
  while (const auto task = counter.next_task()) counter.take(attempt(work, *task));
  counter.finish();
}

std::uint64_t wait_for_answer(Mailbox& mailbox, bool told_to_stop, const TaskPoolOptions& options) {
  const WaitingIn waiting("next task", 0);
  Patience patience;
  while (true) {
    if (const auto letter = mailbox.look()) return read_answer(*letter);
    if (!told_to_stop && asked_to_stop(options)) {
      told_to_stop = true;
      mailbox.send(0, written(Report{.outcome = {}, .stop = true, .wish = Report::Wish::nothing}));
    }
    if (const auto pause = patience.pause(); pause.count() > 0) std::this_thread::sleep_for(pause);
  }
}

void follow(Mailbox& mailbox, const std::function<void(std::size_t)>& work, const TaskPoolOptions& options) {
  Report report;
  while (true) {
    report.stop = asked_to_stop(options);
    mailbox.send(0, written(report));
    const std::uint64_t task = wait_for_answer(mailbox, report.stop, options);
    if (task == kNoMore) break;
    report.outcome = attempt(work, task);
  }
  // Nothing may be on its way when the box is closed: rank 0 waits for this, behind which comes nothing.
  mailbox.send(0, written(Report{.outcome = {}, .stop = false, .wish = Report::Wish::leave}));
}

void work_alone(TaskQueue& queue, const std::function<void(std::size_t)>& work, const TaskPoolOptions& options) {
  const auto tell = [&] {
    if (options.progress) options.progress(queue.progress(Clock::now(), 1));
  };
  while (true) {
    if (asked_to_stop(options)) queue.stop();
    const auto task = queue.next(0, Clock::now());
    if (!task) return;
    tell();
    note(queue, 0, attempt(work, *task));
    tell();
  }
}

// Rank 0's result on every rank.
TaskPoolResult share(const Communicator& world, const TaskPoolResult& of_rank_0, std::size_t tasks) {
  std::array<std::int64_t, 3> flags{of_rank_0.stopped ? 1 : 0, of_rank_0.too_many_failures ? 1 : 0,
                                    static_cast<std::int64_t>(of_rank_0.failed.size())};
  world.broadcast(std::span<std::int64_t>(flags), 0);
  std::vector<std::uint8_t> done(of_rank_0.done.begin(), of_rank_0.done.end());
  std::vector<double> seconds = of_rank_0.seconds;
  done.resize(tasks);
  seconds.resize(tasks);
  world.broadcast(std::span(done), 0);
  world.broadcast(std::span(seconds), 0);

  using Numbers = std::array<std::int64_t, 4>;
  std::vector<Numbers> numbers;
  std::string messages;
  for (const TaskFailure& one : of_rank_0.failed) {
    numbers.push_back(
        {static_cast<std::int64_t>(one.task), one.rank, one.attempts, static_cast<std::int64_t>(one.message.size())});
    messages += one.message;
  }
  numbers.resize(static_cast<std::size_t>(flags[2]));
  world.broadcast(std::span(numbers), 0);
  messages = world.broadcast(std::move(messages), 0);

  TaskPoolResult out{.done = std::vector<bool>(done.begin(), done.end()),
                     .seconds = std::move(seconds),
                     .failed = {},
                     .stopped = flags[0] != 0,
                     .too_many_failures = flags[1] != 0};
  std::size_t at = 0;
  for (const auto& [task, rank, attempts, length] : numbers) {
    out.failed.push_back({.task = static_cast<std::size_t>(task),
                          .message = messages.substr(at, static_cast<std::size_t>(length)),
                          .rank = static_cast<int>(rank),
                          .attempts = static_cast<int>(attempts)});
    at += static_cast<std::size_t>(length);
  }
  return out;
}

// On all ranks together, so that none waits for one that has thrown.
void check(const Communicator& world, std::span<const double> cost, const TaskPoolOptions& options) {
  const bool bad_cost =
      std::any_of(cost.begin(), cost.end(), [](double one) { return !(one >= 0 && std::isfinite(one)); });
  const auto count = static_cast<std::int64_t>(cost.size());
  const bool bad_kinds = !options.kind.empty() && options.kind.size() != cost.size();
  std::array<std::int64_t, 5> extremes{count, -count, bad_cost ? 1 : 0, options.retries < 0 ? 1 : 0, bad_kinds ? 1 : 0};
  world.all_reduce_max(std::span<std::int64_t>(extremes));
  if (extremes[0] != -extremes[1]) throw std::invalid_argument("run_tasks: the ranks differ in their number of tasks.");
  if (extremes[2] != 0) throw std::invalid_argument("run_tasks: every cost must be finite and not negative.");
  if (extremes[3] != 0) throw std::invalid_argument("run_tasks: retries must be 0 at least.");
  if (extremes[4] != 0) throw std::invalid_argument("run_tasks: every task has a kind, or none has.");
}

}  // namespace

TaskPoolResult run_tasks(const Communicator& world, std::span<const double> cost,
                         const std::function<void(std::size_t task)>& work, const TaskPoolOptions& options) {
  check(world, cost, options);
  TaskQueue queue(cost, options.max_failures, options.retries, options.kind);
  if (world.size() == 1) {
    work_alone(queue, work, options);
    return queue.result();
  }
  const std::unique_ptr<Mailbox> mailbox = world.open_mailbox();
  if (world.rank() > 0) {
    follow(*mailbox, work, options);
    return share(world, {}, cost.size());
  }
  lead(queue, *mailbox, world.size(), work, options);
  return share(world, queue.result(), cost.size());
}

}  // namespace moola::comm
