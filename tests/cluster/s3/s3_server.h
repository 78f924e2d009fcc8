#pragma once
// The S3 interface that tests talk to (server/s3_server.py), with a volume in a folder, and clients that do not really
// wait.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/json.h"
#include "cluster/http/test_server.h"
#include "cluster/s3/client.h"
#include "tests/support/temporary_folder.h"

namespace moola::test {

inline constexpr const char* kVolume = "testvol42";
inline constexpr const char* kRegion = "EU-RO-1";
inline constexpr const char* kAccessKey = "user_TESTACCESS0123456789";
inline constexpr const char* kSecret = "rps_TESTSECRET0123456789abcdef";

/// A folder that is made before the server that works in it.
struct VolumeFolder {
  TemporaryFolder around;
  std::filesystem::path volume = around / "volume";
  VolumeFolder() { create_folders(volume); }
};

class S3Server : private VolumeFolder, public TestServer {
 public:
  S3Server()
      : TestServer("s3/server/s3_server.py", {"--folder", VolumeFolder::volume.string(), "--bucket", kVolume,
                                              "--region", kRegion, "--access", kAccessKey, "--secret", kSecret}) {}

  /// The volume as a pod has it.
  const std::filesystem::path& volume() const { return VolumeFolder::volume; }
  std::string content(const std::string& key) const { return read_file(volume() / key); }
  bool has(const std::string& key) const { return std::filesystem::is_regular_file(volume() / key); }
  /// As a pod writes it.
  void write(const std::string& key, const std::string& content) const { write_file(volume() / key, content); }
  void limit_pages(int size) { tell({{"do", "page"}, {"size", size}}); }
  Json uploads() { return tell({{"do", "uploads"}})["uploads"]; }
  /// How many bytes requests that begin so have brought: "PUT".
  std::uint64_t bytes_of(const std::string& beginning) {
    std::uint64_t sum = 0;
    for (const Json& one : requests_of(beginning)) sum += one["bytes"].get<std::uint64_t>();
    return sum;
  }
  std::vector<Json> requests_of(const std::string& beginning) {
    std::vector<Json> out;
    for (const Json& one : TestServer::requests()) {
      if ((one["method"].get<std::string>() + " " + one["path"].get<std::string>()).starts_with(beginning))
        out.push_back(one);
    }
    return out;
  }
};

/// Remembers how long was waited, and takes no time for it.
struct NoWaits {
  std::mutex guard;
  std::vector<std::chrono::milliseconds> waits;
  std::function<void(std::chrono::milliseconds)> wait() {
    return [this](std::chrono::milliseconds length) {
      const std::lock_guard lock(guard);
      waits.push_back(length);
    };
  }
};

inline cluster::s3::Credentials test_keys() {
  return {kAccessKey, kSecret, "RUNPOD_S3_ACCESS_KEY"};
}

inline cluster::s3::Client client_of(const TestServer& server, NoWaits& waits, std::uint64_t part_bytes = 1 << 20,
                                     const cluster::s3::Credentials& keys = test_keys()) {
  using namespace cluster::s3;
  return Client(Session(keys, {server.url(), kRegion, kVolume},
                        Patience{.attempts = 4, .quiet = Duration::seconds(2), .wait = waits.wait()}),
                TransferOptions{.connections = 3, .part_bytes = part_bytes});
}

/// A server, and a client of it.
struct Volume {
  S3Server server;
  NoWaits waits;
  cluster::s3::Client client = client_of(server, waits);
  TemporaryFolder here;

  std::string path(const std::string& key) const { return std::string("/") + kVolume + "/" + key; }
  /// A file of these bytes.
  std::filesystem::path file(const std::string& name, const std::string& content) const {
    write_file(here / name, content);
    return here / name;
  }
};

/// Bytes without pattern, always the same for a seed.
inline std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 draw(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(draw());
  return out;
}

}  // namespace moola::test
