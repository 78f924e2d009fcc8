#include "cluster/pods/pod_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/shell_words.h"
#include "base/stop_flag.h"
#include "base/utc_time.h"
#include "cluster/pods/pod_ssh.h"
#include "cluster/pods/seen_pods.h"
#include "cluster/pods/volume_transfer.h"
#include "cluster/remote/fetch_results.h"
#include "cluster/remote/send_pack.h"
#include "cluster/run/run_events.h"
#include "cluster/run/run_status.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;
using runpod::ApiError;
using runpod::PodStatus;

constexpr int kGone = 404;
constexpr auto kUntilGone = std::chrono::seconds(5);   // that RunPod must say so for
constexpr auto kSsh = std::chrono::minutes(15);        // that a running pod may take until ssh answers
constexpr auto kUntilTold = std::chrono::seconds(15);  // that a cancelled run may take to end by itself
constexpr auto kGrace = std::chrono::minutes(5);       // for checkpoints on a machine that nobody wants any more

const char* const kSpent = "its time or its money is spent";

// Run and pod have a folder there, whose files are the words between this and pod_start.sh.
fs::path order_folder(const RemoteRecord& record, const JobRun& run) {
  return submitted_folder(record.target.root, run.id());
}

}  // namespace

std::chrono::milliseconds pause_between_pod_looks() {
  // Where things are tried in short time: milliseconds.
  const char* given = std::getenv("MOOLA_POD_LOOK_MS");
  return std::chrono::milliseconds(given == nullptr ? 10'000 : std::max(10, std::atoi(given)));
}

bool PodKeeper::is_run_over() const {
  return status_of(run_, RunEvents(run_.folder), {.answered = false, .why_not = {}}).is_over();
}

void PodKeeper::give_up(const std::string& why) {
  renting_.read_book_again();
  if (!book().closed()) book().close(why);
  try {
    const Rental* rental = book().current();
    if (rental == nullptr) return;
    // What it has made may be on its disk alone.
    if (rental->begun && !rental->is_cluster && !renting_.has_volume())
      renting_.client().act(rental->id, runpod::PodAction::stop);
    else
      renting_.end(*rental, why, false);
  } catch (const std::exception& error) {
    log_warning("{} It is tried again.", error.what());  // by the next look, for the book is closed
  }
}

void PodKeeper::rent_nothing_more(const std::string& why) {
  renting_.read_book_again();
  if (book().current() == nullptr && !book().closed()) book().close(why);
}

PodLook PodKeeper::look() {
  renting_.read_book_again();
  const Rental* rental = book().current();
  return rental != nullptr && !rental->id.empty() ? look_at(*rental) : look_without_machine();
}

PodLook PodKeeper::look_without_machine() {
  const Rental* asked_for = book().current();
  const bool is_over = is_run_over() && book().orders().empty();
  bool lacks_results = !book().fetched() && renting_.has_volume();
  if (is_over && lacks_results && !book().closed() && asked_for == nullptr) {
    // Its pod ended while nobody looked, or while they were brought. Without a key of S3 another one reads the volume.
    if (const auto volume = open_volume(renting_.wish(), renting_.client())) {
      say_what_was_brought(fetch_from_volume(*volume, run_));
      book().results_are_here();
      lacks_results = false;
    }
  }
  if (book().closed() || (is_over && !lacks_results)) {
    if (asked_for != nullptr) renting_.end(*asked_for, "nobody wants it any more", false);
    return {.is_done = true, .words = book().closed().value_or("the run is over")};
  }
  if (book().lost() > renting_.wish().replacements) {
    book().close(fmt::format("{} machines were lost, and retry.node_failure allows {}", book().lost(),
                             renting_.wish().replacements));
    return {.words = *book().closed()};
  }
  if (renting_.is_spent()) {
    book().close(kSpent);
    return {.words = *book().closed()};
  }
  try {
    renting_.rent();
  } catch (const runpod::NoPlace& error) {
    return {.words = error.what()};
  }
  return {.words = "rented " + renting_.machine_text(*book().current())};
}

PodLook PodKeeper::look_at(const Rental& rental) {
  const std::string machine = renting_.machine_text(rental);
  std::optional<runpod::Pod> pod;
  try {
    pod = first_pod(renting_.client(), rental);
  } catch (const ApiError& error) {
    if (error.status() != kGone) throw;
  }
  if (!pod || pod->status == PodStatus::terminated) return look_at_gone(rental);
  if (!book().closed() && renting_.seconds_left(rental.per_hour) == 0) book().close(kSpent);
  if (pod->status == PodStatus::running) return look_at_running(*book().current(), *pod);
  // What is on a volume may be sent before there is a pod.
  const bool has_begun = rental.begun && pod->started != kNoTime;
  if (!has_begun && book().closed()) {
    renting_.end(rental, *book().closed(), false);
    return {.words = machine + " has ended"};
  }
  if (pod->status == PodStatus::exited && !renting_.has_volume() && rental.begun) {
    // It has stopped itself, with what it has made on its disk: started once more it waits for somebody to fetch that.
    if (!book().closed()) book().close("its machine has stopped by itself");
    forget_host_keys(run_);
    renting_.client().act(pod->id, runpod::PodAction::start);
    return {.words = machine + " has stopped: it is started once more, to read its disk"};
  }
  if (pod->status == PodStatus::exited || pod->status == PodStatus::error)
    renting_.end(rental, "RunPod says " + pod->status_text, true);
  return {.words = fmt::format("{}: {}", machine, pod->status_text)};
}

PodLook PodKeeper::look_at_gone(const Rental& rental) {
  const std::string machine = renting_.machine_text(rental);
  const auto volume = rental.begun ? open_volume(renting_.wish(), renting_.client()) : std::nullopt;
  if (volume && is_over_on_volume(*volume, run_.id(), rental.name)) {
    say_what_was_brought(fetch_from_volume(*volume, run_));
    book().results_are_here();
    book().ended(rental.name, "the run is over", false, utc_now());
    return {.words = machine + " has ended itself"};
  }
  // Lists and answers lag behind: what is gone is gone a while later, too.
  if (!waits_longer(rental.name + ", gone", kUntilGone)) return {.words = machine + ": RunPod does not know it now"};
  const bool was_wanted = !book().closed();
  renting_.end(rental, book().closed().value_or("RunPod has it no more"), was_wanted && !is_run_over());
  return {.words = machine + " is gone"};
}

PodLook PodKeeper::look_at_running(const Rental& rental, const runpod::Pod& pod) {
  const std::string machine = renting_.machine_text(rental);
  const auto closed = book().closed();
  if (!pod.ssh) {
    if (closed && ends_longer(rental, kGrace)) return end_unread(rental, *closed);
    if (!closed && waits_longer(rental.name, kSsh)) renting_.end(rental, "it never had an address", true);
    return {.words = machine + " runs, and has no address yet"};
  }
  const SshTarget before = read_remote_record(run_.folder).target;
  const RemoteRecord record = record_at(run_, pod);
  try {
    if (!rental.begun) {
      if (closed) return end_unread(rental, *closed);
      begin(rental, record);
      return {.words = machine + " begins"};
    }
    // What was sent before it was there knows no address yet.
    if (before.host != record.target.host || before.port != record.target.port)
      write_remote_record(run_.folder, record);
    return look_inside(rental, RemoteShell(record.target), record);
  } catch (const Unreachable& error) {
    if (closed && ends_longer(rental, kGrace)) return end_unread(rental, *closed);
    const bool is_late = !rental.begun && waits_longer(rental.name, kSsh);
    if (is_late) renting_.end(rental, "ssh never answered", true);
    return {.words = fmt::format("{}: {}", machine, error.what())};
  }
}

PodLook PodKeeper::look_inside(const Rental& rental, const RemoteShell& shell, const RemoteRecord& record) {
  const std::string machine = renting_.machine_text(rental);
  const Mirrored seen = mirror_run(shell, record.target.root, run_);
  if (const auto closed = book().closed()) {
    if ((seen.is_there && !seen.is_running) || ends_longer(rental, kGrace))
      return bring_and_end(rental, shell, record, *closed);
    // The programs write their checkpoints, and no restart of the pod begins the run anew.
    if (told_to_stop_ != rental.name && ends_longer(rental, kUntilTold)) {
      send_file(shell, order_folder(record, run_) / "stop", rental.name + "\n");
      told_to_stop_ = rental.name;
    }
    return {.words = machine + " comes to its end"};
  }
  if (!book().orders().empty()) {
    if (seen.is_there) obey(shell, record);
    return {.words = machine + (seen.is_there ? " is told what to do again" : " begins")};
  }
  if (seen.has_orders) return {.words = machine + " begins again"};
  if (is_run_over()) return bring_and_end(rental, shell, record, "the run is over");
  if (seen.has_ended && !seen.is_running) {
    book().close("its steps could not be submitted there; see logs/pod.log");
    const ProcessResult log = shell.run("cat " + shell_word((order_folder(record, run_) / "pod.log").string()));
    write_derived_file(log_folder(run_.folder) / "pod.log", log.output);
    return bring_and_end(rental, shell, record, *book().closed());
  }
  return {.words = machine + " works"};
}

bool PodKeeper::waits_longer(const std::string& what, std::chrono::seconds patience) {
  const auto now = std::chrono::steady_clock::now();
  if (waits_for_ != what) {
    waits_for_ = what;
    waits_since_ = now;
  }
  return now - waits_since_ > patience;
}

bool PodKeeper::ends_longer(const Rental& rental, std::chrono::seconds patience) {
  return waits_longer(rental.name + ", closed", patience);
}

void PodKeeper::begin(const Rental& rental, const RemoteRecord& record) {
  const RemoteShell shell(record.target);
  // Records of an earlier machine whose disk has gone with it would be taken for this one's.
  if (!renting_.has_volume() && book().rentals().size() > 1) {
    const fs::path lost = run_.folder / "lost" / rental.name;
    create_folders(lost);
    std::error_code none;
    for (const char* each : {"events.jsonl", "state", "logs"}) fs::rename(run_.folder / each, lost / each, none);
    create_folders(log_folder(run_.folder));
  }
  send_run(run_, shell, record);
  write_remote_record(run_.folder, record);
  if (PodBook(run_.folder).closed()) return;  // meanwhile: the next look ends it
  send_file(shell, order_folder(record, run_) / "go", rental.name + "\n");
  book().sent(rental.name);
}

void PodKeeper::obey(const RemoteShell& shell, const RemoteRecord& record) {
  const std::vector<std::vector<std::string>>& orders = book().orders();
  // The pod's first process runs them: its environment is that of the run's programs.
  const fs::path folder = order_folder(record, run_);
  std::string script;
  for (const std::vector<std::string>& words : orders)
    script += "sh " + shell_word((folder / "moola.sh").string()) + " " + shell_words(words) + "\n";
  send_file(shell, folder / "again", script);
  book().obeyed(orders.size());
}

PodLook PodKeeper::bring_and_end(const Rental& rental, const RemoteShell& shell, const RemoteRecord& record,
                                 const std::string& why) {
  say_what_was_brought(fetch_results(shell, record.target.root, run_));
  mirror_run(shell, record.target.root, run_);
  book().results_are_here();
  renting_.end(rental, why, false);
  return {.is_done = book().closed().has_value() || is_run_over(), .words = why};
}

PodLook PodKeeper::end_unread(const Rental& rental, const std::string& why) {
  if (rental.begun && !renting_.has_volume()) {
    // What it has made is on its disk alone, and it does not answer.
    renting_.client().act(rental.id, runpod::PodAction::stop);
    return {
        .is_done = true,
        .words = fmt::format("{} was stopped and keeps its disk, which costs money: `moola collect {}` fetches what is "
                             "on it and ends it",
                             rental.name, run_.id())};
  }
  renting_.end(rental, why, false);
  return {.is_done = true, .words = why};
}

int keep_pods(const JobRun& run) {
  runpod::Client client = runpod::open_client();
  PodKeeper keeper(run, client);
  const StopFlag stop;
  std::string said;
  while (!stop_requested()) {
    PodLook look;
    try {
      look = keeper.look();
    } catch (const ApiError& error) {
      // Another key, or more money, may come; what is rented ends itself meanwhile.
      look.words = error.what();
      const bool is_final =
          error.status() == 401 || error.status() == 402 || error.status() == 403 || error.status() == 422;
      if (is_final) keeper.rent_nothing_more(error.what());
    } catch (const Error& error) {
      // The same would happen on every machine of the kind.
      look.words = error.what();
      if (error.exit_code() == ExitCode::permanent) keeper.give_up(error.what());
    } catch (const std::exception& error) {
      look.words = error.what();
    }
    if (look.words != said) log_info("{}", look.words);
    said = look.words;
    note_pod_words(run, look.words);
    if (look.is_done)
      return status_of(run, RunEvents(run.folder), {.answered = true, .why_not = {}}).succeeded() ? 0 : 1;
    const auto until = std::chrono::steady_clock::now() + pause_between_pod_looks();
    while (!stop_requested() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return static_cast<int>(ExitCode::run_again);
}

}  // namespace moola::cluster
