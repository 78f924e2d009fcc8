#pragma once

namespace moola {

/// Turns SIGTERM, SIGUSR2, SIGHUP and SIGINT into a flag that the training loop looks at once a step; a second SIGINT
/// ends the process at once.
///
/// Created first thing in main, so that a signal during start-up is kept. Its destructor gives the signals back. A
/// signal that was ignored (nohup) stays ignored. One at a time per process.
class StopFlag {
 public:
  StopFlag();
  ~StopFlag();
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;
};

/// Whether a stop signal has arrived. Cheap.
bool stop_requested();

/// The signal's name, or an empty text: "SIGTERM".
const char* stop_signal_name();

}  // namespace moola
