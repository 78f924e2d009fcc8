#include "base/unlink_on_signal.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string_view>

namespace moola {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
// A handler may not allocate or lock, hence fixed places.
std::array<std::atomic<const char*>, 32> files{};
static_assert(std::atomic<const char*>::is_always_lock_free);

void unlink_all(int number) {
  bool unlinked = false;
  for (const auto& file : files) {
    const char* path = file.load();
    unlinked |= path != nullptr && ::unlink(path) == 0;
  }
  static constexpr std::string_view kSaid = "\ninterrupted: what was being written is gone, nothing else has changed\n";
  if (unlinked && ::write(STDERR_FILENO, kSaid.data(), kSaid.size()) < 0) {
    // There is nobody to tell.
  }
  ::signal(number, SIG_DFL);
  ::raise(number);
}

void install() {
  for (const int number : kSignals) {
    struct sigaction present {};
    if (::sigaction(number, nullptr, &present) != 0 || present.sa_handler != SIG_DFL) continue;
    struct sigaction ours {};
    ours.sa_handler = unlink_all;
    ::sigemptyset(&ours.sa_mask);
    ::sigaction(number, &ours, nullptr);
  }
}

}  // namespace

UnlinkOnSignal::UnlinkOnSignal(const std::filesystem::path& file) : path_(file.string()) {
  install();
  for (std::size_t i = 0; i < files.size() && slot_ < 0; ++i) {
    const char* nothing = nullptr;
    if (files[i].compare_exchange_strong(nothing, path_.c_str())) slot_ = static_cast<int>(i);
  }
}

UnlinkOnSignal::~UnlinkOnSignal() {
  if (slot_ >= 0) files[static_cast<std::size_t>(slot_)].store(nullptr);
}

}  // namespace moola
