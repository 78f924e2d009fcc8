#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace moola {

/// What Linux says of a process in /proc/PID/stat.
struct ProcessStat {
  char state = '?';  // 'Z': it has ended, and nobody has asked for its end yet
  pid_t group = 0;
  bool is_exiting = false;  // on its way out
  std::uint64_t start = 0;  // in the kernel's ticks since boot: a number that is given again has another one

  bool has_ended() const { return state == 'Z' || state == 'X'; }
};

/// None when there is no such process, or no /proc.
std::optional<ProcessStat> process_stat(pid_t process);

/// Whether any process of the group is there that has not ended. Looks at all of the system's processes where somebody
/// may be, for a process group keeps its number as long as those that have ended are not waited for.
bool is_group_alive(pid_t group);

}  // namespace moola
