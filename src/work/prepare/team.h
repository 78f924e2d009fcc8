#pragma once
#include <functional>
#include <string>

namespace moola::work {

/// The processes that do one job together, as far as preparing needs them: alone, or the ranks of an MPI world (the
/// program's main fills it in; this floor knows no MPI).
struct Team {
  int rank = 0, size = 1;
  /// Waits until all are here.
  std::function<void()> barrier = [] {};
  /// Rank 0's text on every rank.
  std::function<std::string(const std::string&)> broadcast = [](const std::string& text) { return text; };
  /// Whether any rank says so; the same answer on all.
  std::function<bool(bool)> any = [](bool mine) { return mine; };
  /// Whether this process was asked to stop.
  std::function<bool()> stop_requested = [] { return false; };
  /// What this rank is doing, for whoever watches it.
  std::function<void(const char*)> note_phase = [](const char*) {};
  /// Ranks on this host, which share its cores.
  int host_size = 1;
};

}  // namespace moola::work
