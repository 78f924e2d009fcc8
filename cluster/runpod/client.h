#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cluster/runpod/api_session.h"
#include "cluster/runpod/catalog.h"
#include "cluster/runpod/instant_cluster.h"
#include "cluster/runpod/pod.h"
#include "cluster/runpod/stored.h"

namespace moola::cluster::runpod {

/// Something that was to be made: it, and whether it was there already.
template <class T>
struct Made {
  T value;
  bool was_there = false;
};

/// Lines of a pod's log.
struct LogLine {
  std::string source, time, text;  // "container" or "system", "2026-06-01T12:02:03Z"
  std::string id;                  // where a log can be read on from
};

struct LogRequest {
  int tail = 100;             // lines to begin with, 0 to 5000
  std::string source = {};    // "container", "system"; empty: both
  std::string after_id = {};  // lines after this one; then `tail` means nothing
};

/// RunPod's REST interface, version 2.
///
/// What is made is known by its name: before something is made, and again when an answer was lost, what the account has
/// is looked through for the name. So the same call twice, also from another process after the first was killed, makes
/// one thing, and a name must hold whatever tells it apart (run, step, attempt). A name that stands there twice is a
/// ConfigError.
///
/// Requests are checked before anything is sent (ConfigError). Every call throws ApiError and, for answers that are not
/// what they should be, DataError. Not thread-safe.
/// Source: RunPod's OpenAPI document of version 2.0.0.
class Client {
 public:
  explicit Client(ApiSession session);

  /// Stock and prices for so many GPUs of a pod.
  std::vector<GpuType> gpu_types(Product product, int count, Cloud cloud);
  std::vector<DataCenter> data_centers();

  Made<Pod> create_pod(const PodRequest& request);
  Pod pod(const std::string& id);
  std::vector<Pod> pods(bool with_those_of_clusters);
  /// Starts, stops or restarts, and says what the pod is then. A pod that is already so is no error.
  Pod act(const std::string& id, PodAction action);
  /// Ends the pod and its disk on the host for good. False when there was none.
  bool terminate_pod(const std::string& id);

  /// The log's last lines: those that arrive until the server is silent for `quiet`.
  std::vector<LogLine> log(const std::string& pod, const LogRequest& request, Duration quiet);
  /// Every line, the newest as it is written; goes on after a broken connection where it broke off. Ends when `each`
  /// says false, when `give_up` says true (asked ten times a second), or when the pod is gone.
  void follow_log(const std::string& pod, LogRequest request, const std::function<bool(const LogLine&)>& each,
                  const std::function<bool()>& give_up);

  Made<Cluster> create_cluster(const ClusterRequest& request);
  Cluster cluster(const std::string& id);
  std::vector<Cluster> clusters();
  /// In the order of their ranks, those without one last.
  std::vector<Pod> cluster_pods(const std::string& id);
  /// Ends all pods of the cluster for good. False when there was none.
  bool delete_cluster(const std::string& id);

  Made<Volume> create_volume(const VolumeRequest& request);
  Volume volume(const std::string& id);
  std::vector<Volume> volumes();

  Made<Template> create_template(const TemplateRequest& request);
  Template pod_template(const std::string& id);
  std::vector<Template> templates();
  bool delete_template(const std::string& id);

  std::vector<Registry> registries();

  ApiSession& session() { return session_; }

 private:
  ApiSession session_;

  Json get(const std::string& path);
  bool remove(const std::string& path);
};

/// The client of this user: the key of read_api_key, the address in MOOLA_RUNPOD_URL or RunPod's own. Throws
/// ConfigError.
Client open_client();

}  // namespace moola::cluster::runpod
