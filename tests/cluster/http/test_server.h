#pragma once
// A server of a test's own as a child process (server/*.py), told over its standard input what to do.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/json.h"
#include "cluster/http/http_connection.h"

namespace moola::test {

/// It ends with this object, or with the test's process.
class TestServer {
 public:
  /// `script`: below tests/cluster. `arguments` are its own.
  TestServer(const std::string& script, const std::vector<std::string>& arguments) {
    int to[2], from[2];
    if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    std::vector<std::string> words{"/usr/bin/python3", MOOLA_SOURCE_DIR "/tests/cluster/" + script};
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
  ~TestServer() {
    std::fclose(in_);
    std::fclose(out_);
    ::waitpid(child_, nullptr, 0);
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  const std::string& url() const { return url_; }

  /// A command as the script lists them, and what it answers.
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

/// One that answers every request with 200 and the text "ok".
class PlainServer : public TestServer {
 public:
  explicit PlainServer(const std::vector<std::string>& arguments = {})
      : TestServer("http/server/plain_server.py", arguments) {}
};

/// Limits that a test can sit out.
inline cluster::HttpLimits short_limits() {
  return {.connect = Duration::seconds(5),
          .read = Duration::seconds(4),
          .whole = Duration::seconds(6),
          .body = std::size_t{1} << 20};
}

}  // namespace moola::test
