#include "work/compute_device.h"

#include "base/error.h"

namespace moola::work {

ComputeDevice open_compute_device(const std::string& wanted, const comm::Communicator& world) {
  if (wanted == "cuda") throw ConfigError("parallel.device = \"cuda\", but no GPU was found.");
  ComputeDevice found;
  found.collectives = comm::host_collectives(world);
  found.description = "CPU, " + found.collectives->description();
  return found;
}

}  // namespace moola::work
