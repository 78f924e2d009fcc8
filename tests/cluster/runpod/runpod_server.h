#pragma once
// The RunPod that tests talk to (server/runpod_server.py), and clients of it that do not really wait.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/json.h"
#include "cluster/runpod/client.h"

namespace moola::test {

inline constexpr const char* kTestKey = "rpa_TESTKEY0123456789abcdef";

/// The server as a child process; it ends with this object, or with the test's process.
class RunpodServer {
 public:
  /// `arguments`: beside --key, for TLS.
  explicit RunpodServer(const std::vector<std::string>& arguments = {}) {
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<std::string> words{"/usr/bin/python3", MOOLA_SOURCE_DIR "/tests/cluster/runpod/server/runpod_server.py",
                                   "--key", kTestKey};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      ::setenv("PYTHONDONTWRITEBYTECODE", "1", 1);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    in_ = ::fdopen(to[1], "w");
    out_ = ::fdopen(from[0], "r");
    url_ = answer().at("url").get<std::string>();
  }
  ~RunpodServer() {
    std::fclose(in_);
    std::fclose(out_);
    ::waitpid(child_, nullptr, 0);
  }
  RunpodServer(const RunpodServer&) = delete;
  RunpodServer& operator=(const RunpodServer&) = delete;

  const std::string& url() const { return url_; }

  /// A command as runpod_server.py lists them, and what it answers.
  Json tell(const Json& command) {
    const std::string line = json_text(command) + "\n";
    if (std::fputs(line.c_str(), in_) < 0 || std::fflush(in_) != 0) throw std::runtime_error("the server is gone");
    Json said = answer();
    if (said.contains("error")) throw std::runtime_error(line + said["error"].get<std::string>());
    return said;
  }
  void misbehave(const std::string& at, const Json& how, int times = 1) {
    tell({{"do", "misbehave"}, {"at", at}, {"how", how}, {"times", times}});
  }
  void advance(int seconds) { tell({{"do", "advance"}, {"seconds", seconds}}); }
  Json pods() { return tell({{"do", "pods"}})["pods"]; }
  /// What was asked so far: method, path, body, status.
  Json requests() { return tell({{"do", "requests"}})["requests"]; }
  /// How many requests began so: "POST /v2/pods".
  int requests(const std::string& beginning) {
    int count = 0;
    for (const Json& one : requests()) {
      count += (one["method"].get<std::string>() + " " + one["path"].get<std::string>()).starts_with(beginning);
    }
    return count;
  }

 private:
  pid_t child_ = -1;
  std::FILE *in_ = nullptr, *out_ = nullptr;
  std::string url_;

  Json answer() {
    std::string line;
    for (int c = 0; (c = std::fgetc(out_)) != EOF && c != '\n';) line += static_cast<char>(c);
    return parse_json(line, "the test's server");
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

/// Limits that a test can sit out.
inline cluster::runpod::HttpLimits short_limits() {
  return {.connect = Duration::seconds(5),
          .read = Duration::seconds(4),
          .whole = Duration::seconds(6),
          .body = std::size_t{1} << 20};
}

/// A client of the server that has the key, and waits on `waits`.
inline cluster::runpod::Client client_of(const RunpodServer& server, SkippedWaits& waits,
                                         const std::string& key = kTestKey) {
  using namespace cluster::runpod;
  return Client(ApiSession(ApiKey(key, "RUNPOD_API_KEY"), HttpConnection(server.url(), {}), Patience{}, waits.clock()));
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
