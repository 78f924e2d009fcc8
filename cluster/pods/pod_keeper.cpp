#include "cluster/pods/pod_keeper.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/atomic_file.h"
#include "base/byte_size.h"
#include "base/duration.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/shell_words.h"
#include "base/stop_flag.h"
#include "base/subprocess.h"
#include "base/text_table.h"
#include "base/utc_time.h"
#include "cluster/local/local_runner.h"
#include "cluster/pods/pod_request.h"
#include "cluster/pods/volume_transfer.h"
#include "cluster/remote/fetch_results.h"
#include "cluster/remote/mirror.h"
#include "cluster/remote/send_pack.h"
#include "cluster/run/run_events.h"
#include "cluster/run/run_status.h"

namespace moola::cluster {
namespace {

namespace fs = std::filesystem;
using runpod::ApiError;

constexpr int kGone = 404;
constexpr auto kUntilGone = std::chrono::seconds(5);  // that RunPod must say so for
constexpr auto kSsh = std::chrono::minutes(15);       // that a running pod may take until ssh answers
constexpr auto kGrace = std::chrono::minutes(5);      // for checkpoints on a machine that nobody wants any more
constexpr std::int64_t kShortest = 60;                // seconds; for less nothing is rented
constexpr const char* kRoot = "/workspace/moola";

fs::path key_file(const JobRun& run) {
  return run.folder / "ssh" / "id";
}

// A key of this run alone.
std::string public_key(const JobRun& run) {
  const fs::path key = key_file(run);
  if (!fs::exists(key)) {
    create_folders(key.parent_path());
    fs::permissions(key.parent_path(), fs::perms::owner_all);
    const ProcessResult made =
        run_process({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "moola " + run.id(), "-f", key.string()});
    if (made.exit_code != 0) throw IoError("ssh-keygen could not make a key: " + made.errors);
  }
  std::string out = read_file(key.string() + ".pub");
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

// A machine that begins anew has new ones, also at an address that another had.
void forget_host_keys(const JobRun& run) {
  std::error_code none;
  fs::remove(run.folder / "ssh" / "hosts", none);
}

// Of the driver that the run's pack asks for; 0: none.
int cuda_of(const JobRun& run) {
  const fs::path manifest = run.folder / "pack" / "manifest.json";
  if (!fs::exists(manifest)) return 0;
  const Json said = read_json(manifest);
  return said.contains("needs") && said["needs"].is_object() ? said["needs"].value("cuda", 0) : 0;
}

std::string folder_there(const RemoteRecord& record, const JobRun& run) {
  return (record.target.root / "submitted" / run.id()).string();
}

// Where things are tried in short time: milliseconds.
std::chrono::milliseconds pause_between_looks() {
  const char* given = std::getenv("MOOLA_POD_LOOK_MS");
  return std::chrono::milliseconds(given == nullptr ? 10'000 : std::max(10, std::atoi(given)));
}

fs::path words_file(const fs::path& run_folder) {
  return run_folder / "pods.status";
}

std::string last_pod_words(const fs::path& run_folder) {
  const fs::path file = words_file(run_folder);
  return fs::exists(file) ? read_file(file) : std::string();
}

std::string machine_text(const Rental& rental, const PodWish& wish) {
  return fmt::format("{}{} ({})", wish.nodes > 1 ? fmt::format("{} pods of ", wish.nodes) : "",
                     rental.gpu.empty() ? wish.settings.cpu : fmt::format("{} x {}", wish.gpus, rental.gpu),
                     rental.name);
}

}  // namespace

runpod::Pod first_pod(runpod::Client& client, const Rental& rental) {
  if (!rental.is_cluster) return client.pod(rental.id);
  client.cluster(rental.id);  // a cluster whose pods are not placed yet has none, and is there
  const std::vector<runpod::Pod> pods = client.cluster_pods(rental.id);
  if (!pods.empty()) return pods.front();
  runpod::Pod not_yet;
  not_yet.status = runpod::PodStatus::provisioning;
  not_yet.status_text = "PROVISIONING";
  return not_yet;
}

PodKeeper::PodKeeper(const JobRun& run, runpod::Client& client)
    : run_(run), client_(client), wish_(pod_wish(run.job)), book_(run.folder) {}

std::int64_t PodKeeper::seconds_left(double per_hour) const {
  const std::int64_t now = utc_now();
  return lifetime_s(wish_, per_hour, book_.dollars(now),
                    std::max<std::int64_t>(0, (now - run_.submitted) / 1'000'000'000));
}

bool PodKeeper::is_run_over() const {
  return status_of(run_, RunEvents(run_.folder), {.answered = false, .why_not = {}}).is_over();
}

void PodKeeper::rent() {
  const std::string name = book_.current() != nullptr
                               ? book_.current()->name
                               : fmt::format("moola-{}-{}", run_.id(), book_.rentals().size() + 1);
  PodOrder order{.run = run_.id(), .name = name, .public_key = public_key(run_), .cuda = cuda_of(run_)};
  forget_host_keys(run_);
  const auto remember = [&](const Rental& rental) {
    book_.made(rental);
    log_info("rented {} at ${:.2f} per hour, {}", machine_text(rental, wish_), rental.per_hour, rental.id);
  };
  // Once, and as late as it can be: before anything costs money.
  const auto begin_once = [&] {
    if (book_.current() != nullptr) return;
    if (const auto volume = open_volume(wish_, client_)) {
      RemoteRecord record = read_remote_record(run_.folder);
      send_to_volume(*volume, run_, record, name);
      book_.begin_rental(name, utc_now());
      book_.sent(name);
      return;
    }
    book_.begin_rental(name, utc_now());
  };
  if (wish_.gpus == 0) {
    order.lifetime_s = seconds_left(wish_.settings.hourly_price_cap);
    begin_once();
    runpod::Pod pod;
    try {
      pod = client_.create_pod(pod_request(wish_, order)).value;
    } catch (const ApiError& error) {
      if (error.status() != 400) throw;
      book_.ended(name, "no machine was free", false, utc_now());
      throw runpod::NoPlace(fmt::format("no machine for {}: {}", run_.id(), error.what()), ExitCode::failed);
    }
    if (wish_.settings.hourly_price_cap > 0 && pod.cost_per_hour > wish_.settings.hourly_price_cap) {
      book_.made({.name = name, .id = pod.id, .per_hour = pod.cost_per_hour});
      end(*book_.current(), "above runpod.hourly_price_cap", false);
      throw ConfigError(
          fmt::format("a {} with {} cores costs ${:.2f} per hour, and runpod.hourly_price_cap is ${:.2f}.",
                      wish_.settings.cpu, wish_.vcpus, pod.cost_per_hour, wish_.settings.hourly_price_cap));
    }
    return remember({.name = name, .id = pod.id, .per_hour = pod.cost_per_hour});
  }
  const runpod::Candidates found = find_candidates(client_, placement_wish(wish_));
  std::vector<std::string> refused;
  if (!found.left_out.empty()) refused.push_back(describe(found.left_out));
  for (const runpod::Candidate& candidate : found.to_try) {
    order.lifetime_s = seconds_left(candidate.per_hour);
    if (order.lifetime_s < kShortest) {
      refused.push_back(
          fmt::format("{} (${:.2f} per hour leaves no minute of the budget)", candidate.gpu, candidate.per_hour));
      continue;
    }
    const runpod::Candidates one{.to_try = {candidate}, .left_out = {}};
    begin_once();
    try {
      if (wish_.nodes > 1) {
        const runpod::PlacedCluster placed = place_cluster(client_, cluster_request(wish_, order), one);
        return remember({.name = name,
                         .id = placed.cluster.id,
                         .is_cluster = true,
                         .gpu = placed.candidate.gpu,
                         .per_hour = candidate.per_hour});
      }
      const runpod::PlacedPod placed =
          place_pod(client_, pod_request(wish_, order), one, placement_wish(wish_).most_per_hour);
      return remember(
          {.name = name, .id = placed.pod.id, .gpu = placed.candidate.gpu, .per_hour = placed.pod.cost_per_hour});
    } catch (const runpod::NoPlace& error) {
      refused.emplace_back(error.what());
    }
  }
  if (book_.current() != nullptr) book_.ended(name, "no machine was free", false, utc_now());
  throw runpod::NoPlace(fmt::format("no machine for {}: {}", run_.id(), fmt::join(refused, "; ")), ExitCode::failed);
}

void PodKeeper::end_by_name(const std::string& name) {
  for (const runpod::Pod& pod : client_.pods(true)) {
    if (runpod::variable(pod, "MOOLA_POD") != name) continue;
    if (pod.cluster_id.empty())
      client_.terminate_pod(pod.id);
    else
      client_.delete_cluster(pod.cluster_id);
  }
}

void PodKeeper::end(const Rental& rental, const std::string& why, bool was_lost) {
  const std::string name = rental.name;  // the book changes what the reference leads to
  if (rental.id.empty())
    end_by_name(name);
  else if (rental.is_cluster)
    client_.delete_cluster(rental.id);
  else
    client_.terminate_pod(rental.id);
  book_.ended(name, why, was_lost, utc_now());
  log_info("{} has ended: {}", name, why);
}

void PodKeeper::give_up(const std::string& why) {
  book_ = PodBook(run_.folder);
  if (!book_.closed()) book_.close(why);
  try {
    const Rental* rental = book_.current();
    if (rental == nullptr) return;
    // What it has made may be on its disk alone.
    if (rental->begun && !rental->is_cluster && wish_.settings.network_volume.empty())
      client_.act(rental->id, runpod::PodAction::stop);
    else
      end(*rental, why, false);
  } catch (const std::exception& error) {
    log_warning("{} It is tried again.", error.what());  // by the next look, for the book is closed
  }
}

void PodKeeper::rent_nothing_more(const std::string& why) {
  book_ = PodBook(run_.folder);
  if (book_.current() == nullptr && !book_.closed()) book_.close(why);
}

PodLook PodKeeper::look() {
  book_ = PodBook(run_.folder);
  const Rental* rental = book_.current();
  if (rental != nullptr && !rental->id.empty()) return look_at(*rental);
  const bool is_over = is_run_over() && book_.orders().empty();
  const bool lacks_results = !book_.fetched() && !wish_.settings.network_volume.empty();
  if (is_over && lacks_results && !book_.closed() && rental == nullptr) {
    // Its pod ended while nobody looked, or while they were brought. Without a key of S3 another one reads the volume.
    if (const auto volume = open_volume(wish_, client_)) {
      say_what_was_brought(fetch_from_volume(*volume, run_));
      book_.results_are_here();
    }
  }
  if (book_.closed() || (is_over && (!lacks_results || book_.fetched()))) {
    if (rental != nullptr) end(*rental, "nobody wants it any more", false);
    return {.is_done = true, .words = book_.closed().value_or("the run is over")};
  }
  if (book_.lost() > wish_.replacements) {
    book_.close(
        fmt::format("{} machines were lost, and retry.node_failure allows {}", book_.lost(), wish_.replacements));
    return {.words = *book_.closed()};
  }
  if (seconds_left(0) < kShortest || (wish_.dollars > 0 && book_.dollars(utc_now()) >= wish_.dollars)) {
    book_.close("its time or its money is spent");
    return {.words = *book_.closed()};
  }
  try {
    rent();
  } catch (const runpod::NoPlace& error) {
    return {.words = error.what()};
  }
  return {.words = "rented " + machine_text(*book_.current(), wish_)};
}

PodLook PodKeeper::look_at(const Rental& rental) {
  const std::string machine = machine_text(rental, wish_);
  std::optional<runpod::Pod> pod;
  try {
    pod = first_pod(client_, rental);
  } catch (const ApiError& error) {
    if (error.status() != kGone) throw;
  }
  using runpod::PodStatus;
  const bool wanted = !book_.closed();
  if (!pod || pod->status == PodStatus::terminated) {
    const auto volume = rental.begun ? open_volume(wish_, client_) : std::nullopt;
    if (volume && is_over_on_volume(*volume, run_.id(), rental.name)) {
      say_what_was_brought(fetch_from_volume(*volume, run_));
      book_.results_are_here();
      book_.ended(rental.name, "the run is over", false, utc_now());
      return {.words = machine + " has ended itself"};
    }
    // Lists and answers lag behind: what is gone is gone a while later, too.
    if (!waits_longer(rental.name + ", gone", kUntilGone)) return {.words = machine + ": RunPod does not know it now"};
    end(rental, wanted ? "RunPod has it no more" : *book_.closed(), wanted && !is_run_over());
    return {.words = machine + " is gone"};
  }
  const bool is_spent = seconds_left(rental.per_hour) == 0;
  if (is_spent && wanted) book_.close("its time or its money is spent");
  if (pod->status == PodStatus::running) return look_at_running(*book_.current(), *pod);
  const bool has_begun =
      rental.begun && pod->started != kNoTime;  // what is on a volume may be sent before there is a pod
  if (!has_begun && book_.closed()) {
    end(rental, *book_.closed(), false);
    return {.words = machine + " has ended"};
  }
  if (pod->status == PodStatus::exited && wish_.settings.network_volume.empty() && rental.begun) {
    // It has stopped itself, with what it has made on its disk: started once more it waits for somebody to fetch that.
    if (!book_.closed()) book_.close("its machine has stopped by itself");
    forget_host_keys(run_);
    client_.act(pod->id, runpod::PodAction::start);
    return {.words = machine + " has stopped: it is started once more, to read its disk"};
  }
  if (pod->status == PodStatus::exited || pod->status == PodStatus::error) {
    end(rental, "RunPod says " + pod->status_text, true);
    return {.words = fmt::format("{}: {}", machine, pod->status_text)};
  }
  return {.words = fmt::format("{}: {}", machine, pod->status_text)};
}

PodLook PodKeeper::look_at_running(const Rental& rental, const runpod::Pod& pod) {
  const std::string machine = machine_text(rental, wish_);
  if (!pod.ssh) {
    if (book_.closed() && waits_longer(rental.name + ", closed", kGrace))
      return finish(rental, nullptr, read_remote_record(run_.folder), *book_.closed());
    if (!book_.closed() && waits_longer(rental.name, kSsh)) end(rental, "it never had an address", true);
    return {.words = machine + " runs, and has no address yet"};
  }
  RemoteRecord record = read_remote_record(run_.folder);
  const SshTarget before = record.target;
  record.target = {.host = pod.ssh->host,
                   .user = pod.ssh->user,
                   .port = pod.ssh->port,
                   .root = kRoot,
                   .key = key_file(run_),
                   .hosts = run_.folder / "ssh" / "hosts"};
  const bool is_new_address = before.host != record.target.host || before.port != record.target.port;
  const RemoteShell shell(record.target);
  try {
    if (!rental.begun) {
      if (book_.closed()) return finish(rental, nullptr, record, *book_.closed());
      begin(rental, record);
      return {.words = machine + " begins"};
    }
    // What was sent before it was there knows no address yet.
    if (is_new_address) write_remote_record(run_.folder, record);
    const std::string folder = shell_word(folder_there(record, run_));
    // Before the records are read: what it is still to do again is not over by them.
    const bool has_orders = shell.run("[ -e " + folder + "/again ] || [ -e " + folder + "/again.now ]").exit_code == 0;
    const Mirrored seen = mirror_run(shell, record.target.root, run_);
    if (book_.closed() && seen.is_there && !seen.is_running) return finish(rental, &shell, record, *book_.closed());
    if (seen.is_there && !book_.orders().empty()) {
      obey(shell, record);
      return {.words = machine + " is told what to do again"};
    }
    if (has_orders) return {.words = machine + " begins again"};
    if (is_run_over() && book_.orders().empty()) return finish(rental, &shell, record, "the run is over");
    const bool ended_itself = shell.run("[ -e " + folder + "/end ] && [ ! -e " + folder + "/again ]").exit_code == 0;
    if (ended_itself && !seen.is_running && book_.orders().empty() && !is_run_over()) {
      book_.close("its steps could not be submitted there; see logs/pod.log");
      const ProcessResult log = shell.run("cat " + shell_word(folder_there(record, run_) + "/pod.log"));
      write_derived_file(log_folder(run_.folder) / "pod.log", log.output);
      return finish(rental, &shell, record, *book_.closed());
    }
    if (book_.closed() && waits_longer(rental.name + ", closed", kGrace))
      return finish(rental, &shell, record, *book_.closed());
    return {.words = machine + " works"};
  } catch (const Unreachable& error) {
    if (book_.closed() && waits_longer(rental.name + ", closed", kGrace))
      return finish(rental, nullptr, record, *book_.closed());
    const bool is_late = !rental.begun && waits_longer(rental.name, kSsh);
    if (is_late) end(rental, "ssh never answered", true);
    return {.words = fmt::format("{}: {}", machine, error.what())};
  }
}

bool PodKeeper::waits_longer(const std::string& what, std::chrono::seconds patience) {
  const auto now = std::chrono::steady_clock::now();
  if (waits_for_ != what) {
    waits_for_ = what;
    waits_since_ = now;
  }
  return now - waits_since_ > patience;
}

void PodKeeper::begin(const Rental& rental, const RemoteRecord& record) {
  const RemoteShell shell(record.target);
  // Records of an earlier machine whose disk has gone with it would be taken for this one's.
  if (wish_.settings.network_volume.empty() && book_.rentals().size() > 1) {
    const fs::path lost = run_.folder / "lost" / rental.name;
    create_folders(lost);
    std::error_code none;
    for (const char* each : {"events.jsonl", "state", "logs"}) fs::rename(run_.folder / each, lost / each, none);
    create_folders(log_folder(run_.folder));
  }
  send_run(run_, shell, record);
  write_remote_record(run_.folder, record);
  if (PodBook(run_.folder).closed()) return;  // meanwhile: the next look ends it
  send_file(shell, fs::path(folder_there(record, run_)) / "go", rental.name + "\n");
  book_.sent(rental.name);
}

void PodKeeper::obey(const RemoteShell& shell, const RemoteRecord& record) {
  const std::size_t count = book_.orders().size();
  if (count == 0) return;
  // The pod's first process runs them: its environment is that of the run's programs.
  const std::string folder = folder_there(record, run_);
  std::string script;
  for (const std::vector<std::string>& words : book_.orders())
    script += "sh " + shell_word(folder + "/moola.sh") + " " + shell_words(words) + "\n";
  send_file(shell, fs::path(folder) / "again", script);
  book_.obeyed(count);
}

PodLook PodKeeper::finish(const Rental& rental, const RemoteShell* shell, const RemoteRecord& record,
                          const std::string& why) {
  if (shell != nullptr) {
    const FetchedResults got = fetch_results(*shell, record.target.root, run_);
    say_what_was_brought(got);
    mirror_run(*shell, record.target.root, run_);
    book_.results_are_here();
  } else if (rental.begun && wish_.settings.network_volume.empty()) {
    // What it has made is on its disk alone, and it does not answer.
    client_.act(rental.id, runpod::PodAction::stop);
    return {
        .is_done = true,
        .words = fmt::format("{} was stopped and keeps its disk, which costs money: `moola collect {}` fetches what is "
                             "on it and ends it",
                             rental.name, run_.id())};
  }
  end(rental, why, false);
  return {.is_done = book_.closed().has_value() || is_run_over(), .words = why};
}

void bring_from_pods(const JobRun& run, runpod::Client& client) {
  PodBook book(run.folder);
  const Rental* rental = book.current();
  if (rental == nullptr || rental->id.empty() || !rental->begun) return;
  runpod::Pod pod = first_pod(client, *rental);
  const bool had_stopped = pod.status == runpod::PodStatus::exited;
  if (had_stopped) {
    log_info("{} has stopped: it is started to read its disk.", rental->name);
    forget_host_keys(run);
    pod = client.act(pod.id, runpod::PodAction::start);
  }
  const RemoteRecord record = read_remote_record(run.folder);
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(10);
  while (true) {
    pod = first_pod(client, *rental);
    try {
      if (pod.ssh) {
        RemoteRecord there = record;
        there.target.host = pod.ssh->host;
        there.target.port = pod.ssh->port;
        const RemoteShell shell(there.target);
        const FetchedResults got = fetch_results(shell, there.target.root, run);
        say_what_was_brought(got);
        mirror_run(shell, there.target.root, run);
        break;
      }
    } catch (const Unreachable&) {
      if (!had_stopped || std::chrono::steady_clock::now() > until) throw;
    }
    if (std::chrono::steady_clock::now() > until)
      throw Unreachable(fmt::format(
          "{} had no address within ten minutes. Try again; it costs money while it is there.", rental->name));
    std::this_thread::sleep_for(pause_between_looks());
  }
  if (!had_stopped) return;
  client.terminate_pod(rental->id);
  book.ended(rental->name, "its disk was read", false, utc_now());
  log_info("{} has ended, and its disk with it.", rental->name);
}

bool is_left_alone(const JobRun& run) {
  const PodBook book(run.folder);
  if (book.rentals().empty() || is_run_locally(run)) return false;
  if (book.current() != nullptr) return true;
  if (book.closed()) return false;
  const bool lacks_results = !book.fetched() && !pod_wish(run.job).settings.network_volume.empty();
  return lacks_results || !status_of(run, RunEvents(run.folder), {.answered = false, .why_not = {}}).is_over();
}

std::string rentals_text(const JobRun& run) {
  const PodBook book(run.folder);
  if (book.rentals().empty()) return {};
  const std::int64_t now = utc_now();
  TextTable table({{"machine"}, {"GPU"}, {"$/h", Align::right}, {"up", Align::right}, {"$", Align::right}, {""}});
  for (const Rental& each : book.rentals()) {
    table.row({each.name, each.gpu.empty() ? "-" : each.gpu, fmt::format("{:.2f}", each.per_hour),
               readable_seconds(each.seconds(now)), fmt::format("{:.2f}", each.cost(now)),
               each.ended != kNoTime ? each.why
               : each.id.empty()     ? "asked for"
                                     : "rented"});
  }
  std::string out = table.text();
  if (book.current() != nullptr) {
    if (const std::string words = last_pod_words(run.folder); !words.empty()) out += words + "\n";
  }
  if (is_left_alone(run)) {
    out += fmt::format(
        "Nobody keeps it from here any more: `moola status {} --watch` does. What is rented ends itself.\n", run.id());
  }
  return out;
}

Json rentals_json(const JobRun& run) {
  const PodBook book(run.folder);
  const std::int64_t now = utc_now();
  Json out = Json::array();
  for (const Rental& each : book.rentals()) {
    out.push_back({{"name", each.name},
                   {each.is_cluster ? "cluster" : "pod", each.id},
                   {"gpu", each.gpu},
                   {"dollars_per_hour", each.per_hour},
                   {"seconds", each.seconds(now)},
                   {"dollars", each.cost(now)},
                   {"ended", each.ended == kNoTime ? Json(nullptr) : Json(utc_text(each.ended))},
                   {"why", each.why}});
  }
  return out;
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
    try {
      write_file(words_file(run.folder), look.words);
    } catch (const IoError& error) {
      log_warning("{}", error.what());
    }
    if (look.is_done)
      return status_of(run, RunEvents(run.folder), {.answered = true, .why_not = {}}).succeeded() ? 0 : 1;
    const auto until = std::chrono::steady_clock::now() + pause_between_looks();
    while (!stop_requested() && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return static_cast<int>(ExitCode::run_again);
}

PlaceView pod_view(const JobRun& run, StepRecords& records) {
  const PodBook book(run.folder);
  const RunEvents events(run.folder);
  PlaceView out = view_by_runner(records, events, !book.closed());
  const std::string words = last_pod_words(run.folder);
  for (const JobStep& step : run.job.steps) {
    for (std::size_t element = 0; element < step.elements(); ++element) {
      if (events.last_of(step.name, element) != nullptr && !book.closed()) continue;
      out.words[{step.name, element}] = {.state = book.closed() ? PlaceWord::State::over : PlaceWord::State::pending,
                                         .name = book.closed().value_or(""),
                                         .reason = words.empty() ? "for a machine" : words};
    }
  }
  return out;
}

}  // namespace moola::cluster
