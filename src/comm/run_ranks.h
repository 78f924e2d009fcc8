#pragma once
#include <functional>
#include <string>

#include "comm/world.h"

namespace moola::comm {

/// The main of a program whose processes are ranks: stop flag, world, log rank and heartbeat around `body`, whose exit
/// code it returns.
///
///     int main(int argc, char** argv) {
///       return moola::comm::run_ranks("pretrain", [&](moola::comm::World& world) { return pretrain(world, argc, argv);
///       });
///     }
///
/// The only place that catches. An exception on one rank is printed once, with rank and host, however many ranks meet
/// it; then the job is aborted with the error's exit code, because the other ranks may wait for this one for ever.
/// `body` returns the same code on all ranks.
int run_ranks(const std::string& name, const std::function<int(World&)>& body);

}  // namespace moola::comm
