// What a job's front does: launch-test-front RANKS HEARTBEATS HANG_AFTER PROGRAM [ARGS…]
#include <cstdlib>

#include "base/command_line.h"
#include "cluster/launch/launch_ranks.h"

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  try {
    return moola::launch::launch_ranks({.name = "test",
                                        .ranks = std::atoi(argv[1]),
                                        .program = argv[4],
                                        .arguments = {argv + 5, argv + argc},
                                        .environment = {},
                                        .heartbeats = argv[2],
                                        .hosts = {},
                                        .hang_after = moola::parse_duration(argv[3])});
  } catch (const std::exception& error) {
    return moola::report_error("test", error);
  }
}
