#pragma once
// The RunPod that tests talk to (server/runpod_server.py), and clients of it that do not really wait.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "cluster/http/test_server.h"
#include "cluster/runpod/client.h"

namespace moola::test {

inline constexpr const char* kTestKey = "rpa_TESTKEY0123456789abcdef";

/// The server as a child process.
class RunpodServer : public TestServer {
 public:
  /// `arguments`: beside --key, for TLS.
  explicit RunpodServer(const std::vector<std::string>& arguments = {})
      : TestServer("runpod/server/runpod_server.py", with_key(arguments)) {}

  void advance(int seconds) { tell({{"do", "advance"}, {"seconds", seconds}}); }
  Json pods() { return tell({{"do", "pods"}})["pods"]; }

 private:
  static std::vector<std::string> with_key(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--key", kTestKey});
    return arguments;
  }
};

/// A clock on which waiting takes no time; remembers how long was waited.
struct SkippedWaits {
  std::vector<std::chrono::milliseconds> waits;
  cluster::runpod::RateLimit::Clock::time_point time{};

  cluster::runpod::WaitClock clock() {
    return {[this] { return time; },
            [this](std::chrono::milliseconds length) {
              waits.push_back(length);
              time += length;
            }};
  }
};

/// A client of the server that has the key, and waits on `waits`.
inline cluster::runpod::Client client_of(const RunpodServer& server, SkippedWaits& waits,
                                         const std::string& key = kTestKey) {
  using namespace cluster::runpod;
  return Client(
      ApiSession(ApiKey(key, "RUNPOD_API_KEY"), cluster::HttpConnection(server.url(), {}), Patience{}, waits.clock()));
}

/// A server, and a client of it.
struct ServerAndClient {
  RunpodServer server;
  SkippedWaits waits;
  cluster::runpod::Client client = client_of(server, waits);
};

inline cluster::runpod::PodRequest small_pod(const std::string& name) {
  return {.name = name,
          .container = {.image = "runpod/pytorch:1.0", .disk_gb = 20, .ports = {"22/tcp"}},
          .gpu = cluster::runpod::GpuRequest{.id = "NVIDIA GeForce RTX 4090"}};
}

}  // namespace moola::test
