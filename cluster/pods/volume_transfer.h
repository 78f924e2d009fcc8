#pragma once
#include <memory>
#include <optional>
#include <string>

#include "cluster/pods/pod_wish.h"
#include "cluster/remote/fetch_results.h"
#include "cluster/remote/remote_run.h"
#include "cluster/runpod/client.h"
#include "cluster/s3/client.h"

// A run on its way to and from a network volume, while no pod is there: so nobody pays for a machine that waits.
namespace moola::cluster {

/// The volume of a job by its S3 interface; none where the job has no volume, or this user no key of S3 (in
/// RUNPOD_S3_ACCESS_KEY and RUNPOD_S3_SECRET_KEY, or in ~/.config/moola/runpod-s3.key). Throws ApiError, ConfigError.
std::optional<s3::Client> open_volume(const PodWish& wish, runpod::Client& client);

/// Sends the run's pack, job file and script, and tells the pod of that name to begin as soon as it is there. What the
/// volume has is not sent again. Throws S3Error, IoError.
void send_to_volume(const s3::Client& volume, const JobRun& run, const RemoteRecord& record, const std::string& pod);

/// Whether a pod has written there that the run is over, as `pod` was told to begin it.
bool is_over_on_volume(const s3::Client& volume, const std::string& run, const std::string& pod);

/// Brings the run's events, records and logs here, and its results.
FetchedResults fetch_from_volume(const s3::Client& volume, const JobRun& run);

}  // namespace moola::cluster
