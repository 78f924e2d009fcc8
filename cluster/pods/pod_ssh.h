#pragma once
#include <string>

#include "cluster/pods/pod_book.h"
#include "cluster/remote/remote_run.h"
#include "cluster/run/job_run.h"
#include "cluster/runpod/client.h"

// How a run's pod is reached: by a key of the run alone, at the address that RunPod has given it.
namespace moola::cluster {

/// The public half of the run's key, which is made at the first call. Throws IoError.
std::string public_ssh_key(const JobRun& run);

/// A machine that begins anew has new host keys, also at an address that another had.
void forget_host_keys(const JobRun& run);

/// RunPod's pod that a run's steps are started on: the first of a cluster. One whose cluster has no pods yet is
/// PROVISIONING. Throws ApiError 404 when it is gone.
runpod::Pod first_pod(runpod::Client& client, const Rental& rental);

/// The run's record with the address of `pod`, which has one.
RemoteRecord record_at(const JobRun& run, const runpod::Pod& pod);

}  // namespace moola::cluster
